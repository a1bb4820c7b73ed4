load run_helper

# start_stream INTERVAL [LINE...]: an exchange and a service that records account main with its stream.
start_stream() {
    local interval=$1
    shift
    start_sim --steady --no-trades
    run_config "$interval" "stream_url = ws${SIM#http}" "$@"
    start_run
    wait_for streams_opened 1
    wait_for stream_heard
    wait_for good_polls 2 # the one that follows the opening too
}

# streams_opened N: whether so many connections were opened.
streams_opened() {
    [ "$(sql "SELECT count(*) FROM capture WHERE outcome = 'opened'" 2> /dev/null || echo 0)" -ge "$1" ]
}

trade() { # SYMBOL SIDE AMOUNT
    sim "trade?account=main&symbol=$1&side=$2&amount=$3" > /dev/null
}

faults() { # PARAMETERS
    sim "stream?account=main&$1" > /dev/null
}

# all_told: whether every message that the exchange sent is recorded.
all_told() {
    [ "$(sent_messages | sort | md5sum)" = "$(recorded_messages | sort | md5sum)" ]
}

sent_messages() {
    curl -sS "$SIM/sim/messages" | jq -c 'select(.fate == "sent") | .message'
}

recorded_messages() {
    posrec export | jq -r 'select(.endpoint == "userData" and .body != null) | .body' | jq -c .
}

# opened_ms: when the last connection was opened, by the exchange's clock.
opened_ms() {
    sql "SELECT max(received_ms) FROM capture WHERE outcome = 'opened'"
}

# findings: how many of each kind. Where the machine is too slow for the interval, polls have gaps, which hide changes.
findings() {
    accused 2> said | jq -r '.finding' > found
    ! grep -qs event=ticks_skipped run.log || sed -i /gap_hides_change/d found
    grep "^posrec:" said >> found || true # a question that failed has no findings either
    sort found | uniq -c | sed 's/^ *//'
}

@test "a position opened and closed between two polls is there with both its states" {
    start_stream 1d # no tick comes by chance
    trade BTCUSD_PERP SHORT -5
    trade BTCUSD_PERP SHORT 5
    wait_for all_told
    # A poll follows the opening at once, without a tick, and so does one the event.
    event_polls() { [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND due_ms IS NULL AND interval_ms = 86400000")" -ge 2 ]; }
    wait_for event_polls
    stop_run
    leg="account = 'main' AND symbol = 'BTCUSD_PERP' AND position_side = 'SHORT'"
    told=$(sent_messages | jq -r 'select(.e == "ACCOUNT_UPDATE") | select(.a.P[0].s == "BTCUSD_PERP") | [.T, .a.P[0].pa] | join("|")')
    assert_equal "$(wc -l <<< "$told")" 2
    assert_equal "$(sql "SELECT update_ms, CAST(position_amount AS INTEGER) FROM position_timeline WHERE $leg AND source IN ('stream', 'both') ORDER BY update_ms")" "$told"
    assert_equal "$(posrec report changes --symbol BTCUSD_PERP --side SHORT --format ndjson | jq -r '[.change, .position_amount] | @csv' | xargs)" "open,-5 close,0"
    assert_equal "$(posrec report changes --symbol BTCUSD_PERP --side SHORT --format ndjson | jq -r .time)" \
        "$(sql "SELECT update_time FROM position_timeline WHERE $leg AND source IN ('stream', 'both') ORDER BY update_ms")"
    assert_equal "$(sql "SELECT count(*), max(abs(delay_ms)) < 60000, min(reason) FROM account_update_history WHERE $leg")" "2|1|ORDER"
    assert_equal "$(sql "SELECT signed_quantity, source FROM trade_history WHERE $leg" | xargs)" "-5.0|stream 5.0|stream"
    assert_equal "$(findings)" ""
    assert_sound
}

@test "every message is recorded to the byte, and derived, exported and imported like all else" {
    start_stream 500ms
    for amount in 3 -1 4 -6; do
        trade ETHUSD_PERP LONG $amount
        trade BTCUSD_PERP LONG 2
    done
    wait_for all_told
    stop_run
    assert_equal "$(sql "SELECT count(*) FROM trade WHERE source = 'stream'")" "$(sent_messages | jq -c 'select(.o.x == "TRADE")' | wc -l)"
    assert_equal "$(sql "SELECT count(*) FROM position_update")" "$(sent_messages | jq -c 'select(.e == "ACCOUNT_UPDATE")' | wc -l)"
    posrec export > all.ndjson
    posrec -q -d second.db import all.ndjson
    assert_equal "$(sqlite3 posrec.db .dump | grep -v schema_migration)" "$(sqlite3 second.db .dump | grep -v schema_migration)"
    before=$(sql "SELECT count(*) FROM capture")
    run --separate-stderr posrec import all.ndjson
    assert_contains "$stderr" "0 captures recorded"
    assert_equal "$(sql "SELECT count(*) FROM capture")" "$before"
    posrec -q rebuild
    assert_equal "$(sqlite3 posrec.db .dump | grep -v schema_migration)" "$(sqlite3 second.db .dump | grep -v schema_migration)"
    head=$(head_of verify)
    assert_equal "$(head_of verify --head "$head" --from 5)" "$head"
    assert_sound
}

@test "a message that was dropped is named by reconcile, and nothing else" {
    start_stream 300ms
    trade ETHUSD_PERP LONG 3
    wait_for all_told
    faults drop=3
    trade BTCUSD_PERP LONG 2
    dropped() { curl -sS "$SIM/sim/messages" | jq -r "select(.fate == \"dropped\") | .message | select(.e == \"ACCOUNT_UPDATE\") | $1"; }
    wait_for polled_after $(($(dropped .T) + 1500)) # the stream stays up for a second after the change
    trade ETHUSD_PERP LONG 1
    wait_for all_told
    stop_run
    assert_equal "$(findings)" "1 change_not_streamed"
    read -r capture symbol side < <(accused | jq -r 'select(.finding == "change_not_streamed") | [.capture_id, .symbol, .position_side] | join(" ")')
    assert_equal "$(posrec body "$capture" | jq -r --arg s "$symbol" --arg p "$side" '.[] | select(.symbol == $s and .positionSide == $p) | [.symbol, .positionSide, .positionAmt] | @csv')" "$(dropped '.a.P[] | [.s, .ps, .pa] | @csv')"
    run posrec report reconcile --strict
    assert_equal "$status" 1
}

@test "what the stream says against a poll, or out of order, is named" {
    leg='{"symbol":"BTCUSD_PERP","positionSide":"BOTH","positionAmt":"2","entryPrice":"100.5","marginType":"cross","updateTime":1700000001000}'
    told='{"e":"ACCOUNT_UPDATE","E":%s,"T":%s,"a":{"m":"ORDER","B":[],"P":[{"s":"BTCUSD_PERP","ps":"BOTH","pa":"%s","ep":"100.5","mt":"cross"}]}}'
    line() { jq -cn --argjson t "$1" --arg e "$2" --arg b "$3" '{received_ms: $t, endpoint: $e, body: $b} + if $e == "userData" then {} else {interval_ms: 10000} end'; }
    {
        line 1700000000000 positionRisk '[]'
        line 1700000001002 userData "$(printf "$told" 1700000001001 1700000001000 3)"
        line 1700000001500 positionRisk "[$leg]"
        line 1700000002002 userData "$(printf "$told" 1700000000901 1700000000900 1)"
    } > in.ndjson
    posrec -q import in.ndjson
    assert_equal "$(findings)" $'1 stream_contradicts_poll\n1 stream_time_went_back'
    accused | jq -r .detail > details
    grep -q 'of 2023-11-14T22:13:21.000Z the poll says positionAmt 2, not 3' details
    grep -q 'told of 2023-11-14T22:13:20.900Z after 2023-11-14T22:13:21.000Z' details
}

@test "a poll that shows an older state, which the stream told in its time, makes it none of later" {
    leg() { printf '[{"symbol":"BTCUSD_PERP","positionSide":"BOTH","positionAmt":"%s","updateTime":%s}]' "$1" "$2"; }
    line() { jq -cn --argjson t "$1" --arg e "$2" --arg b "$3" '{received_ms: $t, endpoint: $e, body: $b} + if $e == "userData" then {} else {interval_ms: 10000} end'; }
    {
        line 1700000000000 positionRisk "$(leg 0 0)"
        line 1700000005005 userData '{"e":"ACCOUNT_UPDATE","E":1700000005001,"T":1700000005000,"a":{"m":"ORDER","B":[],"P":[{"s":"BTCUSD_PERP","ps":"BOTH","pa":"1","ep":"100"}]}}'
        line 1700000010000 positionRisk "$(leg 2 1700000008000)"
        line 1700000020000 positionRisk "$(leg 1 1700000005000)"
        line 1700000030000 positionRisk "$(leg 2 1700000008000)"
    } > in.ndjson
    posrec -q import in.ndjson
    assert_equal "$(sql "SELECT time_ms - 1700000000000, CAST(position_amount AS INTEGER), source FROM position_timeline WHERE position_amount > 0 ORDER BY time_ms, capture_id" | xargs)" \
        "5000|1|both 8000|2|poll 8000|2|poll"
    assert_equal "$(posrec report changes --format csv | tr -d '\r' | tail -n +2 | cut -d, -f2,5-7)" \
        $'2023-11-14T22:13:25.000Z,open,0.0,1.0\n2023-11-14T22:13:28.000Z,increase,1.0,2.0\n2023-11-14T22:13:28.000Z,settings,2.0,2.0'
    assert_equal "$(findings)" "1 update_time_went_back"
}

@test "a change that was seen just before the connection ended may have been told too late, and is not named" {
    leg() { printf '[{"symbol":"BTCUSD_PERP","positionSide":"BOTH","positionAmt":"%s","updateTime":%s}]' "$1" "$2"; }
    line() { jq -cn --argjson t "$1" --arg e "$2" --argjson b "$3" '{received_ms: $t, endpoint: $e} + $b + if $e == "userData" then {} else {interval_ms: 10000} end'; }
    body() { jq -cn --arg b "$1" '{body: $b}'; }
    ended() { # MS: the connection ends so long after a poll that shows a change
        line 1700000000000 positionRisk "$(body "$(leg 1 1699999990000)")"
        line 1700000000500 userData '{"outcome":"opened"}'
        line 1700000009900 positionRisk "$(body "$(leg 2 1700000009800)")"
        line $((1700000009900 + $1)) userData '{"outcome":"closed","detail":"closed by the exchange"}'
        line 1700000020000 positionRisk "$(body "$(leg 2 1700000009800)")"
    }
    ended 5 > soon.ndjson
    posrec -q -d soon.db import soon.ndjson
    assert_equal "$(posrec -d soon.db report reconcile --format ndjson)" ""
    ended 5000 > late.ndjson
    posrec -q -d late.db import late.ndjson
    assert_equal "$(posrec -d late.db report reconcile --format ndjson | jq -r .finding)" change_not_streamed
}

@test "a change is held against the stream of its own time, whenever a poll shows it" {
    leg() { printf '[{"symbol":"BTCUSD_PERP","positionSide":"BOTH","positionAmt":"%s","updateTime":%s}]' "$1" "$2"; }
    line() { jq -cn --argjson t "$1" --arg e "$2" --argjson b "$3" '{received_ms: $t, endpoint: $e} + $b + if $e == "userData" then {} else {interval_ms: 10000} end'; }
    body() { jq -cn --arg b "$1" '{body: $b}'; }
    # named CHANGED_MS: what is said of a change so long after the opening, five seconds before the end. The poll comes after it.
    named() {
        rm -f late.db*
        {
            line 1700000000000 positionRisk "$(body "$(leg 1 1699999990000)")"
            line 1700000001000 userData '{"outcome":"opened"}'
            line 1700000006000 userData '{"outcome":"closed","detail":"closed by the exchange"}'
            line 1700000010000 positionRisk "$(body "$(leg 2 $((1700000001000 + $1)))")"
        } > late.ndjson
        posrec -q -d late.db import late.ndjson
        posrec -d late.db report reconcile --format ndjson 2> /dev/null | jq -r '[.finding, .capture_id] | join(" ")'
    }
    assert_equal "$(named -1)" ""
    assert_equal "$(named 100)" ""
    assert_equal "$(named 101)" "change_not_streamed 4"
    assert_equal "$(named 3999)" "change_not_streamed 4"
    assert_equal "$(named 4000)" ""
    assert_equal "$(named 6000)" ""
}

@test "the stream's faults: what comes twice, late, in pieces or broken is recorded once, and it goes on" {
    start_stream 500ms
    told_once() { [ "$(sent_messages | sort -u | md5sum)" = "$(recorded_messages | sort -u | md5sum)" ]; }
    opened=1
    for fault in fragment=3 duplicate=2 'delay=1&delay_ms=300' mask=1 oversize=1 garbage=1 close=1011 break=1; do
        case $fault in mask* | oversize* | garbage* | close* | break*) opened=$((opened + 1)) ;; esac
        wait_for stream_heard
        faults "$fault"
        trade ETHUSD_PERP LONG 1
        wait_for streams_opened $opened
        wait_for told_once
    done
    stop_run
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE outcome = 'closed'")" $((opened))
    for why in 'a frame against the protocol' 'a message of more than 1048576 bytes' 'a message that is not UTF-8' \
        'closed by the server, code 1011: simulated' 'the connection ended' 'posrec stops'; do
        assert_equal "$(sql "SELECT count(*) FROM capture WHERE outcome = 'closed' AND detail = '$why'")" 1
    done
    # Told twice, a fact is one row.
    assert_equal "$(sql "SELECT count(*) FROM (SELECT 1 FROM trade GROUP BY leg_id, trade_id HAVING count(*) > 1)")" 0
    assert_equal "$(sql "SELECT count(*) FROM (SELECT 1 FROM position_update GROUP BY leg_id, transaction_ms HAVING count(*) > 1)")" 0
    assert_equal "$(sql "SELECT count(*), sum(closed_ms IS NOT NULL) FROM stream_session")" "$opened|$opened"
    assert_sound
}

@test "when the listen key is gone, a new one is asked for at once; between the two nothing is told, and it goes on" {
    start_stream 500ms
    faults 'burst=100000&per_second=100' # longer than the test
    told() { [ "$(sql "SELECT count(*) FROM balance_update WHERE balance_change_e8 = 100000000 AND capture_id > (SELECT max(capture_id) FROM capture WHERE outcome = 'opened')")" -ge 50 ]; }
    wait_for told
    faults expire=2 # its E is a text
    wait_for streams_opened 2
    wait_for told
    stop_run
    assert_equal "$(sql "SELECT outcome, detail FROM capture WHERE endpoint = 'userData' AND outcome <> 'ok' ORDER BY capture_id")" \
        $'opened|\nclosed|the listen key expired\nopened|\nclosed|posrec stops'
    assert_equal "$(sql "SELECT count(DISTINCT wallet_balance_e8) - count(*) FROM balance_update WHERE balance_change_e8 = 100000000")" 0
    # What is missing lies between the two connections.
    assert_equal "$(sql "SELECT count(*) FROM (SELECT wallet_balance_e8 - lag(wallet_balance_e8) OVER told AS step, capture_id, lag(capture_id) OVER told AS before FROM balance_update WHERE balance_change_e8 = 100000000 WINDOW told AS (ORDER BY wallet_balance_e8)) AS t WHERE step > 100000000 AND NOT EXISTS (SELECT 1 FROM capture AS s WHERE s.outcome = 'closed' AND s.capture_id BETWEEN before AND t.capture_id)")" 0
    assert_equal "$(curl -sS "$SIM/sim/keys" | sort -u | wc -l)" 2
    assert_sound
}

@test "a change that a poll shows and the stream does not tell: it is opened anew, and tells again" {
    start_stream 300ms
    wait_for polled_after $(($(opened_ms) + 200)) # what changes in the stream's first tenth of a second may be told late
    faults forget=1 # another program deletes the key: the connection stays up and silent
    trade BTCUSD_PERP LONG 2
    wait_for logged 'level=warning event=stream_silent account=main changed=20.*Z reason='
    wait_for streams_opened 2
    wait_for stream_heard
    trade ETHUSD_PERP LONG 1
    wait_for all_told
    stop_run
    assert_equal "$(sql "SELECT count(DISTINCT symbol) FROM account_update_history")" 1
    assert_equal "$(findings)" "1 change_not_streamed"
    # It was renewed once for it, and the change is not held against the new connection.
    assert_equal "$(grep -c event=stream_silent run.log)" 1
    assert_sound
}

@test "a refused listen key is logged, and polls go on" {
    start_sim
    faults refuse=1
    run_config 200ms "stream_url = ws${SIM#http}"
    start_run
    wait_for good_polls 5
    grep -q 'level=error event=refused account=main endpoint=userData' run.log
    assert_equal "$(sql "SELECT DISTINCT outcome, api_code FROM capture WHERE endpoint = 'userData'")" "api_error|-2015"
    run posrec doctor
    assert_contains "$output" "fail  account main: stream: api_error: Invalid API-key"
    faults refuse=0
    run posrec doctor
    assert_contains "$output" "ok    account main: the user data stream was opened"
    stop_run
    assert_sound
}

@test "a stream that is down, stalled or nowhere delays no poll" {
    start_stream 500ms
    faults stall=1
    wait_for good_polls $(($(sql 'SELECT count(*) FROM poll_log') + 5))
    stop_run
    # Its host answers nothing: a listening socket whose queue is full.
    rm posrec.db*
    run_config 500ms "stream_url = ws://127.0.0.1:9"
    start_run
    wait_for good_polls 4
    down() { [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'userData' AND outcome = 'network_error'")" -ge 2 ]; }
    wait_for down
    stop_run
    assert_ticks 500
    assert_equal "$(sql "SELECT count(*) FROM stream_session")" 0
    assert_sound
}

@test "the listen key of a living stream is nowhere to be found" {
    start_sim
    run_config 300ms "stream_url = ws${SIM#http}"
    sed -i 's|^database = .*|&\nmetrics_file = posrec.prom|' posrec.ini
    "$BUILD/posrec" -vv run > run.out 2> run.log 3>&- &
    RUN_PID=$!
    wait_for streams_opened 1
    wait_for stream_heard
    faults close=1001
    wait_for streams_opened 2
    wait_for stream_heard
    sim 'fault?kind=status&status=400&code=-1125&endpoint=listenKey' > /dev/null
    trade BTCUSD_PERP LONG 1
    wait_for all_told
    wait_for grep -q '^posrec_stream_up{account="main"} 1' posrec.prom
    tr '\0' ' ' < /proc/$RUN_PID/cmdline > cmdline
    tr '\0' ' ' < /proc/$RUN_PID/environ > environ
    posrec export > export.ndjson
    curl -sS "$SIM/sim/keys" > keys
    [ -s keys ]
    for key in $(cat keys); do
        [ ${#key} = 64 ]
        run ! grep -qaF "$key" posrec.db posrec.db-wal run.log run.out export.ndjson posrec.prom cmdline environ
    done
    stop_run
    run ! grep -qaFf keys posrec.db
}

@test "a database of version 0.1 goes on with the stream; record = positions never opens one" {
    cp "$SOURCE/tests/data/schema-2.db" posrec.db
    chmod 600 posrec.db
    head=$(sql 'SELECT lower(hex(chain)) FROM poll ORDER BY poll_id DESC LIMIT 1')
    start_stream 500ms
    trade BTCUSD_PERP SHORT -2
    wait_for all_told
    stop_run
    posrec -q verify --head "$head" > /dev/null
    rm posrec.db*
    run_config 200ms "stream_url = ws${SIM#http}" "record = positions"
    before=$(curl -sS "$SIM/sim/keys" | wc -l)
    start_run
    wait_for good_polls 5
    stop_run
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'userData'")" 0
    assert_equal "$(curl -sS "$SIM/sim/keys" | wc -l)" "$before"
    for record in income "positions, nonsense" stream; do
        run_config 200ms "record = $record"
        run posrec doctor
        assert_contains "$output" "record '$record'"
    done
}

@test "over TLS too, and a stream_url that is not one is refused" {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sim \
        -addext subjectAltName=IP:127.0.0.1 -keyout sim.key -out sim.pem 2> /dev/null
    start_sim --tls-cert sim.pem --tls-key sim.key
    SIM=https://127.0.0.1:$(cat port)
    export CURL_CA_BUNDLE=$PWD/sim.pem
    write_config "$SIM" "interval = 500ms" "ca_file = sim.pem" "stream_url = wss${SIM#https}"
    start_run
    wait_for streams_opened 1
    wait_for stream_heard
    trade BTCUSD_PERP SHORT -2
    wait_for all_told
    stop_run
    write_config "$SIM" "interval = 500ms" "stream_url = wss${SIM#https}" "ca_file = main.key"
    for url in ws://example.com http://127.0.0.1 wss://u@h wss:// nonsense; do
        write_config "$SIM" "stream_url = $url"
        run posrec doctor
        assert_contains "$output" "fail  config: posrec.ini:9: stream_url"
    done
    assert_sound
}

@test "through a proxy" {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=sim \
        -addext subjectAltName=IP:127.0.0.1 -keyout sim.key -out sim.pem 2> /dev/null
    python3 "$SOURCE/tests/e2e/connect_proxy.py" > tools.log 2>&1 3>&- &
    READER_PID=$!
    wait_for test -s tools.log
    start_sim --tls-cert sim.pem --tls-key sim.key
    SIM=https://127.0.0.1:$(cat port)
    export CURL_CA_BUNDLE=$PWD/sim.pem
    proxy="proxy = http://127.0.0.1:$(head -n 1 tools.log)"
    write_config "$SIM" "interval = 500ms" "ca_file = sim.pem" "stream_url = wss${SIM#https}" "$proxy"
    start_run
    wait_for streams_opened 1
    wait_for stream_heard
    trade BTCUSD_PERP SHORT -2
    wait_for all_told
    stop_run
    # The stream's connection is its own; polls share one.
    [ "$(grep -c "^127.0.0.1:$(cat port)$" tools.log)" -ge 2 ]
    assert_sound
}

@test "coverage, status and sessions tell how much of the stream was up" {
    line() { jq -cn "$1"; }
    day=1700006400000
    {
        line "{received_ms: $day, interval_ms: 3600000, body: \"[]\"}"
        line "{received_ms: ($day + 1000), endpoint: \"userData\", outcome: \"opened\"}"
        line "{received_ms: ($day + 2000), endpoint: \"userData\", body: \"{}\"}"
        for hour in $(seq 6); do line "{received_ms: ($day + $hour * 3600000), interval_ms: 3600000, body: \"[]\"}"; done
        # Killed after six hours; opened again after twelve, closed after eighteen.
        line "{received_ms: ($day + 43200000), endpoint: \"userData\", outcome: \"opened\"}"
        line "{received_ms: ($day + 64800000), endpoint: \"userData\", outcome: \"closed\", detail: \"why\"}"
        line "{received_ms: ($day + 86399000), interval_ms: 3600000, body: \"[]\"}"
    } | posrec -q import -
    assert_equal "$(sql "SELECT opened_ms - $day, closed_ms - $day, messages, reason FROM stream_session" | xargs)" "1000|21600000|1| 43200000|64800000|0|why"
    assert_equal "$(posrec report coverage --format ndjson | jq -c .stream_share)" 0.499994
    assert_contains "$(posrec status --format json)" '"stream":"closed 2023-11-15T18:00:00.000Z: why"'
}
