load run_helper

# pause_after STATUS: how long after its first answer of that status the exchange heard nothing, ms.
pause_after() {
    curl -sS "$SIM/sim/log" | jq -s "[.[] | select(.endpoint != \"\")] | (map(.status == $1) | index(true)) as \$i | .[\$i + 1].ms - .[\$i].ms"
}

@test "the first poll is at once, the others on multiples of the interval" {
    start_sim
    run_config 500ms
    posrec run --count 6 2> run.log
    polls=$(sql "SELECT count(*) FROM poll_log WHERE outcome = 'ok'")
    skipped=$(ticks_skipped)
    # Six ticks, or some more when the machine held it up over the last.
    [ "$polls" -le 6 ] && [ $((polls + skipped)) -ge 6 ]
    [ "$skipped" -gt 0 ] || assert_equal "$polls" 6
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND due_ms > (SELECT min(due_ms) FROM capture) AND (due_ms % 500 <> 0 OR interval_ms <> 500)")" 0
    assert_ticks 500
    grep -qE 'level=info event=capture account=main capture=[0-9]+ endpoint=positionRisk outcome=ok' run.log
    assert_sound
}

@test "a second run on the same database is refused, and --for ends the first" {
    start_sim
    run_config 200ms
    start_run
    wait_for good_polls 2
    run posrec run --for 1s
    assert_equal "$status" 1
    assert_contains "$output" "another 'posrec run' is recording into it"
    assert_equal "$(posrec status --format json | jq .running)" true
    stop_run
    start_run --for 1s
    wait "$RUN_PID"
    RUN_PID=
    assert_equal "$(posrec status --format json | jq .running)" false
}

@test "rebuild and run keep each other out, by whatever name; a copy is rebuilt beside" {
    start_sim
    run_config 200ms
    ln -s posrec.db link.db
    start_run
    wait_for good_polls 2
    for name in posrec.db link.db; do
        run posrec -d $name rebuild
        assert_equal "$status" 1
        assert_contains "$output" "$name: a 'posrec run' is recording into it (stop that one first)"
    done
    posrec -q rebuild --output copy.db
    stop_run
    touch posrec.db.run-lock
    rebuilding() { flock -s -n posrec.db.run-lock "$@"; }
    run rebuilding "$BUILD/posrec" run --for 1s
    assert_equal "$status" 1
    assert_contains "$output" "'posrec rebuild' is at work on it (start again when it is done)"
    assert_equal "$(rebuilding "$BUILD/posrec" status --format json | jq .running)" false
    posrec -q rebuild
    assert_sound
}

@test "SIGTERM lets the poll in flight end; SIGINT stops too" {
    start_sim
    run_config 1s
    start_run
    wait_for logged event=capture
    sim 'fault?kind=stall&delay_ms=700' > /dev/null
    stalled() { curl -sS "$SIM/sim/log" | jq -se 'any(.status == 0)' > /dev/null; }
    wait_for stalled
    kill -TERM "$RUN_PID"
    wait "$RUN_PID"
    assert_equal "$(sql "SELECT count(*) > 0 FROM capture WHERE received_ms - sent_ms >= 650 AND outcome = 'ok'")" 1
    assert_sound
    start_run
    wait_for logged event=capture
    kill -INT "$RUN_PID"
    wait "$RUN_PID"
    RUN_PID=
}

@test "SIGHUP reads the configuration again; a broken one changes nothing" {
    start_two
    start_run
    wait_for good_polls 2
    printf '[account second]\nbase_url = nonsense\n' >> posrec.ini
    kill -HUP "$RUN_PID"
    wait_for grep -q 'event=config_not_reloaded' run.log
    polls=$(sql 'SELECT count(*) FROM capture')
    wait_for good_polls $((polls + 2))
    run_config 200ms
    add_second
    kill -HUP "$RUN_PID"
    wait_for grep -q 'event=config_reloaded' run.log
    second() { [ "$(sql "SELECT count(*) FROM capture JOIN account USING (account_id) WHERE name = 'second' AND outcome = 'ok'")" -ge 2 ]; }
    wait_for second
    stop_run
    assert_sound
}

@test "429 and 418: not one request before Retry-After is over" {
    start_sim
    run_config 200ms
    start_run
    wait_for good_polls 2
    wait_for contracts_known
    sim 'fault?kind=status&status=429&code=-1003&retry_after=1' > /dev/null
    wait_for outcome_seen rate_limited
    wait_for good_after rate_limited 2
    [ "$(pause_after 429)" -ge 1000 ]
    sim 'fault?kind=status&status=418&code=-1003&retry_after=1' > /dev/null
    wait_for outcome_seen banned
    wait_for good_after banned 2
    [ "$(pause_after 418)" -ge 1000 ]
    stop_run
    grep -q 'level=error event=rate_limited base_url=http://127.0.0.1.* until=' run.log
    grep -q 'level=error event=banned .* until=' run.log
    # Each pause is a gap of its own.
    assert_equal "$(sql "SELECT count(DISTINCT g.from_ms) FROM gap AS g JOIN poll_log AS p ON p.received_ms BETWEEN g.from_ms AND g.to_ms WHERE g.missed >= 4 AND p.outcome IN ('rate_limited', 'banned')")" 2
    assert_sound
}

@test "one account's 429 pauses all accounts of that exchange" {
    start_two
    add_second
    start_run
    wait_for good_polls 4
    wait_for contracts_known
    sim 'fault?kind=status&status=429&code=-1003&retry_after=2&account=main' > /dev/null
    wait_for good_after rate_limited 4
    stop_run
    # The other account's request of the same tick may have been out already.
    assert_contains '[] ["second"]' "$(curl -sS "$SIM/sim/log" | jq -sc '[.[] | select(.status == 429)][0].ms as $t | [.[] | select(.ms > $t and .ms < $t + 2000).account]')"
    assert_sound
}

# only_tick: the service's first tick, which is its only one and as long as the machine needs, from its fault to a good
# poll; ATTEMPTS is what became of it.
only_tick() {
    local polls
    polls=$(polls_there)
    start_run
    wait_for good_polls $((polls + 1))
    stop_run
    cat run.log >> all.log
    ATTEMPTS=$(sql "SELECT group_concat(attempt || outcome) FROM (SELECT * FROM capture WHERE endpoint = 'positionRisk' AND capture_id > (SELECT max(capture_id) FROM capture WHERE outcome = 'started') ORDER BY capture_id)")
}

@test "5xx, resets and half bodies are tried again within the tick, and it goes on" {
    start_sim
    run_config 1d
    for fault in 'kind=status&status=500' 'kind=status&status=503' 'kind=reset&count=4' 'kind=half'; do
        sim "fault?$fault" > /dev/null
        only_tick
        echo "$fault: $ATTEMPTS"
        case $fault in
        *status*) assert_equal "$ATTEMPTS" "1server_error,2ok" ;;
        *half*) assert_equal "$ATTEMPTS" "1network_error,2ok" ;;
        *) grep -qE '^1network_error,([2-4]network_error,)*[2-5]ok$' <<< "$ATTEMPTS" ;;
        esac
    done
    run_config 200ms
    start_run
    wait_for good_polls 8
    stop_run
    assert_sound
}

@test "a stall past the timeout costs its ticks, shows as a gap, and nothing else" {
    start_sim
    run_config 200ms "timeout = 1s"
    start_run
    wait_for good_polls 2
    sim 'fault?kind=stall' > /dev/null
    wait_for outcome_seen timeout
    wait_for good_after timeout 2
    stop_run
    # Each one: a slow machine may make more of them.
    assert_equal "$(sql "SELECT count(*) FROM gap AS g JOIN poll_log AS p ON p.received_ms BETWEEN g.from_ms AND g.to_ms WHERE g.missed >= 1 AND p.outcome = 'timeout'")" \
        "$(sql "SELECT count(*) FROM poll_log WHERE outcome = 'timeout'")"
    grep -q 'event=ticks_skipped' run.log
    assert_sound
}

@test "garbage and truncated bodies are unreadable, kept, and the next tick is good" {
    start_sim
    run_config 200ms
    start_run
    wait_for good_polls 2
    sim 'fault?kind=garbage' > /dev/null
    sim 'fault?kind=truncated' > /dev/null
    twice() { [ "$(sql "SELECT count(*) FROM capture WHERE outcome = 'unreadable' AND payload_id > 0")" = 2 ]; }
    wait_for twice
    wait_for good_after unreadable 2
    stop_run
    assert_sound
}

@test "a clock that is five minutes off, either way, or drifts while it runs is corrected" {
    for offset in 300000 -300000; do
        start_sim
        rm -f posrec.db*
        run_config 1s # a tick has time for a second try
        sim "clock?offset_ms=$offset" > /dev/null
        start_run
        wait_for good_polls 3
        assert_equal "$(sql "SELECT count(*) FROM capture WHERE outcome <> 'ok' AND endpoint <> 'recorder'")" 0
        assert_equal "$(sql "SELECT min(abs(clock_offset_ms - $offset)) < 3000 FROM capture WHERE endpoint = 'positionRisk'")" 1
        sim "clock?offset_ms=$((offset + 120000))" > /dev/null # twice as far as a question may be old
        wait_for outcome_seen api_error
        wait_for good_after api_error 3
        assert_equal "$(sql "SELECT group_concat(attempt || outcome) FROM (SELECT * FROM capture WHERE due_ms = (SELECT due_ms FROM capture WHERE api_code = -1021 ORDER BY capture_id LIMIT 1) ORDER BY capture_id)")" "1api_error,2ok"
        sim "clock?offset_ms=$((offset - 120000))" > /dev/null
        twice() { [ "$(sql "SELECT count(*) FROM capture WHERE api_code = -1021")" -ge 2 ]; }
        wait_for twice
        wait_for good_after api_error 2
        stop_run
        assert_sound
        stop_sim
    done
}

@test "the exchange gone for a while and back: failures are rows, the hole is a gap" {
    hold_port
    start_sim --port "$PORT"
    run_config 200ms
    start_run
    wait_for good_polls 2
    stop_sim
    wait_for outcome_seen network_error
    wait_for silent_for 1000
    start_sim --port "$PORT"
    wait_for good_after network_error 2
    stop_run
    [ "$(sql 'SELECT count(*) FROM gap')" -ge 1 ]
    assert_sound
}

@test "a wrong and an expired certificate are tls_error until they are mended" {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem 2> /dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=sim -keyout server.key -out server.csr 2> /dev/null
    issue() { # NAME DAYS
        printf 'subjectAltName=%s\n' "$1" > names
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days "$2" -extfile names -out server.pem 2> /dev/null
    }
    hold_port
    # restart DAYS NAME: an exchange with such a certificate.
    restart() {
        stop_sim
        issue "$2" "$1"
        start_sim --tls-cert server.pem --tls-key server.key --port "$PORT"
    }
    restart 2 IP:127.0.0.1
    write_config "https://127.0.0.1:$PORT" "interval = 200ms" "ca_file = ca.pem"
    cp posrec.ini keep.ini
    start_run
    wait_for good_polls 1 # what fails from now on has a time
    restart 2 DNS:other.test
    wait_for outcome_seen tls_error
    restart -1 IP:127.0.0.1
    expired() { [ "$(sql "SELECT count(*) FROM capture WHERE detail LIKE '%expired%'")" -ge 1 ]; }
    wait_for expired
    restart 2 IP:127.0.0.1
    wait_for good_after tls_error 2
    stop_run
    cp keep.ini posrec.ini
    posrec -q verify > /dev/null
}

@test "a bad account never delays another" {
    start_two 200ms
    add_second "interval = 200ms" "timeout = 300s"
    sim 'silence?to=all&account=second' > /dev/null
    start_run
    wait_for good_polls 6
    # All that time the other account's first request was out.
    assert_equal "$(sql "SELECT count(*) FROM poll_log WHERE account = 'second'")" 0
    assert_equal "$(curl -sS "$SIM/sim/log" | jq -sc '[.[] | select(.account == "second") | .status]')" '[0]'
    assert_equal "$(sql "SELECT count(*) FROM poll_log WHERE account = 'main' AND outcome = 'ok'" | awk '{ print ($1 >= 6) }')" 1
    kill -KILL "$RUN_PID" # it would wait for the request that is out
    wait "$RUN_PID" || true
    RUN_PID=
}

@test "accounts that need more weight than there is are told the interval that fits" {
    start_sim --weight-limit 100
    run_config 100ms
    start_run
    wait_for logged 'event=weight_budget .* needed_a_minute=600 allowed_a_minute=80 interval_ms_that_fits=751'
    wait_for good_polls 20
    stop_run
    [ "$(sim weights | jq -s 'map(.used) | max')" -le 80 ]
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE outcome = 'rate_limited'")" 0
}

@test "an exchange that is written in two ways is one, with one budget" {
    printf '%s\n' "main hedge $KEY $SECRET" "second one-way other-key other-secret" > accounts
    start_sim --weight-limit 100
    run_config 200ms
    SIM=HTTP${SIM#http}/ add_second
    start_run
    wait_for logged event=weight_budget
    stop_run
    # Both accounts' weight together.
    grep -q 'event=weight_budget .* needed_a_minute=600 allowed_a_minute=80' run.log
}

@test "the stream of each exchange that is known is found" {
    for url in https://dapi.binance.com HTTPS://DAPI.binance.com:443/ https://demo-dapi.binance.com/ \
        https://testnet.binancefuture.com// https://dapi.example.com; do
        # What is asked ends at a proxy that is not there.
        write_config "$url" "proxy = http://127.0.0.1:1"
        start_run
        wait_for logged event=clock_not_measured # the first thing that is asked
        stop_run
        case $url in
        *example*) logged "event=stream_not_recorded account=main" ;;
        *) run ! logged event=stream_not_recorded ;;
        esac
    done
    run posrec doctor
    assert_contains "$output" "no stream_url is known"
}

@test "what other programs on the address use counts, and weight_share says how much may be used" {
    start_sim --weight-limit 10000 --clock-offset-ms $((48000 - $(now_ms) % 60000)) # a minute turns soon
    run_config 200ms
    sed -i 's|^database = .*|&\nweight_share = 50|' posrec.ini
    start_run
    wait_for good_polls 3
    wait_for contracts_known # which say the limit
    # Over half: no more until the minute turns. Where that is so near that no tick is seen to be skipped, again.
    others_use_it_up() {
        [ "$(sim weights | jq -s 'last.used')" -gt 5000 ] || { echo >> turns && sim 'weight?others=5500' > /dev/null; }
        logged 'event=ticks_skipped'
    }
    wait_for others_use_it_up
    [ "$(curl -sS "$SIM/sim/log" | jq -s 'map(select(.weight > 5500)) | length')" -le "$(wc -l < turns)" ]
    stop_run
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE outcome = 'rate_limited'")" 0
    sed -i 's|^weight_share = .*|weight_share = 101|' posrec.ini
    run posrec doctor
    assert_contains "$output" "weight_share '101': not a number of percent from 1 to 100"
    sed -i 's|^weight_share = .*|weight_share = 1|' posrec.ini
    run posrec doctor
    assert_contains "$output" "warn  weight: 300 a minute, the exchange allows about 24 (an interval of 2501 ms fits)"
}

@test "maintenance is an outage: tried again within the tick, never taken for a refused key" {
    start_sim
    run_config 1d
    while read -r fault outcome; do
        curl -sS -f "$SIM/sim/fault?$fault" -H 'Content-Type: application/octet-stream' \
            --data-binary '{"239999":"The system is under maintenance, please try again later."}' > /dev/null
        only_tick
        # Whatever the answer's shape, it was tried again before the next tick was due.
        assert_equal "$fault $ATTEMPTS" "$fault 1$outcome,2ok"
    done << 'FAULTS'
kind=status&status=503&code=-1016 server_error
kind=status&status=400&code=-1016 api_error
kind=status&status=400&code=-1109 api_error
kind=body&status=200 unreadable
kind=body&status=403 api_error
FAULTS
    assert_equal "$(grep -c event=refused all.log)" 0
    assert_sound
}

@test "a place that is not served is tried once a minute" {
    start_two
    add_second
    curl -sS -f "$SIM/sim/fault?kind=body&status=451&count=100&account=main" --data-binary '<html>' \
        -H 'Content-Type: application/octet-stream' > /dev/null
    start_run
    wait_for logged "event=refused account=main endpoint=positionRisk detail=\"HTTP 451\" advice=\"the exchange does not serve the place of this address\" page="
    # The other account's ticks go by.
    wait_for good_polls 10
    stop_run
    assert_equal "$(sql "SELECT min(apart) >= 59000 FROM (SELECT received_ms - lag(received_ms, 1, 0) OVER (ORDER BY capture_id) AS apart FROM poll_log WHERE http_status = 451)")" 1
    assert_sound
}

@test "a long reader neither blocks recording nor keeps the log from being emptied afterwards" {
    start_sim
    run_config 100ms
    start_run
    wait_for good_polls 5
    python3 - <<'PYTHON' > reader.log 2>&1 3>&- &
import os, sqlite3, time
database = sqlite3.connect("file:posrec.db?mode=ro", uri=True)
rows = database.execute("SELECT * FROM valuation, capture")
rows.fetchone()
open("reading", "w").close()
while not os.path.exists("stop-reading"):
    time.sleep(0.05)
PYTHON
    READER_PID=$!
    wait_for test -e reading
    polls=$(sql 'SELECT count(*) FROM capture')
    wait_for good_polls $((polls + 40))
    assert_equal "$(grep -c event=not_recorded run.log)" 0
    [ "$(stat -c %s posrec.db-wal)" -gt 0 ]
    touch stop-reading
    wait "$READER_PID"
    READER_PID=
    emptied() { [ "$(stat -c %s posrec.db-wal)" -lt 200000 ]; }
    wait_for emptied
    stop_run
    assert_sound
}

# full_disk: a disk of two megabytes for the database, which begins with half of one in its log, and then no room on it.
full_disk() {
    mkdir disk
    mount -t tmpfs -o size=2m tmpfs disk
    sed -i 's|^database = .*|database = disk/posrec.db|' posrec.ini
}

fill_disk() {
    dd if=/dev/zero of=disk/filler bs=4k 2> /dev/null || true
}

recorded() {
    [ "$(sqlite3 -readonly disk/posrec.db "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok'")" -ge "$1" ]
}

polled() {
    curl -sS "$SIM/sim/log" | jq -s 'map(select(.endpoint == "positionRisk")) | length'
}

# wait_for_polls COUNT: until the exchange was asked so often again.
wait_for_polls() {
    local polls
    polls=$(($(polled) + $1))
    asked_again() { [ "$(polled)" -ge "$polls" ]; }
    wait_for asked_again
}

# gap_causes KIND: what the gaps of this kind have for causes.
gap_causes() {
    posrec report gaps --format ndjson | jq -r "select(.kind == \"$1\") | .cause" | sort -u | xargs
}

@test "a full disk: polls wait in memory and are written, in order, when there is room" {
    start_sim --symbols 10
    run_config 250ms
    full_disk
    start_run
    wait_for recorded 5
    fill_disk
    wait_for grep -q 'level=error event=not_recorded .*no room left' run.log
    wait_for_polls 8
    rm disk/filler
    wait_for grep -q 'event=recording_again' run.log
    polls=$(sqlite3 -readonly disk/posrec.db 'SELECT count(*) FROM capture')
    wait_for recorded $((polls + 5))
    stop_run
    cp disk/posrec.db .
    umount disk
    assert_ticks 250
    assert_equal "$(sql "SELECT count(*) FROM (SELECT due_ms - lag(due_ms) OVER (ORDER BY capture_id) AS apart FROM capture WHERE due_ms % 250 = 0) WHERE apart <= 0")" 0
    ! grep -q 'captures_dropped\|captures_lost' run.log
    assert_sound
}

@test "a full disk for long: what does not fit into memory is a gap that says so, and accuses nobody" {
    start_sim --symbols 10
    run_config 250ms "stream_url = ws${SIM#http}"
    full_disk
    start_run
    wait_for recorded 5
    wait_for stream_heard
    fill_disk
    wait_for grep -q 'level=error event=not_recorded .*no room left' run.log
    sim 'trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=7' > /dev/null
    sim 'stream?account=main&burst=11500&per_second=2000' > /dev/null
    wait_for grep -q 'event=captures_dropped' run.log
    sim 'trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=7' > /dev/null
    dropped() { [ "$(sed -n 's/.*event=captures_dropped .*since_start=\([0-9]*\).*/\1/p' run.log | tail -n 1)" -ge 1500 ]; } # all of the burst is there
    wait_for dropped
    mount -o remount,size=100m disk
    rm disk/filler
    wait_for grep -q 'event=recording_again' run.log
    written_again() { [ "$(sqlite3 -readonly disk/posrec.db "SELECT count(*) FROM capture WHERE outcome = 'opened'")" -ge 2 ]; }
    wait_for written_again
    polls=$(sqlite3 -readonly disk/posrec.db "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk'")
    wait_for recorded $((polls + 5))
    stop_run
    cp disk/posrec.db .
    umount disk
    sed -i 's|^database = .*|database = posrec.db|' posrec.ini
    assert_equal "$(sql "SELECT group_concat(outcome || iif(detail LIKE 'disk_full: % captures could not be written', ' full', ''), ' ') FROM (SELECT outcome, detail FROM capture WHERE endpoint = 'recorder' ORDER BY capture_id)")" \
        "started stopped full started stopped"
    assert_contains " $(gap_causes stream) " " disk_full "
    assert_contains " $(gap_causes polls) " " disk_full "
    # The exchange is accused of nothing.
    assert_equal "$(accused 2> /dev/null | jq -r .finding | sort -u | grep -v '^gap_hides_change$')" ""
    assert_sound
}

@test "a disk that is full to the end: the next run says why nothing is known since" {
    start_sim --symbols 10
    run_config 250ms "stream_url = ws${SIM#http}"
    full_disk
    start_run
    wait_for recorded 5
    wait_for stream_heard
    fill_disk
    wait_for grep -q 'level=error event=not_recorded .*no room left' run.log
    wait_for_polls 4 # fewer may be no gap
    stop_run
    grep -q 'event=captures_lost' run.log
    rm disk/filler
    polls=$(sqlite3 -readonly disk/posrec.db "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk'")
    start_run
    wait_for recorded $((polls + 5))
    stop_run
    cp disk/posrec.db .
    umount disk
    sed -i 's|^database = .*|database = posrec.db|' posrec.ini
    assert_contains " $(gap_causes polls) " " disk_full "
    assert_contains " $(gap_causes stream) " " disk_full "
    # It is said once.
    assert_equal "$(sql "SELECT group_concat(outcome, ' ') FROM (SELECT outcome FROM capture WHERE endpoint = 'recorder' ORDER BY capture_id)")" \
        "started stopped started stopped"
    assert_sound
}

@test "systemd is told ready, alive and stopping" {
    start_sim
    run_config 200ms
    python3 - <<'PYTHON' > notified 3>&- &
import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
s.settimeout(180)
while True:
    text = s.recv(4096).decode()
    print(text.replace("\n", " "), flush=True)
    if "STOPPING=1" in text:
        break
PYTHON
    listener=$!
    wait_for test -S notify
    NOTIFY_SOCKET=$PWD/notify WATCHDOG_USEC=400000 "$BUILD/posrec" run > run.out 2> run.log 3>&- &
    RUN_PID=$!
    alive() { [ "$(grep -c WATCHDOG=1 notified)" -ge 2 ]; }
    wait_for alive
    stop_run
    wait "$listener"
    grep -q READY=1 notified
}

@test "status tells a monitor when an account has waited too long" {
    start_sim
    run_config 200ms
    for _ in 1 2 3; do posrec -q fetch > /dev/null; done
    posrec -q status --max-age 1h > /dev/null
    run posrec -q status --max-age 1ms
    assert_equal "$status" 1
    printf '[account never]\nbase_url = %s\napi_key_file = main.key\nsecret_file = main.secret\n' "$SIM" >> posrec.ini
    run posrec status --max-age 1h
    assert_equal "$status" 1
    assert_contains "$output" "account never: no good poll"
    assert_equal "$(posrec status --format json | jq -r '.accounts[0].outcomes_24h')" ok:3
}

@test "a last good poll in the future has no age, and a monitor is told" {
    poll() { printf '{"account":"%s","received_ms":%s,"interval_ms":10000,"body":"[]"}\n' "$1" $(($(date +%s%3N) + $2)); }
    status_of() { posrec -d posrec.db status --account "$1" --format json | jq -c '.accounts[0] | [.age_s, .missed_now]'; }
    poll near 3000 | posrec -q import -
    posrec -d posrec.db -q status --max-age 1h > /dev/null
    posrec -d posrec.db status --format json | jq -e '.accounts[0].age_s | . >= 0 and . < 3000' > /dev/null
    poll ahead 43200000 | posrec -q import -
    # The oldest is not the worst.
    poll old -600000 | posrec -q import -
    assert_equal "$(status_of ahead)" "[null,null]"
    [[ "$(status_of old)" =~ ^\[(6|7|8|9|1[0-9])[0-9][0-9] ]] # ten minutes, or some more
    run --separate-stderr posrec -d posrec.db status --max-age 1h
    assert_equal "$status" 1
    assert_equal "$(tail -n 1 <<< "$stderr")" "an account: its last good poll lies in the future: the clock, or an import"
    run --separate-stderr posrec -d posrec.db status --max-age 1h --account ahead
    assert_equal "$status" 1
    assert_equal "$(tail -n 1 <<< "$stderr")" "account ahead: its last good poll lies in the future: the clock, or an import"
    posrec -d posrec.db -q status --max-age 1h --account old > /dev/null
    start_sim
    sed -i 's/account main/account ahead/' posrec.ini
    run --separate-stderr posrec status --max-age 1h
    assert_equal "$status" 1
    assert_equal "$(tail -n 1 <<< "$stderr")" "account ahead: its last good poll lies in the future: the clock, or an import"
}

@test "doctor says what is well and what to do about the rest" {
    start_sim
    posrec -q migrate
    run posrec doctor
    assert_equal "$status" 0
    assert_contains "$output" "ok    account main: a signed call with its HMAC-SHA-256 key was answered"
    assert_contains "$output" "ok    account main: clock within"
    sim 'clock?offset_ms=5000' > /dev/null
    run posrec doctor
    assert_contains "$output" "warn  account main: this machine's clock is off by"
    sim 'key?account=main&revoked=1' > /dev/null
    run --separate-stderr posrec doctor
    assert_equal "$status" 1
    assert_contains "$output" "fail  account main: api_error: Invalid API-key"
    chmod 644 main.key
    run posrec doctor
    assert_contains "$output" "fail  keys: account main: API key: main.key: others can read it (run: chmod 600 main.key)"
    stop_sim
    chmod 600 main.key
    run --separate-stderr posrec doctor
    assert_equal "$status" 1
    assert_contains "$output" "check DNS, firewall, proxy and base_url"
}

@test "report coverage counts days, gaps and failures" {
    python3 - <<'PYTHON' > in.ndjson
import json
day = 86400000
for i in list(range(0, 3 * 8640)):
    t = 20000 * day + i * 10000
    if 8640 <= i < 2 * 8640 or i in (100, 101, 102):
        continue
    line = {"received_ms": t + 30, "due_ms": t, "interval_ms": 10000, "body": "[]"}
    if i == 200:
        line = {"received_ms": t + 30, "due_ms": t, "interval_ms": 10000, "outcome": "timeout"}
    print(json.dumps(line))
PYTHON
    posrec -q import in.ndjson
    assert_equal "$(sql "SELECT missed FROM gap" | xargs)" "3 1 8640"
    # Gaps of 40 s and 20 s, and of a day that begins 40 ms before it and ends 30 ms in the next.
    assert_equal "$(sql "SELECT day, covered_s, expected_s, share FROM coverage_daily" | xargs)" "2024-10-04|86330.0|86399.97|0.99919 2024-10-05|0.0|86400.0|0.0 2024-10-06|86390.0|86390.03|1.0"
    assert_equal "$(posrec report coverage --format csv | tr -d '\r' | sed -n 2p)" "main,2024-10-04,86330.0,86399.97,0.99919,8636,1,3,86410.0,,,"
    assert_equal "$(posrec report coverage --from 2024-10-06 --format ndjson | jq -r .day)" 2024-10-06
    run posrec report coverage --from 2030-01-01
    assert_contains "$output" "No poll is in this range; the history goes from"
    run posrec report nonsense
    assert_equal "$status" 2
}
