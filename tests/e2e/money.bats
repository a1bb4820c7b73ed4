load run_helper

ALL="record = positions, stream, account, income, trades"

# start_money [LINE...]: an exchange and a service that records everything of account main, money each second or so, which
# is never out of weight.
start_money() {
    start_sim --steady --no-trades --weight-limit 100000
    run_config 300ms "$ALL" "stream_url = ws${SIM#http}" "account_interval = 700ms" "income_interval = 1s" "$@"
    start_run
    wait_for stream_heard
    wait_for recorded account 1
    wait_for recorded income 1
    wait_for good_polls 2
}

recorded() { # ENDPOINT N
    [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = '$1' AND outcome = 'ok'" 2> /dev/null || echo 0)" -ge "$2" ]
}

books() {
    curl -sS "$SIM/sim/books?account=main"
}

trade() { # SYMBOL SIDE AMOUNT
    sim "trade?account=main&symbol=$1&side=$2&amount=$3" > /dev/null
}

# What the exchange's books say, and what is recorded, in one form.
income_of_books() { books | jq -r '.income[] | [.time, .incomeType, .tranId, .asset, .symbol, (.income | tonumber * 1e8 | round), .tradeId] | join("|")' | sort; }
income_recorded() { sql "SELECT time_ms, income_type, tran_id, asset, symbol, income_e8, trade_id FROM income" 2> /dev/null | sort; }
trades_of_books() { books | jq -r '.trades[] | [.symbol, .positionSide, .time, .id, .side, (.qty | tonumber * 1e8 | round), (.realizedPnl | tonumber * 1e8 | round), (.commission | tonumber * 1e8 | round)] | join("|")' | sort; }
trades_recorded() { sql "SELECT c.symbol, l.position_side, t.time_ms, t.trade_id, t.side, t.quantity_e8, t.realized_pnl_e8, t.commission_e8 FROM trade AS t JOIN leg AS l USING (leg_id) JOIN contract AS c USING (contract_id) WHERE t.source = 'rest'" 2> /dev/null | sort; }
income_is_known() { [ "$(income_of_books | md5sum)" = "$(income_recorded | md5sum)" ]; }
trades_are_known() { [ "$(trades_of_books | md5sum)" = "$(trades_recorded | md5sum)" ]; }
wallets_of_books() { books | jq -r '.wallets | to_entries[] | [.key, (.value | tonumber * 1e8 | round)] | join("|")' | sort; }
wallets_recorded() { sql "SELECT asset, wallet_balance_e8 FROM balance AS b WHERE time_ms = (SELECT max(time_ms) FROM balance WHERE asset = b.asset)" | sort; }
wallets_are_known() { [ "$(wallets_of_books | md5sum)" = "$(wallets_recorded | md5sum)" ]; }

# Everything that the books have is recorded, income asked for after the last wallet too.
all_known() {
    income_is_known && trades_are_known && wallets_are_known &&
        [ "$(sql "SELECT (SELECT to_ms FROM known WHERE kind = 'income') > (SELECT max(update_ms) FROM balance)")" = 1 ]
}

findings() {
    accused 2> said > found
    grep "^posrec:" said || true # a question that failed has no findings either
    jq -r '.finding' found | sort | uniq -c | sed 's/^ *//'
}

@test "fetch does one round of every kind, and all of it is evidence" {
    start_sim --steady --no-trades
    trade BTCUSD_PERP LONG 3
    write_config "$SIM" "$ALL"
    run --separate-stderr posrec fetch
    assert_equal "$status" 0
    assert_contains "$stderr" "rows of balances, margins, income, trades and prices"
    for endpoint in positionRisk exchangeInfo account income userTrades; do recorded $endpoint 1; done
    income_is_known
    trades_are_known
    wallets_are_known
    posrec export > all.ndjson
    posrec -q -d second.db import all.ndjson
    dump() { sqlite3 "$1" .dump | grep -v schema_migration; }
    assert_equal "$(dump posrec.db | md5sum)" "$(dump second.db | md5sum)"
    posrec -q rebuild
    assert_equal "$(dump posrec.db | md5sum)" "$(dump second.db | md5sum)"
    before=$(sql "SELECT count(*) FROM income")
    posrec -q fetch > /dev/null
    assert_equal "$(sql "SELECT count(*) FROM income WHERE revision > 0")" 0
    [ "$(sql "SELECT count(*) FROM income")" -ge "$before" ]
    assert_sound
}

@test "a service explains every coin and every contract: trades, funding, transfers, liquidation, delivery" {
    start_money
    trade BTCUSD_PERP LONG 5
    trade BTCUSD_PERP LONG -2
    trade ETHUSD_PERP SHORT -4
    sim 'funding?account=main&rate=0.0001' > /dev/null
    sim 'transfer?account=main&asset=BTC&amount=1.5' > /dev/null
    sim 'transfer?account=main&asset=ETH&amount=-0.25' > /dev/null
    wait_for all_known
    sim 'liquidate?account=main&symbol=BNBUSD_PERP&side=LONG' > /dev/null
    sim 'deliver?account=main&symbol=BTCUSD_261225' > /dev/null
    trade BTCUSD_PERP LONG -1
    wait_for all_known
    polls=$(sql 'SELECT count(*) FROM poll_log')
    wait_for good_polls $((polls + 2))
    stop_run
    run posrec report reconcile --strict
    echo "$output"
    assert_equal "$status" 0
    # Every trade has both witnesses, and they agree; the liquidation is one of them.
    assert_equal "$(sql "SELECT * FROM trade_history WHERE source <> 'both' OR difference <> ''")" ""
    assert_equal "$(sql "SELECT count(*) FROM trade_history WHERE execution = 'CALCULATED'")" 1
    assert_equal "$(sql "SELECT count(*) FROM income_history WHERE income_type = 'DELIVERED_SETTELMENT'")" 1
    # What the wallets came to is where they began and all income since.
    assert_equal "$(sql "SELECT count(*) FROM (SELECT asset, max(wallet_balance_e8) FROM balance WHERE time_ms = (SELECT max(time_ms) FROM balance) AND wallet_balance_e8 <> 0 GROUP BY asset)")" 3
    for report in equity income trades pnl; do
        posrec report $report --format json | jq -e 'length > 0' > /dev/null
    done
    assert_equal "$(sql "SELECT count(*) > 0 FROM margin_history WHERE maintenance_margin > 0")" 1
    assert_sound
}

# The questions for income so far, one a line: start time, end time, type.
income_questions() {
    sql "SELECT request FROM capture WHERE endpoint = 'income' ORDER BY capture_id" |
        sed -E 's/.*\?//; s/(^|&)(limit|recvWindow)=[^&]*//g'
}

@test "a thousand trades in one second and 3,600 incomes of one millisecond are recorded once" {
    start_money
    now=$(date +%s%3N)
    sim "many?account=main&trades=1200&symbol=ETHUSD_PERP&side=LONG&from_ms=$((now - 1000))&to_ms=$now&income=3600&types=4" > /dev/null
    wait_for income_is_known
    wait_for trades_are_known
    stop_run
    assert_equal "$(sql "SELECT group_concat(n) FROM (SELECT count(*) AS n FROM income WHERE income_e8 = 1 GROUP BY income_type)")" 900,900,900,900
    assert_equal "$(sql "SELECT count(*) FROM (SELECT 1 FROM trade WHERE source = 'rest' GROUP BY leg_id, trade_id HAVING count(*) > 1)")" 0
    # Full pages were asked on, by id, by time and by type; the one that no documentation has was seen in a page.
    [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'userTrades' AND row_count = 1000")" -ge 1 ]
    assert_contains "$(income_questions)" "incomeType=REBATE%2B1&"
    assert_equal "$(income_questions | grep -c page=)" 0
    assert_equal "$(findings | grep -c income_incomplete)" 0
    assert_sound
}

@test "of more incomes of one type and millisecond than the exchange shows, that is said, and asking goes on" {
    start_money
    sim "many?account=main&income=1500" > /dev/null
    sim 'transfer?account=main&asset=ETH&amount=0.25' > /dev/null
    later() { [ "$(sql "SELECT count(*) FROM income WHERE asset = 'ETH' AND income_e8 = 25000000")" = 1 ]; }
    wait_for later
    wait_for logged 'event=income_incomplete account=main .*income_type=TRANSFER'
    # The transfers that could not be shown are missing in the wallet too.
    named() { findings | grep -q '^1 income_incomplete$'; }
    wait_for named
    stop_run
    assert_equal "$(sql "SELECT count(*) FROM income WHERE income_e8 = 1")" 1000
    assert_contains "$(accused | jq -r 'select(.finding == "income_incomplete").detail')" "of the 1000 rows of TRANSFER in this millisecond"
    run --separate-stderr posrec backfill
    assert_equal "$status" 0
    assert_contains "$stderr" "the exchange shows not all income of 1 milliseconds"
    assert_sound
}

@test "an exchange that answers the same full page whatever it is asked is asked no more than once an interval" {
    start_sim
    now=$(date +%s%3N)
    python3 -c "
import json
row = lambda time, i: {'symbol': '', 'incomeType': 'TRANSFER', 'income': '1', 'asset': 'BTC', 'info': '', 'time': time, 'tranId': str(i), 'tradeId': ''}
json.dump([row($now - 3600000 + i, i) for i in range(1000)], open('ages', 'w'))
json.dump([row(253402300799000, i) for i in range(1000)], open('future', 'w'))"
    for body in ages future; do
        sim 'fault?kind=body&endpoint=income&count=100000' --data-binary @$body -H 'Content-Type: application/octet-stream' > /dev/null
        rm -f posrec.db*
        run_config 200ms "record = positions, income" "income_interval = 300ms"
        start_run
        wait_for recorded income 6
        stop_run
        # A round may lead on once, from one page to what should be the next, and there is one round a tick.
        assert_equal "$(sql "SELECT count(*) <= 2 * ((max(received_ms) - min(received_ms)) / 300 + 2) FROM capture WHERE endpoint = 'income'")" 1
        wait_for logged 'event=income_not_as_asked account=main'
        run posrec backfill
        assert_equal "$status" 1
        assert_contains "$output" "income: the exchange answers with other times than were asked for"
        sim reset > /dev/null
    done
    # A time that is not yet does not keep what comes from being asked for.
    sim 'transfer?account=main&asset=BTC&amount=1' > /dev/null
    posrec -q fetch > /dev/null
    assert_equal "$(sql "SELECT count(*) FROM income WHERE income_e8 = 100000000 AND time_ms < 4000000000000")" 1
}

@test "a key that may not read income: polls go on, status and doctor say what is missing and why" {
    start_sim
    sim 'fault?kind=status&status=401&code=-2015&message=Invalid%20API-key,%20IP,%20or%20permissions%20for%20action.&endpoint=income&count=1000' > /dev/null
    run_config 200ms "$ALL" "stream_url = ws${SIM#http}" "account_interval = 500ms" "income_interval = 500ms"
    start_run
    refused() { grep -q 'level=error event=refused account=main endpoint=income' run.log; }
    wait_for refused
    wait_for good_polls $(($(sql 'SELECT count(*) FROM poll_log') + 5))
    wait_for recorded account 2
    assert_contains "$(posrec status --format json | jq -r '.accounts[0].money')" "income: api_error: Invalid API-key"
    run posrec doctor
    assert_contains "$output" "fail  account main: income: api_error: Invalid API-key"
    assert_contains "$output" "ok    account main: account and userTrades are answered"
    stop_run
    assert_equal "$(sql "SELECT count(*) FROM income")" 0
    # What is not recorded is empty, never 0.
    assert_equal "$(posrec report pnl --format json | jq -c '[.[] | .realized_pnl, .funding, .total_usd] | unique')" '[null]'
    assert_sound
}

# spoiled WHAT: the findings after an account in which one thing was not told, or told wrong.
spoiled() {
    start_money
    trade BTCUSD_PERP LONG 5
    wait_for all_known
    assert_equal "$(findings)" ""
}

@test "one income row that is missing is found in the wallet" {
    spoiled
    sim 'transfer?account=main&asset=BTC&amount=0.5&hide=1' > /dev/null
    trade BTCUSD_PERP LONG 1
    told() { [ "$(sql "SELECT count(*) FROM income WHERE trade_id = (SELECT max(CAST(trade_id AS INTEGER)) FROM trade WHERE source = 'rest')")" -ge 1 ] && wallets_are_known && trades_are_known; }
    wait_for told
    missed() { [ -n "$(findings)" ]; }
    wait_for missed
    stop_run
    assert_equal "$(findings)" "1 wallet_unexplained"
    finding=$(accused)
    assert_equal "$(jq -r '.asset' <<< "$finding")" BTC
    # The capture named is the first whose wallet has the coins.
    body=$(posrec body "$(jq -r .capture_id <<< "$finding")")
    [ "$(jq -r '.assets[] | select(.asset == "BTC") | .walletBalance | tonumber > 10.4' <<< "$body")" = true ]
    run posrec report reconcile --strict
    assert_equal "$status" 1
}

@test "a wallet that is off by 0.00000001 once is named once" {
    spoiled
    accounts=$(sql "SELECT count(*) FROM capture WHERE endpoint = 'account'")
    sim 'hide?account=main&what=wallet' > /dev/null
    wait_for recorded account $((accounts + 3))
    wait_for income_is_known
    named() { [ "$(findings)" = "1 wallet_unexplained" ]; }
    wait_for named
    stop_run
    capture=$(accused | jq -r .capture_id)
    assert_equal "$(sql "SELECT wallet_balance_e8 - (SELECT wallet_balance_e8 FROM balance AS p WHERE p.asset = b.asset AND p.time_ms < b.time_ms ORDER BY time_ms DESC LIMIT 1) FROM balance AS b WHERE capture_id = $capture AND asset = 'BTC'")" 1
}

@test "a trade that userTrades does not have is found by its other witness, and by the amount where there is none" {
    spoiled
    # It is hidden before the service hears of it.
    kill -STOP "$RUN_PID"
    trade ETHUSD_PERP LONG 3
    sim 'hide?account=main&what=trade' > /dev/null
    kill -CONT "$RUN_PID"
    hidden=$(books | jq -r '.trades[-1].id')
    only_one() { [ "$(sql "SELECT source FROM trade_history WHERE trade_id = '$hidden'")" = stream ]; }
    wait_for only_one
    # A poll sees it before the next trade: the one change of an amount ends at a time that userTrades is asked for.
    seen() { [ "$(sql "SELECT count(*) FROM position_change JOIN trade_history USING (leg_id) WHERE trade_id = '$hidden' AND position_change.update_ms = time_ms")" = 1 ]; }
    wait_for seen
    trade ETHUSD_PERP LONG 1
    named() { findings | grep -q '1 trade_one_witness'; }
    wait_for named
    stop_run
    assert_equal "$(findings)" "1 trade_one_witness"
    assert_contains "$(accused | jq -r .detail)" "the stream told of trade $hidden"
    # Without the stream's word the amount is what shows it.
    posrec export | jq -c 'select(.endpoint != "userData")' > polls.ndjson
    posrec -q -d polls.db import polls.ndjson
    posrec -d polls.db report reconcile --format ndjson 2> /dev/null | jq -r 'select(.finding != "not_recorded") | [.finding, .symbol, .position_side] | join(" ")' > found
    assert_equal "$(cat found)" "amount_unexplained ETHUSD_PERP LONG"
}

@test "backfill says why it asks again, and refuses to start in the future" {
    start_sim
    write_config "$SIM" "record = positions, income"
    sim 'fault?kind=status&status=503&endpoint=income&count=1' > /dev/null
    run --separate-stderr posrec backfill
    assert_equal "$status" 0
    assert_equal "$(sql "SELECT outcome FROM capture WHERE endpoint = 'income' ORDER BY capture_id LIMIT 1")" server_error
    assert_contains "$stderr" "account main: asking again: $(sql "SELECT detail FROM capture WHERE outcome = 'server_error'")"
    run posrec backfill --from +1h
    assert_equal "$status" 2
    assert_contains "$output" "backfill: --from lies in the future"
}

@test "backfill is complete and without doubles, however often it is killed, within the weight" {
    start_sim
    write_config "$SIM" "$ALL"
    now=$(date +%s%3N)
    sim "many?account=main&trades=5000&symbol=BTCUSD_PERP&side=LONG&from_ms=$((now - 7800000000))&to_ms=$((now - 60000))" > /dev/null
    sim "many?account=main&trades=2500&symbol=ETHUSD_PERP&side=SHORT&from_ms=$((now - 86400000))&to_ms=$((now - 86400000))&no_income=1" > /dev/null
    trade ETHUSD_PERP SHORT -1 # income names the symbol
    sim 'weight?limit=1000000' > /dev/null
    for delay in 0.05 0.1 0.15 0.2 0.3; do
        timeout -s KILL $delay "$BUILD/posrec" backfill > /dev/null 2>&1 || true
    done
    run --separate-stderr posrec backfill
    assert_equal "$status" 0
    income_is_known
    trades_are_known
    again() {
        before=$(sql "SELECT count(*) FROM capture")
        run --separate-stderr posrec backfill
        assert_contains "$stderr" "0 rows of income and 0 trades that were not known"
    }
    again
    [ "$((now / 86400000))" = "$(($(date +%s) / 86400))" ] || again # trades are asked for in whole days: midnight moves them
    [ "$(($(sql "SELECT count(*) FROM capture") - before))" -le 4 ] # the ranges that are not over
    posrec -q fetch > /dev/null
    # Walked back from the first poll, every amount is what the books add up to.
    sql "SELECT symbol, position_side, trade_id, CAST(position_amount AS INTEGER) FROM position_rebuilt ORDER BY symbol, CAST(trade_id AS INTEGER)" > rebuilt
    books | jq -r '.trades[] | [.symbol, .positionSide, .id, .side, .qty] | join("|")' > trades
    posrec -q export | jq -c 'select(.endpoint == "positionRisk") | .body' | tail -1 > body
    python3 - << 'PYTHON'
import json
amounts = {(row["symbol"], row["positionSide"]): int(row["positionAmt"]) for row in json.loads(json.loads(open("body").read()))}
trades = [line.split("|") for line in open("trades").read().splitlines()]
after = []
for symbol, side, number, buy, quantity in reversed(trades):
    after.append((symbol, side, number, amounts[symbol, side]))
    amounts[symbol, side] -= int(quantity) * (1 if buy == "BUY" else -1)
expected = sorted(after, key=lambda row: (row[0], int(row[2])))
rebuilt = [tuple(line.split("|")) for line in open("rebuilt").read().splitlines()]
assert [(a, b, c, int(d)) for a, b, c, d in rebuilt] == expected, (len(rebuilt), len(expected))
PYTHON
    # From a time on, only what is later is asked for.
    rm posrec.db*
    posrec -q backfill --from -2d
    assert_equal "$(sql "SELECT min(time_ms) >= $now - 172900000 FROM income")" 1
    assert_equal "$(sql "SELECT count(*) FROM trade_history WHERE symbol = 'ETHUSD_PERP'")" 2501
    assert_sound
}

@test "the service takes a backfill along: all of it is there, and no tick is missed for it" {
    start_sim --steady --no-trades
    run_config 1s "record = positions, income, trades"
    now=$(date +%s%3N)
    sim "many?account=main&trades=2500&symbol=BTCUSD_PERP&side=LONG&from_ms=$((now - 40 * 86400000))&to_ms=$((now - 9 * 86400000))" > /dev/null
    start_run --backfill
    wait_for logged event=backfilled
    stop_run
    [ "$(income_recorded | wc -l)" -ge 2500 ]
    assert_equal "$(income_recorded)" "$(income_of_books)"
    assert_equal "$(trades_recorded)" "$(trades_of_books)"
    assert_ticks 1000
    assert_sound
}

@test "what is asked stays within the weight: polls come first, and doctor counts all kinds" {
    start_sim
    write_config "$SIM" "$ALL, prices" "stream_url = ws${SIM#http}"
    run posrec doctor
    assert_contains "$output" "ok    weight: 26 a minute of about 1920"
    write_config "$SIM" "$ALL, prices" "stream_url = ws${SIM#http}" "income_interval = 500ms" "account_interval = 100ms"
    run posrec doctor
    assert_contains "$output" "warn  weight: 12006 a minute, the exchange allows about 1920 (record less, or from more addresses)"
    # Little weight: polls are on time, and money takes what they leave.
    sim 'weight?limit=400' > /dev/null
    run_config 500ms "$ALL, prices" "stream_url = ws${SIM#http}" "income_interval = 500ms" "account_interval = 200ms"
    start_run
    wait_for good_polls 10
    stop_run
    assert_ticks 500
    [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'premiumIndex'")" -ge 1 ]
    assert_equal "$(curl -sS "$SIM/sim/log" | jq -s 'map(select(.status == 429 or .status == 418)) | length')" 0
    assert_sound
}

@test "a database of version 0.1 goes on with money; record chooses what is asked" {
    cp "$SOURCE/tests/data/schema-2.db" posrec.db
    chmod 600 posrec.db
    head=$(sql 'SELECT lower(hex(chain)) FROM poll ORDER BY poll_id DESC LIMIT 1')
    start_money
    trade BTCUSD_PERP SHORT -2
    wait_for income_is_known
    stop_run
    posrec -q verify --head "$head" > /dev/null
    rm posrec.db*
    run_config 200ms "record = positions, account" "account_interval = 300ms"
    start_run
    wait_for recorded account 2
    stop_run
    assert_equal "$(sql "SELECT group_concat(DISTINCT endpoint) FROM (SELECT endpoint FROM capture WHERE endpoint <> 'exchangeInfo' ORDER BY 1)")" account,positionRisk,recorder
    posrec -q fetch > /dev/null
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE endpoint IN ('income', 'userTrades', 'userData')")" 0
}

@test "what was asked for one order, or one type, is not all there is" {
    trade='[{"symbol":"BTCUSD_PERP","id":6,"orderId":28,"pair":"BTCUSD","side":"SELL","price":"8800","qty":"1","realizedPnl":"0","marginAsset":"BTC","baseQty":"0.01136364","commission":"0.00000454","commissionAsset":"BTC","time":1790743483586,"positionSide":"BOTH","buyer":false,"maker":false}]'
    line() { # ENDPOINT QUERY BODY
        jq -cn --arg endpoint "$1" --arg request "/dapi/v1/$1?$2&recvWindow=5000" --arg body "$3" \
            '{received_ms: (1790743490000 + ($request | length)), endpoint: $endpoint, http_status: 200, request: $request, body: $body}'
    }
    {
        line userTrades 'symbol=BTCUSD_PERP&orderId=28&limit=1000' "$trade"
        line income 'symbol=BTCUSD_PERP&startTime=1790743400000' '[]'
        line income 'incomeType=TRANSFER&startTime=1790743400000' '[]'
    } | jq -cs 'sort_by(.received_ms)[]' | posrec -q import -
    assert_equal "$(sql 'SELECT count(*) FROM known')" 0
    line userTrades 'symbol=BTCUSD_PERP&startTime=1790743480000&endTime=1790743490000&limit=1000&extraName=12345678901234567' "$trade" | posrec -q import -
    assert_equal "$(sql 'SELECT account, kind, symbol, from_ms, to_ms FROM known')" "main|trades|BTCUSD_PERP|1790743480000|1790743490001"
}

# wallet MS BTC UPDATE_MS, income MS FROM_MS ROWS: capture lines. They happened a tenth of a second before.
wallet() {
    jq -cn --argjson time "$1" --arg btc "$2" --argjson update "$3" '{received_ms: $time, endpoint: "account", interval_ms: 60000,
        body: ({assets: [{asset: "BTC", walletBalance: $btc, unrealizedProfit: "0", marginBalance: $btc, updateTime: $update}], positions: []} | tojson)}'
}
income() {
    jq -cn --argjson time "$1" --arg from "$2" --arg rows "$3" \
        '{received_ms: $time, endpoint: "income", request: "/dapi/v1/income?startTime=\($from)&limit=1000", body: $rows}'
}
transfer() { # MS BTC ID
    printf '[{"symbol":"","incomeType":"TRANSFER","income":"%s","asset":"BTC","info":"","time":%s,"tranId":"%s","tradeId":""}]' "$2" "$1" "$3"
}

# header: of reconcile's first row the account, the first and last capture, and the head at the end.
header() {
    posrec report reconcile "$@" 2> /dev/null | sed -n 2p | awk '{print $1, $6, $7, $NF}'
}

chain_of() {
    sql "SELECT chain FROM capture_log WHERE capture_id = $1"
}

@test "without polls reconcile says what income and wallets show, and what it stands on" {
    {
        income 1700000000000 1699990000000 '[]'
        wallet 1700000001000 1 1699999000000
        wallet 1700000061000 1.5 1700000050000
        income 1700000062000 1699990000000 "$(transfer 1700000050000 0.25 1)"
        income 1700000070000 1699000000000 "$(transfer 1699100000000 7 2)" # the time before
    } | posrec -q import -
    run posrec report reconcile --strict --format ndjson
    assert_equal "$status" 1
    assert_equal "$(jq -r '[.finding, .asset, .capture_id] | join(" ")' <<< "${lines[0]}")" "wallet_unexplained BTC 3"
    assert_equal "$(header)" "main 1 5 $(head_of verify)"
    posrec report reconcile --format html > page.html
    grep -q "$(head_of verify)" page.html
    # A range of which only a later answer told: no poll, and no capture of its time.
    assert_equal "$(header --to 1699200000000)" "main 5 5 $(chain_of 5)"
    run --separate-stderr posrec report reconcile --strict --to 1699200000000
    assert_equal "$status" 0
    assert_equal "$stderr" "No findings: everything in this range adds up."
    run --separate-stderr posrec report reconcile --strict --from 1699999999000 --to 1700000061001
    assert_equal "$status" 1
    assert_equal "$(header --from 1699999999000 --to 1700000061001)" "main 1 4 $(chain_of 4)"
    # A change over the range's beginning is judged in the range that shows it, which its end is not in.
    assert_equal "$(accused --from 1700000001001 2> /dev/null | jq -r '[.finding, .capture_id] | join(" ")')" "wallet_unexplained 3"
    assert_equal "$(accused --to 1700000061000 2> /dev/null)" ""
    run --separate-stderr posrec report reconcile --from 2099-01-01
    assert_equal "$stderr" "Nothing is in this range; the history goes from 2023-11-04T12:13:20Z to 2023-11-14T22:14:30Z."
    for report in income equity; do
        run --separate-stderr posrec report $report --to 2020-01-01
        assert_contains "$stderr" "Nothing is in this range; the history goes from 2023-11-04T12:13:20Z"
    done
    run --separate-stderr posrec report trades
    assert_equal "$stderr" "No trade is in this range."
    run --separate-stderr posrec report pnl
    assert_equal "$stderr" "No polls are recorded (record in posrec.ini says what is)."
}

@test "the head that reconcile names at the end covers every capture that a finding names" {
    poll() { jq -cn --argjson time "$1" '{received_ms: $time, interval_ms: 10000, body: "[]"}'; }
    trades='[{"symbol":"BTCUSD_PERP","id":6,"orderId":28,"pair":"BTCUSD","side":"SELL","price":"8800","qty":"1","realizedPnl":"0","marginAsset":"BTC","baseQty":"0.01136364","commission":"0","commissionAsset":"BTC","time":1700000005000,"positionSide":"BOTH","buyer":false,"maker":false}]'
    told='{"e":"ACCOUNT_UPDATE","E":%s,"T":%s,"a":{"m":"ORDER","B":[],"P":[{"s":"BTCUSD_PERP","ps":"BOTH","pa":"1","ep":"1","mt":"cross"}]}}'
    full=$(seq 1000 | jq -cR '{symbol: "", incomeType: "TRANSFER", income: "1", asset: "BTC", info: "", time: 1700000004000, tranId: ., tradeId: ""}' | jq -cs .)
    {
        poll 1700000000000
        jq -cn '{received_ms: 1700000001000, endpoint: "userData", outcome: "opened"}'
        poll 1700000010000
        # What tells of the time before comes after the last poll of the range.
        jq -cn --arg body "$trades" '{received_ms: 1700000011000, endpoint: "userTrades", request: "/dapi/v1/userTrades?symbol=BTCUSD_PERP&startTime=1700000000000&limit=1000", body: $body}'
        jq -cn --arg body "$(printf "$told" 1700000007000 1700000007000)" '{received_ms: 1700000012000, endpoint: "userData", body: $body}'
        jq -cn --arg body "$(printf "$told" 1700000006000 1700000006000)" '{received_ms: 1700000013000, endpoint: "userData", body: $body}'
        income 1700000014000 1700000004000 "$full"
        jq -cn --arg body "$full" '{received_ms: 1700000015000, endpoint: "income", request: "/dapi/v1/income?startTime=1700000004000&endTime=1700000004000&limit=1000&incomeType=TRANSFER", body: $body}'
        poll 1700000020000
        income 1700000021000 1700000015000 '[]'
        jq -cn '{received_ms: 1700000022000, endpoint: "userData", outcome: "closed", detail: "why"}'
    } | posrec -q import -
    findings() { accused "$@" 2> /dev/null | jq -r '[.finding, .capture_id] | join(" ")' | sort | xargs; }
    assert_equal "$(findings)" "income_incomplete 8 stream_time_went_back 6 trade_one_witness 4"
    assert_equal "$(header)" "main 1 11 $(head_of verify)"
    assert_equal "$(findings --to 1700000010000)" "income_incomplete 8 stream_time_went_back 6 trade_one_witness 4"
    assert_equal "$(header --to 1700000010000)" "main 1 8 $(chain_of 8)"
    assert_equal "$(head_of verify --head "$(chain_of 8)")" "$(head_of verify)"
    # Of an answer alone, of a message alone, and of what no poll was there for.
    assert_equal "$(header --from 1700000005000 --to 1700000005500)" "main 4 4 $(chain_of 4)"
    assert_equal "$(header --from 1700000006000 --to 1700000006500)" "main 6 6 $(chain_of 6)"
    assert_equal "$(header --from 1700000003000 --to 1700000004001)" "main 7 8 $(chain_of 8)"
    assert_equal "$(header --from 1700000021000)" "main 10 11 $(head_of verify)"
    assert_equal "$(header --from 1700000023000)" ""
}
