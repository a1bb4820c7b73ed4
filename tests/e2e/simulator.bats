load helper

# What no recorder of ours asks of the simulator; tests/clients asks it by clients that others wrote.
@test "the simulator's combined streams are as the exchange documents them" {
    start_sim --steady --no-trades
    python3 "$SOURCE/tests/e2e/combined_streams.py" "$SIM" "$KEY"
}

@test "the simulator's USD-M side is as the exchange documents it, beside COIN-M" {
    start_sim --steady --no-trades
    python3 "$SOURCE/tests/e2e/usd_m_simulator.py" "$SIM" "$KEY" "$SECRET"
}

@test "what the simulator trades by itself on USD-M adds up" {
    start_sim --weight-limit 1000000
    python3 "$SOURCE/tests/e2e/usd_m_simulator.py" "$SIM" "$KEY" "$SECRET" by-itself
}

@test "the simulator has as many USD-M contracts as the exchange, and keeps both sides" {
    start_sim --usd-symbols 770 --state kept --steady --no-trades
    assert_equal "$(curl -sS "$SIM/fapi/v1/exchangeInfo" | jq '[.symbols[].symbol] | unique | length')" 770
    sim "trade?account=main&product=usd-m&symbol=COIN700USDT&side=LONG&amount=2.5" > /dev/null
    posrec -q fetch # what it answers with is kept
    before=$(sim "books?account=main&product=usd-m")
    assert_equal "$(jq -r '.trades[0] | [.symbol, .qty] | join(" ")' <<< "$before")" "COIN700USDT 2.5"
    stop_sim
    start_sim --usd-symbols 770 --state kept --steady --no-trades
    assert_equal "$(sim "books?account=main&product=usd-m")" "$before"
}
