load run_helper

# How the exchange is asked, by the contract: by its own clock, never through a pause it orders, nobody at another's cost,
# within its weight, past connections that are dead, with the descriptors that there are.

HOURS_10_MS=36000000

# exchange_times [FROM_MS-TO_MS]...: checks that what was recorded of each request is the exchange's time, to two seconds,
# but of those within these times, by the machine's clock.
exchange_times() {
    sim log > log
    python3 "$SOURCE/tests/e2e/exchange_times.py" posrec.db log "$@"
}

# asked_within MS STATUS: whose requests came in so many milliseconds after the first answer of that status.
asked_within() {
    sim log | jq -sc "([.[] | select(.status == $2)][0].ms) as \$t | [.[] | select(.ms > \$t and .ms < \$t + $1).account]"
}

# clock_measured N: whether the service, which says much, has measured the exchange's clock so many times.
clock_measured() {
    [ "$(grep -c 'event=clock ' run.log)" -ge "$1" ]
}

# measured_from: the first poll that is wholly by the time that /time told the service, which says much; the second of all
# where it told none. Before, Date may be a second off: what was under way when that was corrected lies beside the multiples,
# and the next is the next of the corrected time, whatever lay between. Of two polls the log may tell later than of the clock.
measured_from() {
    local told=0
    ! clock_measured 1 || told=$(sed '/event=clock /q' run.log | sed -n 's/.* event=capture .* capture=\([0-9]*\) .*/\1/p' | tail -n 1)
    sql "SELECT capture_id FROM capture WHERE endpoint = 'positionRisk' AND capture_id > ${told:-0} LIMIT 1 OFFSET $((told == 0 ? 1 : 2))"
}

# is_between FROM MS TO: to three seconds.
is_between() {
    echo "$2: between $1 and $3?"
    [ $(($2 - $1)) -ge -3000 ] && [ $(($2 - $3)) -le 3000 ]
}

# polled_since MS N: whether so many good polls were sent since then, by the exchange's clock.
polled_since() {
    [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok' AND sent_ms >= $1" 2> /dev/null || echo 0)" -ge "$2" ]
}

# answered_since MS N: whether so many polls were answered well since then, by the machine's clock.
answered_since() {
    [ "$(sim log | jq -s "map(select(.endpoint == \"positionRisk\" and .status == 200 and .ms > $1)) | length")" -ge "$2" ]
}

@test "the simulated exchange dates, counts and keeps silent as these tests take it" {
    # Half a minute and a second into a minute, by its clock.
    start_sim --clock-offset-ms $((HOURS_10_MS + 31000 - $(now_ms) % 60000))
    ask() { curl -sS -i "$@" | tr -d '\r'; }
    time_url=$SIM/dapi/v1/time
    from_ms=$(now_ms)
    dated=$(ask "$time_url" | sed -n 's/^Date: //p')
    offset_ms=$(sim log | jq -s 'last | .exchange_ms - .ms')
    is_between $((from_ms + offset_ms)) "$(date -d "$dated" +%s%3N)" $(($(now_ms) + offset_ms))
    # A minute of its own begins half a minute away from the clock's.
    sim 'weight?minute_offset_ms=30000&limit=2' > /dev/null
    assert_equal "$(for _ in 1 2 3; do ask "$time_url" | sed -n 's/^X-MBX-USED-WEIGHT-1M: //p'; done | xargs)" "1 2 3"
    assert_equal "$(sim weights | jq -c '[.start_ms % 60000, .used, .refused]' | xargs)" "[0,1,0] [30000,3,1]"
    sim 'weight?limit=2400' > /dev/null
    # What is swallowed is known; it is hung up when the silence ends.
    sim 'silence?to=stream&account=ma*' > /dev/null
    key=$(curl -sS -X POST -H "X-MBX-APIKEY: $KEY" "$SIM/dapi/v1/listenKey" | jq -r .listenKey)
    ask "$SIM/ws/$key" -H 'Upgrade: websocket' -H 'Connection: Upgrade' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' > no_stream 2>&1 3>&- &
    asker=$!
    shaken() { [ -n "$(sim connections)" ]; }
    wait_for shaken
    assert_equal "$(sim connections | jq -c '[.account, .status]')" '["main",0]'
    sim 'silence?to=all' > /dev/null
    ask "$time_url" > hung_up 2>&1 3>&- &
    swallowed() { sim log | jq -se 'any(.endpoint == "time" and .status == 0)' > /dev/null; }
    wait_for swallowed
    [ ! -s no_stream ] && [ ! -s hung_up ]
    sim 'silence?to=nothing' > /dev/null
    wait $asker $! || true
    assert_contains "$(cat hung_up)" "Empty reply"
    assert_contains "$(ask "$time_url")" "200 OK"
}

@test "a machine ten hours ahead or behind records the exchange's time, also where /time fails at first" {
    for offset in $HOURS_10_MS -$HOURS_10_MS; do
        # It fails, it orders a pause, it is never answered: then other answers' dates are all there is.
        for fault in 'kind=status&status=500&count=3' 'kind=status&status=429&code=-1003&retry_after=1' 'kind=stall&count=1000'; do
            case $fault$offset in kind=stall*-*) continue ;; esac # once will do
            rm -f posrec.db*
            start_sim --clock-offset-ms $offset
            run_config 200ms
            sim "fault?endpoint=time&$fault" > /dev/null
            started_ms=$(now_ms)
            start_run -vv
            wait_for good_polls 4
            took_ms=$(($(now_ms) - started_ms))
            case $fault in kind=stall*) ;; *) wait_for clock_measured 1 ;; esac
            wait_for good_polls $(($(polls_there) + 5))
            stop_run
            echo "offset $offset, /time with $fault: four good polls after $took_ms ms"
            [ $took_ms -lt 60000 ] # for so long what has no time yet may wait
            case $fault in *429*) assert_equal "$(asked_within 1000 429)" '[]' ;; esac
            exchange_times
            assert_equal "$(sql "SELECT count(*) FROM capture WHERE http_status IS NOT NULL AND abs(clock_offset_ms - $offset) < 2000" )" \
                "$(sql "SELECT count(*) FROM capture WHERE http_status IS NOT NULL")"
            # The first is at once; the others are on multiples.
            from=$(measured_from)
            sql "SELECT capture_id, due_ms, sent_ms, received_ms, clock_offset_ms, due_ms % 200 FROM capture"
            assert_equal "$(sql "SELECT count(*) > 1, sum(due_ms % 200) FROM capture WHERE endpoint = 'positionRisk' AND attempt = 1 AND capture_id >= $from")" "1|0"
            assert_equal "$(sql "SELECT max(abs(sent_ms - due_ms)) < 60000 FROM capture WHERE endpoint = 'positionRisk' AND attempt = 1")" 1
            # Nothing that the machine's clock would have had as a tick.
            [ "$(ticks_skipped)" -lt 5000 ]
            assert_ticks 200 "$from"
            assert_sound "$from"
            stop_sim
        done
    done
}

@test "what failed before the exchange was heard is recorded with its time once that is known" {
    hold_port
    for offset in $HOURS_10_MS -$HOURS_10_MS; do
        rm -f posrec.db*
        write_config "http://127.0.0.1:$PORT" "interval = 200ms"
        away_ms=$(now_ms)
        start_run
        wait_for logged event=clock_not_measured
        sleep 2 # some polls fail; one does at least
        back_ms=$(now_ms)
        start_sim --clock-offset-ms $offset --port "$PORT"
        wait_for good_after network_error 3
        heard_ms=$(now_ms)
        stop_run
        # When it was away, by the exchange's clock.
        assert_equal "$(sql "SELECT count(*) >= 1, min(received_ms) >= $away_ms + $offset - 1500, min(sent_ms) <= $back_ms + $offset + 1500, max(received_ms) <= $heard_ms + $offset + 1500,
                                    count(*) = count(clock_offset_ms) FROM capture WHERE outcome = 'network_error'")" "1|1|1|1|1"
        exchange_times
        assert_sound
        stop_sim
    done
}

@test "what never heard the exchange is recorded with the machine's clock, and says so" {
    hold_port
    write_config "http://127.0.0.1:$PORT" "interval = 200ms"
    from_ms=$(now_ms)
    posrec run --count 3 2> run.log || true
    run posrec fetch
    assert_equal "$status" 1
    to_ms=$(now_ms)
    assert_equal "$(sql "SELECT count(*) >= 2, count(clock_offset_ms), min(sent_ms) >= $from_ms, max(received_ms) <= $to_ms, group_concat(DISTINCT outcome) FROM capture WHERE endpoint <> 'recorder'")" "1|0|1|1|network_error"
    assert_sound
}

@test "a wall clock that is stepped, both ways, is no concern of what is recorded" {
    needs_plain_build
    start_sim --clock-offset-ms $HOURS_10_MS
    run_config 500ms
    echo '+0' > step
    FAKETIME_TIMESTAMP_FILE=$PWD/step FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
        "$FAKE_TIME" "$BUILD/posrec" -vv run > run.out 2> run.log 3>&- &
    RUN_PID=$!
    wait_for good_polls 3
    for step in +5h -5h +0; do
        echo $step > step
        wait_for polled_since $(($(now_ms) + HOURS_10_MS + 500)) 3
    done
    stop_run
    exchange_times
    from=$(measured_from)
    assert_ticks 500 "$from"
    assert_sound "$from"
}

# run_with_boot_clock: the service, with a boot-time clock that is ahead by the seconds in the file `ahead`.
run_with_boot_clock() {
    needs_plain_build
    echo 0 > ahead
    BOOT_CLOCK_FILE=$PWD/ahead LD_PRELOAD=$BUILD/boot_clock.so "$BUILD/posrec" -vv run > run.out 2> run.log 3>&- &
    RUN_PID=$!
}

# boot_clock_ahead SECONDS: seen whole or not at all.
boot_clock_ahead() {
    echo "$1" > ahead.new
    mv ahead.new ahead
}

# keys_asked N: whether the listen key was asked for so many times.
keys_asked() {
    [ "$(sim log | jq -s 'map(select(.endpoint == "listenKey" and .method == "POST" and .status == 200)) | length')" -ge "$1" ]
}

@test "a machine that slept goes on as if it had not: ticks, times, the listen key, what was waited for" {
    needs_plain_build
    # The exchange's clock goes by the same file: it wakes with the machine, to the millisecond.
    BOOT_CLOCK_FILE=$PWD/ahead BOOT_CLOCK_WALL=1 LD_PRELOAD=$BUILD/boot_clock.so start_sim --steady --no-trades
    run_config 500ms "stream_url = ws${SIM#http}"
    run_with_boot_clock
    wait_for good_polls 3
    wait_for stream_heard
    asked=$(sim log | jq -s 'map(select(.endpoint == "listenKey")) | length')
    # Longer than a key is left alone, shorter than it lives; then longer than it lives. Each time there is something
    # that is waited out: a minute after a refusal, and a pause that the exchange ordered.
    slept_s=0
    for nap_s in 660 18000; do
        if [ $nap_s = 660 ]; then
            sim 'key?account=main&revoked=1' > /dev/null
            wait_for outcome_seen api_error
            sim 'key?account=main&revoked=0' > /dev/null
        else
            sim 'fault?kind=status&status=429&code=-1003&retry_after=9000' > /dev/null
            wait_for outcome_seen rate_limited
        fi
        slept_s=$((slept_s + nap_s))
        woke_ms=$(($(now_ms) + slept_s * 1000))
        boot_clock_ahead $slept_s
        wait_for polled_since $woke_ms 4
        wait_for keys_asked $((asked += 1))
        # What was slept through is not asked for afterwards.
        sim log > log
        took_ms=$(($(now_ms) + slept_s * 1000 - woke_ms))
        polls=$(jq -s "map(select(.endpoint == \"positionRisk\" and .exchange_ms >= $woke_ms)) | length" log)
        echo "$polls polls in $took_ms ms after $nap_s s of sleep"
        [ "$polls" -le $((took_ms / 500 + 4)) ]
    done
    # The key had expired: the stream is up with the new one, and tells.
    new_key() { [ "$(sim keys | wc -l)" = 2 ]; }
    wait_for new_key
    told() {
        sim 'trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=1' > /dev/null
        sleep 0.3
        [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'userData' AND outcome = 'ok' AND received_ms > $woke_ms")" -ge 1 ]
    }
    wait_for told
    stop_run
    exchange_times
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND attempt = 1 AND due_ms > (SELECT min(due_ms) FROM capture) AND due_ms % 500 <> 0")" 0
    assert_sound
}

# found_out MEASURED: waits until the clock, measured so many times before it jumped at JUMPED_MS, was measured again, and
# three polls were answered since; the span between is in SPAN. It may take the ticks of five seconds.
found_out() {
    wait_for clock_measured $(($1 + 1))
    local measured_ms
    measured_ms=$(now_ms)
    SPAN=$JUMPED_MS-$measured_ms
    wait_for answered_since "$measured_ms" 3
    [ "$(sim log | jq -s "map(select(.status == 200 and .ms > $JUMPED_MS and .ms < $measured_ms)) | length")" -le 10 ]
}

@test "a boot-time clock that is wrong is found out within seconds, and no time stays ahead" {
    start_sim
    run_config 500ms
    run_with_boot_clock
    wait_for good_polls 3
    measured=$(grep -c 'event=clock ' run.log)
    boot_clock_ahead 10800
    JUMPED_MS=$(now_ms)
    found_out "$measured"
    stop_run
    exchange_times "$SPAN"
    # By then polls are on multiples of the exchange's time again.
    assert_equal "$(sql "SELECT count(*) > 0 FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok' AND due_ms % 500 = 0 AND abs(sent_ms - due_ms) < 2000 AND sent_ms BETWEEN ${SPAN#*-} AND $(now_ms) + 2000")" 1
}

@test "an exchange's time that jumps ahead is taken as it comes; behind what is recorded it is said" {
    start_sim
    run_config 500ms
    start_run -vv
    wait_for good_polls 3
    for offset in $HOURS_10_MS 0; do
        measured=$(grep -c 'event=clock ' run.log)
        JUMPED_MS=$(now_ms)
        sim "clock?offset_ms=$offset" > /dev/null
        found_out "$measured"
        if [ "$offset" != 0 ]; then
            exchange_times "$SPAN"
        fi
    done
    stop_run
    # An account's captures are in the order of their times: no other is before the last one.
    assert_equal "$(sql "SELECT count(*) > 0 FROM capture WHERE sent_ms BETWEEN $JUMPED_MS AND $(now_ms) AND received_ms > sent_ms + $HOURS_10_MS - 60000")" 1
    logged event=time_moved
    assert_sound
}

# fetch_is_paused FAULT: what fetch does about it, from FROM_MS to TO_MS: ends with exit 3, and its error names the end,
# NAMED_MS. All these pauses are longer than any machine needs.
fetch_is_paused() {
    sim "fault?kind=status&$1" > /dev/null
    FROM_MS=$(now_ms)
    run --separate-stderr timeout 300 "$BUILD/posrec" fetch
    TO_MS=$(now_ms)
    echo "exit $status after $((TO_MS - FROM_MS)) ms: $stderr"
    assert_equal "$status" 3
    NAMED_MS=$(date -d "$(grep -oE '20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z' <<< "$stderr" | tail -n 1)" +%s%3N)
}

# fetch_is_paused_for MS FAULT
fetch_is_paused_for() {
    fetch_is_paused "$2"
    is_between $((FROM_MS + $1)) "$NAMED_MS" $((TO_MS + $1))
}

@test "fetch never sleeps through a pause: it ends with exit 3 and says until when" {
    start_sim
    fetch_is_paused_for 600000 'status=429&code=-1003&retry_after=600'
    fetch_is_paused_for 1200000 'status=418&code=-1003&retry_after=1200'
    until_ms=$(($(now_ms) + 1800000))
    fetch_is_paused "status=418&code=-1003&message=Way+too+many+requests;+IP+banned+until+$until_ms."
    is_between $until_ms "$NAMED_MS" $until_ms
    # The pause is the address's, whatever was asked when it was ordered.
    if sim log | jq -se 'any(.endpoint == "time")' > /dev/null; then
        asked=$(sim log | jq -s 'map(select(.account == "main")) | length')
        fetch_is_paused_for 600000 'status=429&code=-1003&retry_after=600&endpoint=time'
        assert_equal "$(sim log | jq -s 'map(select(.account == "main")) | length')" "$asked"
    fi
}

@test "a pause of ten years is one of three days" {
    start_sim
    fetch_is_paused_for $((3 * 86400000)) 'status=429&code=-1003&retry_after=315360000'
    run_config 200ms
    sim 'fault?kind=status&status=429&code=-1003&retry_after=315360000' > /dev/null
    from_ms=$(now_ms)
    start_run
    wait_for logged event=rate_limited
    stop_run
    named=$(sed -n 's/.*event=rate_limited .*until=\([^ ]*\).*/\1/p' run.log | head -n 1)
    is_between $((from_ms + 3 * 86400000)) "$(date -d "$named" +%s%3N)" $(($(now_ms) + 3 * 86400000))
}

@test "a pause is counted from its receipt, whatever the clocks say, and then it goes on" {
    start_sim --clock-offset-ms $HOURS_10_MS
    run_config 200ms
    start_run
    wait_for good_polls 2
    wait_for contracts_known
    # The order itself takes longer than it is for.
    sim 'fault?kind=status&status=429&code=-1003&retry_after=1&delay_ms=1200' > /dev/null
    wait_for outcome_seen rate_limited
    wait_for good_after rate_limited 2
    assert_equal "$(asked_within 1000 429)" '[]'
    until_ms=$(($(now_ms) + HOURS_10_MS + 2500))
    sim "fault?kind=status&status=418&code=-1003&message=Way+too+many+requests;+IP+banned+until+$until_ms." > /dev/null
    wait_for outcome_seen banned
    wait_for good_after banned 2
    stop_run
    # By the exchange's clock, which is known to some milliseconds: none from the ban on until its end.
    sim log > log
    assert_equal "$(jq -s "([.[] | select(.status == 418)][0].exchange_ms) as \$t | [.[] | select(.exchange_ms > \$t and .exchange_ms < $until_ms - 100)] | length" log)" 0
    [ "$(jq -s "[.[] | select(.exchange_ms >= $until_ms - 100)][0].exchange_ms - $until_ms" log)" -lt 60000 ] # a ban that names no end is one of two minutes
    assert_sound
}

@test "two names of one exchange share one budget, and its pauses" {
    printf '%s\n' "main hedge $KEY $SECRET" "second one-way other-key other-secret" > accounts
    # Five seconds into a minute of the exchange's.
    start_sim --weight-limit 100 --clock-offset-ms $((5000 - $(now_ms) % 60000))
    run_config 200ms
    SIM=${SIM/127.0.0.1/localhost} add_second
    start_run
    wait_for good_polls 4
    known_twice() { [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'exchangeInfo'")" = 2 ]; }
    wait_for known_twice
    sim 'fault?kind=status&status=429&code=-1003&retry_after=1&account=main' > /dev/null
    wait_for good_after rate_limited 2
    # The other account's request of the same tick may have been out already.
    assert_contains '[] ["second"]' "$(asked_within 1000 429)"
    used_up() { [ "$(sim weights | jq -s 'map(.used) | max // 0')" -ge 78 ]; }
    wait_for used_up
    tenth() { date +%s%N | cut -c1-11; }
    from=$(tenth)
    later() { [ $(($(tenth) - from)) -ge 10 ]; }
    wait_for later # for those who would go on, five times a second
    sim weights > weights
    stop_run
    cat weights
    assert_equal "$(jq -s 'map(.refused) | add' weights)" 0
    [ "$(jq -s 'map(.used) | max' weights)" -le 80 ]
    grep -q 'event=weight_budget .* needed_a_minute=600 allowed_a_minute=80' run.log
}

# start_hole TARGET: a proxy in front of it that can swallow; HOLE_PORT is its port.
start_hole() {
    coproc HOLE { exec python3 "$SOURCE/tests/e2e/black_hole.py" "$1" 2> hole.log 3>&-; }
    read -r HOLE_PORT <&"${HOLE[0]}"
}

# polls_survive_the_hole: what is said on all connections there are gets lost; after two timeouts at most polls are good again.
polls_survive_the_hole() {
    wait_for good_polls 4
    local lost_ms lost
    lost_ms=$(now_ms)
    echo >&"${HOLE[1]}"
    read -r lost _ <&"${HOLE[0]}"
    [ "$lost" -ge 1 ]
    wait_for polled_since $((lost_ms + 1)) 4
    sql "SELECT sent_ms - $lost_ms, received_ms - $lost_ms, outcome, detail FROM capture WHERE received_ms >= $lost_ms LIMIT 12"
    # Until the second is good: what the first sent then may have had its answer on the way.
    [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND outcome <> 'ok' AND received_ms >= $lost_ms AND capture_id < (SELECT capture_id FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok' AND sent_ms > $lost_ms ORDER BY capture_id LIMIT 1 OFFSET 1)")" -le 2 ]
}

@test "a connection that swallows all is not used again" {
    start_sim
    start_hole "$(cat port)"
    write_config "http://127.0.0.1:$HOLE_PORT" "interval = 500ms" "timeout = 2s" "record = positions"
    start_run
    polls_survive_the_hole
    stop_run
    assert_sound
}

@test "nor is one of HTTP/2, where that is offered" {
    start_sim
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=front \
        -addext subjectAltName=IP:127.0.0.1 -keyout front.key -out front.pem 2> /dev/null
    nghttpx --single-process --conf=/dev/null --workers=1 "--frontend=unix:$PWD/front" "--backend=127.0.0.1,$(cat port)" front.key front.pem \
        > front.log 2>&1 3>&- &
    FRONT_PID=$!
    wait_for test -S front
    start_hole "$PWD/front"
    offers_http2() { [ "$(curl -s --cacert front.pem -o /dev/null -w '%{http_version}' "https://127.0.0.1:$HOLE_PORT/dapi/v1/time")" = 2 ]; }
    wait_for offers_http2
    write_config "https://127.0.0.1:$HOLE_PORT" "interval = 500ms" "timeout = 2s" "ca_file = front.pem" "record = positions"
    start_run
    polls_survive_the_hole
    stop_run
    assert_sound
}

@test "the limit of descriptors is raised as far as it may be" {
    start_sim
    run_config 200ms
    prlimit --nofile=128:4096 "$BUILD/posrec" run > run.out 2> run.log 3>&- &
    RUN_PID=$!
    wait_for good_polls 1
    assert_equal "$(awk '/^Max open files/ { print $4, $5 }' "/proc/$RUN_PID/limits")" "4096 4096"
    stop_run
}

@test "the service's unit allows more descriptors than a shell does" {
    [ "$(sed -n 's/^LimitNOFILE=\([0-9:]*:\)\{0,1\}\([0-9]*\)$/\2/p' "$SOURCE/systemd/posrec.service.in")" -ge 4096 ]
}

# hundred_accounts: of the exchange and of the config, each with its stream.
hundred_accounts() {
    seq 100 | sed 's/.*/a& one-way key-& secret-&/' > accounts
    start_sim --weight-limit 100000
    printf '[posrec]\ndatabase = posrec.db\ninterval = 1s\ntimeout = 60s\n' > posrec.ini
    for i in $(seq 100); do
        echo "key-$i" > "$i.key"
        echo "secret-$i" > "$i.secret"
        printf '[account a%s]\nbase_url = %s\nstream_url = ws%s\napi_key_file = %s.key\nsecret_file = %s.secret\nrecv_window = 60000\nrecord = positions, stream\n' \
            "$i" "$SIM" "${SIM#http}" "$i" "$i" >> posrec.ini
    done
    chmod 600 ./*.key ./*.secret
}

# names_both LINE: whether it says that 128 descriptors are allowed, and more than the accounts' streams needed.
names_both() {
    echo "$1"
    local numbers
    numbers=$(grep -oE '[0-9]+' <<< "$1")
    grep -qx 128 <<< "$numbers"
    awk '$1 > 128 && $1 < 10000 { found = 1 } END { exit !found }' <<< "$numbers"
}

@test "too few descriptors: log and doctor say how many it takes, and all accounts are polled" {
    hundred_accounts
    prlimit --nofile=128:128 "$BUILD/posrec" run > run.out 2> run.log 3>&- &
    RUN_PID=$!
    all_polled() { [ "$(sql "SELECT count(*) FROM (SELECT 1 FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok' GROUP BY account_id HAVING count(*) >= 5)" 2> /dev/null || echo 0)" = 100 ]; }
    wait_for all_polled
    stop_run
    names_both "$(grep 'level=warning event=descriptors' run.log | sed 's/.*event=descriptors//' | head -n 1)"
    assert_equal "$(sql "SELECT count(*) FILTER (WHERE outcome <> 'ok') * 10 <= count(*) FROM capture WHERE endpoint = 'positionRisk'")" 1
    run prlimit --nofile=128:128 "$BUILD/posrec" doctor
    names_both "$(grep -E '^warn .*descriptors' <<< "$output")"
}
