load lines_helper

# Round trips, worked out by hand; those of chance are held against a model (trips_model.py).

poll() { # SECONDS AMOUNT UPDATED MARK UNREALIZED
    polled main "$1" 600 "$(leg_row BTCUSD_PERP "${@:2}")"
}

trade() { # SECONDS ID SIDE QUANTITY PRICE REALIZED COMMISSION [ASSET]
    trade_row "$1" BTCUSD_PERP "${@:2:6}" "${8:-BTC}"
}

income() { # SECONDS TYPE INCOME TRAN_ID TRADE_ID [ASSET]
    income_row "$1" "$2" "$3" "${6:-BTC}" BTCUSD_PERP "$4" "$5"
}

# asked SECONDS ENDPOINT ROW...: everything since the beginning.
asked() {
    local query=startTime=$T
    [ "$2" = income ] || query="symbol=BTCUSD_PERP&$query"
    answered main "$1" "$2" "$query" "${@:3}"
}

# The stream is opened, a second after the beginning.
opened() {
    printf '{"account":"main","endpoint":"userData","received_ms":%d,"outcome":"opened","attempt":1}\n' $((T + 1000))
}

# Two entries at 50000 and 60000, a trade through zero at 55000, of which two thirds of the contracts leave; the rest is
# liquidated; and one more is open.
setup_trips() {
    {
        poll 0 0 0 0 0
        opened
        poll 600 10 $((T + 60000)) 50000 0.0001
        poll 1200 20 $((T + 660000)) 55000 -0.0002
        poll 1800 -10 $((T + 1260000)) 50000 0.0005
        told main 1861 ORDER_TRADE_UPDATE $((T + 1860000)) '"o":{"s":"BTCUSD_PERP","c":"autoclose-9","S":"BUY","x":"CALCULATED","X":"FILLED"' \
            '"i":4' '"l":"10"' '"L":"50000"' '"N":"BTC"' '"n":"0.00001"' "\"T\":$((T + 1860000))" '"t":4' '"rp":"0.00181818"' '"m":false' '"ps":"BOTH"}'
        poll 2400 0 $((T + 1860000)) 50000 0
        poll 3000 1 $((T + 2460000)) 51000 0.00001
        asked 3100 userTrades "$(trade 60 1 BUY 10 50000 0 0.00001)" "$(trade 660 2 BUY 10 60000 0 0.00002)" \
            "$(trade 1260 3 SELL 30 55000 0.0003 0.00003001)" "$(trade 1860 4 BUY 10 50000 0.00181818 0.00001)" \
            "$(trade 2460 5 BUY 1 50500 0 0.002 BNB)"
        asked 3101 income "$(income 1000 FUNDING_FEE 0.000003 1 "")" "$(income 1260 REALIZED_PNL 0.0003 2 3)" \
            "$(income 2460 COMMISSION -0.002 3 5 BNB)" "$(income 2300 FUNDING_FEE -0.000001 4 "")"
    } > lines
    posrec -q import lines
}

columns() {
    posrec -q report trips --format ndjson "$@" | jq -c "[$COLUMNS]"
}

@test "a trip goes from flat to flat; a trade through zero has a part in two" {
    setup_trips
    COLUMNS=".trip, .direction, .held_s, .max_amount, .entry_amount, .exit_amount, .entry_price, .exit_price, .trades, .close_kind"
    assert_equal "$(columns)" '[1,"long",1200,20,20,20,54545.45454545,55000,3,"trade"]
[2,"short",600,10,10,10,55000,50000,2,"liquidation"]
[3,"long",540,1,1,0,50500,null,1,null]'
    COLUMNS=".realized_pnl, .commission, .funding, .net_pnl, .net_pnl_usd, .max_favourable, .max_adverse, .missing"
    assert_equal "$(columns)" '[0.0003,5.001e-05,3e-06,0.00025299,13.91445,0.0001,-0.0002,""]
[0.00181818,2e-05,0,0.00179818,89.909,0.0005,0.0005,""]
[0,0,0,0,0,1e-05,1e-05,""]'
    COLUMNS=".opened, .closed, .leverage, .margin_type"
    assert_equal "$(columns --to 2026-01-01T00:21:00.001)" '["2026-01-01T00:01:00.000Z","2026-01-01T00:21:00.000Z",20,"cross"]'
    COLUMNS=".trip"
    assert_equal "$(columns --from 2026-01-01T00:21:00.001 --to 2026-01-01T00:41:00)" '[2]'
    assert_equal "$(columns --from 2026-01-01T00:31:01)" '[3]'
}

@test "under a table of trips stands what they came to, and what income is in none is said" {
    setup_trips
    run --separate-stderr posrec report trips
    assert_equal "$(sed -n '/^asset/,$p' <<< "$output" | tr -s ' ')" "asset trips won_share profit_factor average_won average_lost expectancy longest_losing_run average_held_s
BTC 2 1 0.00102559 0.00102559 0 900
USD 2 1 51.911725 51.911725 0 900"
    assert_contains "$stderr" "In no trip: main, BTCUSD_PERP, COMMISSION of -0.00200000 BNB (1); main, BTCUSD_PERP, FUNDING_FEE of -0.00000100 BTC (1)."
    run --separate-stderr posrec report trips --to 2026-01-01T00:31:01 --side LONG
    assert_equal "$output" ""
    assert_contains "$stderr" "No round trip was closed or is open in this range."
}

@test "of a trip that was open before, or that nobody polled, it is said what is missing" {
    setup_trips
    # Another file knows of the same only from the second poll on, and no income.
    mv posrec.db whole.db
    grep -v '"endpoint":"income"' lines | sed -n '3,$p' > later
    posrec -q import later
    COLUMNS=".trip, .opened, .entry_price, .exit_price, .realized_pnl, .funding, .net_pnl, .missing"
    assert_equal "$(columns --to 2026-01-01T00:21:00.001)" '[1,"2026-01-01T00:01:00.000Z",54545.45454545,55000,0.0003,null,null,"polls,income"]'
    # And without the trades before it, from the third.
    rm posrec.db
    sed "s/startTime=$T/startTime=$((T + 700000))/; s/{[^{}]*\\\\\"id\\\\\":[12],[^{}]*},//g" later | sed 1d > last
    posrec -q import last
    assert_equal "$(columns --to 2026-01-01T00:21:00.001)" '[1,null,null,55000,0.0003,null,null,"start,trades,polls,income"]'
}

# moved SECONDS AMOUNT: the stream tells of the position.
moved() {
    told main "$1" ACCOUNT_UPDATE $((T + $1 * 1000)) '"a":{"m":"ORDER","B":[]' '"P":[{"s":"BTCUSD_PERP"' "\"pa\":\"$2\"" '"ep":"50000"' '"cr":"0"' \
        '"up":"0"' '"mt":"cross"' '"iw":"0"' '"ps":"BOTH"}]}'
}

exits() {
    posrec -q report changes --format ndjson "$@" | jq -c 'select(.change != "settings") | [.change, .amount_change, .exit_price, .realized_pnl]'
}

@test "a change that leaves a position has its price and what it realized" {
    setup_trips
    # Through zero: what left did so at 55000. A liquidation is a trade as others are.
    assert_equal "$(exits)" '["open",10,null,null]
["increase",10,null,null]
["flip",-30,55000,0.0003]
["close",10,50000,0.00181818]
["open",1,null,null]'
    # A range has what its own changes say.
    assert_equal "$(exits --from 2026-01-01T00:30:30)" "$(exits | tail -n 2)"
    assert_equal "$(posrec report changes --format csv | head -n 1 | tr -d '\r' | cut -d, -f17-)" "source,capture_id,exit_price,realized_pnl"
    # A terminal shows them.
    run script -qec "stty cols 100; '$BUILD/posrec' report changes" /dev/null
    assert_contains "${lines[0]}" "realized_pnl"
    assert_contains "${lines[0]}" "exit_price"
    # They are those of the trips.
    assert_equal "$(exits | jq -c 'select(.[2] != null) | .[2:]')" \
        "$(posrec -q report trips --format ndjson | jq -c 'select(.closed != null) | [.exit_price, .realized_pnl]')"
}

@test "an exit of several trades is their average, and one that trades do not come to has none" {
    {
        poll 0 0 0 0 0
        poll 600 20 $((T + 60000)) 50000 0
        poll 1200 10 $((T + 660000)) 50000 0 # sold 15, bought 5 again
        poll 1800 4 $((T + 1260000)) 50000 0 # of 6 one trade is told, of 5
        poll 2400 0 $((T + 1860000)) 50000 0 # one without a price that can be read
        asked 3100 userTrades "$(trade 60 1 BUY 20 50000 0 0)" "$(trade 610 2 SELL 5 40000 -0.001 0)" \
            "$(trade 640 3 BUY 5 45000 0 0)" "$(trade 660 4 SELL 10 60000 0.002 0)" "$(trade 1260 5 SELL 5 50000 0.5 0)" \
            "$(trade 1860 6 SELL 4 odd 0.25 0)"
    } | posrec -q import -
    # 15 / (5 / 40000 + 10 / 60000)
    assert_equal "$(exits)" '["open",20,null,null]
["reduce",-10,51428.57142857,0.001]
["reduce",-6,null,null]
["close",-4,null,0.25]'
}

@test "of changes of one millisecond each has its own trades" {
    {
        poll 0 0 0 0 0
        opened
        moved 60 9
        for amount in 7 4 0; do
            moved 120 $amount
        done
        moved 180 -2 # another follows, so that no poll sees these
        poll 600 -2 $((T + 180000)) 50000 0
        asked 700 userTrades "$(trade 60 1 BUY 9 50000 0 0)" "$(trade 120 10 SELL 2 51000 0.1 0)" "$(trade 120 11 SELL 2 52000 0.2 0)" \
            "$(trade 120 12 SELL 1 53000 0.3 0)" "$(trade 120 13 SELL 4 54000 0.4 0)" "$(trade 180 14 SELL 2 50000 0 0)"
    } | posrec -q import -
    assert_equal "$(exits)" '["open",9,null,null]
["reduce",-2,51000,0.1]
["reduce",-3,52329.11392405,0.5]
["close",-4,54000,0.4]
["open",-2,null,null]'
    assert_equal "$(posrec -q report changes --format ndjson | jq -s 'map(.realized_pnl) | add')" \
        "$(posrec -q report trips --format ndjson | jq -s '.[0].realized_pnl')"
}
