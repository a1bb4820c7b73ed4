load run_helper

KINDS="record = positions, account, income, prices"

start_prices() { # [LINE...]
    start_sim --steady --no-trades
    run_config 300ms "$KINDS" "account_interval = 700ms" "income_interval = 1s" "$@"
    start_run
    wait_for recorded account 1
}

recorded() { # ENDPOINT N
    [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = '$1' AND outcome = 'ok'" 2> /dev/null || echo 0)" -ge "$2" ]
}

@test "prices of the pairs whose assets an account holds are recorded, and the rates at which funding was paid" {
    start_prices
    wait_for recorded premiumIndex 9
    wait_for recorded fundingRate 3
    stop_run
    # Three coins are in the wallet: BTC, ETH, BNB.
    assert_equal "$(sql "SELECT group_concat(DISTINCT request) FROM (SELECT request FROM capture WHERE endpoint = 'premiumIndex' ORDER BY request)")" \
        "/dapi/v1/premiumIndex?pair=BNBUSD,/dapi/v1/premiumIndex?pair=BTCUSD,/dapi/v1/premiumIndex?pair=ETHUSD"
    assert_equal "$(sql "SELECT count(DISTINCT c.symbol) FROM mark JOIN contract AS c USING (contract_id)")" 9
    assert_equal "$(sql "SELECT count(*) FROM mark WHERE mark_price_e8 IS NULL OR index_price_e8 IS NULL OR extra IS NOT NULL")" 0
    # A perpetual has rates, what is delivered has none, and that is nothing odd.
    assert_equal "$(sql "SELECT DISTINCT c.contract_type = 'PERPETUAL', m.funding_rate_e8, m.interest_rate_e8, m.next_funding_ms > 0 FROM mark AS m JOIN contract AS c USING (contract_id) ORDER BY 1")" \
        "$(printf '0|||0\n1|10000|10000|1')"
    assert_equal "$(sql "SELECT DISTINCT detail FROM capture WHERE endpoint IN ('premiumIndex', 'fundingRate')")" ""
    # What was recorded is known, by the interval in which it is asked for.
    assert_equal "$(sql "SELECT count(*), min(from_ms) < max(to_ms) FROM known WHERE kind = 'prices'")" "1|1"
    assert_sound
}
