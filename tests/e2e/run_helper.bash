# What tests of the service share, besides helper.bash.

load helper

# run_config INTERVAL [LINE...]: the config for a service on the exchange. A machine may be busy and its disk
# slow: a tick that is late is skipped and logged, so tests count on conditions, not on every tick.
run_config() {
    local interval=$1
    shift
    write_config "$SIM" "interval = $interval" "$@"
}

# add_second [LINE...]: a second account for the config, polled each 200 ms unless a line says otherwise.
# The exchange knows it when start_two is used.
add_second() {
    printf 'other-key' > second.key
    printf 'other-secret' > second.secret
    chmod 600 second.key second.secret
    {
        printf '[account second]\nbase_url = %s\napi_key_file = second.key\nsecret_file = second.secret\n' "$SIM"
        printf '%s\n' "record = positions, stream" "recv_window = 60000" "${@:-interval = 200ms}"
    } >> posrec.ini
}

# start_two: an exchange that knows the accounts main and second; main is polled each 200 ms.
start_two() {
    printf '%s\n' "main hedge $KEY $SECRET" "second one-way other-key other-secret" > accounts
    start_sim
    run_config "${1:-200ms}"
}

# start_run [OPTION...]: starts the service; its log is run.log, of which an earlier one's is nothing. A shell's
# background commands ignore SIGINT unless told otherwise.
start_run() {
    : > run.log
    env --default-signal=INT "$BUILD/posrec" run "$@" > run.out 2> run.log 3>&- &
    RUN_PID=$!
}

# logged WORDS: whether the service has said so.
logged() {
    grep -q "$1" run.log
}

stop_run() {
    if [ -n "${RUN_PID:-}" ]; then
        kill "$RUN_PID" 2> /dev/null || true
        kill -CONT "$RUN_PID" 2> /dev/null || true # a test may have held it
        wait "$RUN_PID" || true
        RUN_PID=
    fi
}

teardown() {
    show_logs
    for pid in ${READER_PID:-} ${HOLE_PID:-} ${FRONT_PID:-}; do
        kill "$pid" 2> /dev/null || true
    done
    stop_run
    stop_sim
    if [ -n "${HOLDER_PID:-}" ]; then
        kill "$HOLDER_PID" 2> /dev/null || true
    fi
}

# hold_port: PORT, which nobody but an exchange of this test listens on, also while there is none.
hold_port() {
    python3 - <<'PYTHON' > held 3>&- &
import signal, socket
held = socket.socket()
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
held.bind(("127.0.0.1", 0))
print(held.getsockname()[1], flush=True)
signal.pause()
PYTHON
    HOLDER_PID=$!
    wait_for test -s held
    PORT=$(cat held)
}

now_ms() {
    date +%s%3N
}

# good_polls N: whether at least so many good polls are recorded.
good_polls() {
    [ "$(polls_there)" -ge "$1" ]
}

# polls_there: how many good polls are recorded.
polls_there() {
    sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok'" 2> /dev/null || echo 0
}

# contracts_known: whether exchangeInfo was answered, so that polls, on their schedule, are all that is asked from now on.
contracts_known() {
    [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'exchangeInfo' AND outcome = 'ok'" 2> /dev/null || echo 0)" -ge 1 ]
}

# polled_after MS: whether a good poll was sent later than that, by the exchange's clock.
polled_after() {
    [ "$(sql "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok' AND sent_ms > $1" 2> /dev/null || echo 0)" -ge 1 ]
}

# silent_for MS: whether the last good poll is so old.
silent_for() {
    [ $(($(now_ms) - $(sql "SELECT max(received_ms) FROM capture WHERE endpoint = 'positionRisk' AND outcome = 'ok'"))) -ge "$1" ]
}

# stream_heard: whether the exchange sends its messages to somebody: a moment after it answered the handshake.
stream_heard() {
    [ "$(sim streams)" -ge 1 ]
}

# outcome_seen OUTCOME
outcome_seen() {
    [ "$(sql "SELECT count(*) FROM capture WHERE outcome = '$1'" 2> /dev/null || echo 0)" -ge 1 ]
}

# good_after OUTCOME N: whether so many good polls follow the last poll of that outcome.
good_after() {
    [ "$(sql "SELECT count(*) FROM capture WHERE outcome = 'ok' AND endpoint = 'positionRisk' AND capture_id > (SELECT max(capture_id) FROM capture WHERE outcome = '$1')" 2> /dev/null || echo 0)" -ge "$2" ]
}

# ticks_skipped: how many the log tells of.
ticks_skipped() {
    sed -n 's/.*event=ticks_skipped .*count=//p' run.log | awk '{ sum += $1 } END { print sum + 0 }'
}

# assert_ticks INTERVAL_MS [CAPTURE]: every whole multiple of the interval between the first and the last one polled was
# polled, or its tick is logged as skipped; from that capture on.
assert_ticks() {
    local missing
    missing=$(sql "SELECT (max(due_ms) - min(due_ms)) / $1 + 1 - count(DISTINCT due_ms) FROM capture
                    WHERE endpoint = 'positionRisk' AND due_ms % $1 = 0 AND capture_id >= ${2:-0}")
    [ "$missing" -le "$(ticks_skipped)" ]
}

# assert_sound [CAPTURE]: what holds after any trouble: a sound database, whose export makes an equal one, in which times
# increase and each first try has its tick, from that capture on.
assert_sound() {
    rm -f imported.db*
    posrec -d posrec.db export > exported.ndjson
    posrec -q -d imported.db import exported.ndjson
    assert_equal "$(head_of -d imported.db verify)" "$(head_of -d posrec.db verify)"
    assert_equal "$(sql "SELECT count(*) FROM (SELECT due_ms FROM capture WHERE endpoint = 'positionRisk' AND attempt = 1 AND due_ms IS NOT NULL AND capture_id >= ${1:-0} GROUP BY account_id, due_ms HAVING count(*) > 1)")" 0
}

# needs_plain_build: clocks are moved by preloaded libraries, and memory is measured: neither goes together with the sanitizers.
needs_plain_build() {
    [ -e "$BUILD/boot_clock.so" ] || skip "not with the sanitizers"
}
