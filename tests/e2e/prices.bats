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

findings() {
    accused 2> said > found
    grep "^posrec:" said || true # a question that failed has no findings either
    jq -r '[.finding, .symbol // ""] | join(" ")' found | sort
}

@test "funding is held against the exchange's own rates" {
    start_prices
    wait_for recorded fundingRate 3
    # A poll sees each position after its last change; the simulator's are older than a minute.
    wait_for good_polls 3
    sim 'funding?account=main&rate=0.0001' > /dev/null
    paid=$(curl -sS "$SIM/sim/books?account=main" | jq '[.income[] | select(.incomeType == "FUNDING_FEE")] | length')
    rates_told() { [ "$(sql "SELECT count(DISTINCT time_ms) * count(DISTINCT contract_id) FROM funding_rate WHERE contract_id IN
        (SELECT contract_id FROM contract WHERE pair IN ('BTCUSD', 'ETHUSD', 'BNBUSD'))")" = "$((3 * $1))" ]; }
    wait_for rates_told 1
    income_told() { [ "$(sql "SELECT count(*) FROM income WHERE income_type = 'FUNDING_FEE'")" = "$1" ]; }
    wait_for income_told "$paid"
    # Income of the minute after it is waited for: the clock of the exchange is set on, and what is recorded then tells.
    sim 'clock?offset_ms=70000' > /dev/null
    known_on() { [ "$(sql "SELECT max(to_ms) > (SELECT max(time_ms) + 61000 FROM funding_rate) FROM known WHERE kind = 'income'")" = 1 ]; }
    wait_for known_on
    assert_equal "$(findings)" ""
    # The second is not what the rate makes: each open perpetual is named.
    sim 'funding?account=main&rate=0.0001&paid=0.0002' > /dev/null
    wait_for income_told $((2 * paid))
    wait_for rates_told 2
    sim 'clock?offset_ms=140000' > /dev/null
    wait_for known_on
    stop_run
    symbols=$(curl -sS "$SIM/sim/books?account=main" | jq -r '.income[] | select(.incomeType == "FUNDING_FEE") | .symbol' | sort -u)
    assert_equal "$(findings)" "$(sed 's/^/funding_unexplained /' <<< "$symbols")"
    finding=$(accused --symbol BTCUSD_PERP 2> /dev/null)
    assert_contains "$(jq -r .detail <<< "$finding")" "and the rate 0.00010000 make"
    assert_contains "$(posrec body "$(jq .capture_id <<< "$finding")")" '"fundingRate":"0.00010000"'
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
    assert_equal "$(sql "SELECT DISTINCT c.contract_type = 'PERPETUAL', m.funding_rate_e8 FROM mark AS m JOIN contract AS c USING (contract_id) ORDER BY 1")" \
        "$(printf '0|\n1|10000')"
    assert_equal "$(sql "SELECT DISTINCT detail FROM capture WHERE endpoint IN ('premiumIndex', 'fundingRate')")" ""
    # What was recorded is known, by the interval in which it is asked for.
    assert_equal "$(sql "SELECT count(*), min(from_ms) < max(to_ms) FROM known WHERE kind = 'prices'")" "1|1"
    assert_sound
}
