# What end-to-end tests share. Each test has a folder of its own ($BATS_TEST_TMPDIR), a simulated
# exchange when it asks for one, and a config for both. Everything started is ended in teardown.

BUILD=${POSREC_BUILD:?the folder with posrec and dapi-sim}
SOURCE=${POSREC_SOURCE:?the source folder}
FAKE_TIME=$SOURCE/tests/e2e/fake_time
KEY=k3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3
SECRET=s3crets3crets3crets3crets3crets3crets3crets3crets3crets3crets3c

bats_require_minimum_version 1.5.0

setup() {
    draw_test
    cd "$BATS_TEST_TMPDIR"
    SIM_PID=
    printf '%s\n' "main hedge $KEY $SECRET" > accounts
    printf '%s\n' "$KEY" > main.key
    printf '%s\n' "$SECRET" > main.secret
    chmod 600 main.key main.secret
    unset POSREC_CONFIG POSREC_API_KEY POSREC_API_SECRET XDG_CONFIG_HOME
    export HOME=$BATS_TEST_TMPDIR
}

teardown() {
    show_logs
    stop_sim
}

# Of a test that failed: what the programs said that it had started.
show_logs() {
    if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
        for log in sim.log run.out run.log reader.log tools.log; do
            if [ -s $log ]; then
                echo "== the end of $log"
                tail -n 100 $log
            fi
        done
    fi
}

# Waits until a command succeeds; fails after three minutes, which only a failure ever takes.
wait_for() {
    local _ end=$((SECONDS + 180))
    while [ $SECONDS -lt $end ]; do
        if "$@"; then
            return 0
        fi
        sleep 0.05
    done
    echo "waited in vain for: $*" >&2
    return 1
}

# head_of ARGUMENT...: the head that a verify prints first, with posrec's arguments.
head_of() {
    local said
    said=$(posrec -q "$@") || return
    echo "${said%%$'\n'*}"
}

# start_sim [OPTION...]: starts the exchange and writes posrec.ini for it. SIM is its base URL.
start_sim() {
    rm -f port
    "$BUILD/dapi-sim" --accounts accounts --port-file port "$@" > sim.log 2>&1 3>&- &
    SIM_PID=$!
    wait_for test -s port
    SIM=http://127.0.0.1:$(cat port)
    write_config "$SIM"
}

stop_sim() {
    if [ -n "$SIM_PID" ]; then
        kill "$SIM_PID" 2> /dev/null || true
        wait "$SIM_PID" 2> /dev/null || true
        SIM_PID=
    fi
}

# write_config BASE_URL [LINE...]: one account called main, with more lines for its section. What most tests are
# about are positions and the stream: a line `record = ...` asks for more. What is in time, and how old a question may
# be, is not for the machine to say: tests of either have lines for it.
write_config() {
    local record="record = positions, stream" recv_window="recv_window = 60000"
    case "$*" in *"record ="*) record= ;; esac
    case "$*" in *"recv_window ="*) recv_window= ;; esac
    {
        printf '[posrec]\ndatabase = posrec.db\ntimeout = 60s\n\n[account main]\n'
        printf 'base_url = %s\napi_key_file = main.key\nsecret_file = main.secret\n' "$1"
        shift
        if [ $# -gt 0 ]; then
            printf '%s\n' "$@"
        fi
        printf '%s\n' "$record" "$recv_window"
    } > posrec.ini
}

# sim PATH [CURL OPTION...]: asks the exchange's admin paths.
sim() {
    local path=$1
    shift
    curl -sS -f "$@" "$SIM/sim/$path"
}

# serve FILE [QUERY]: the next answer to positionRisk is this file's bytes.
serve() {
    sim "fault?kind=body&${2:-count=1}" --data-binary "@$1" -H 'Content-Type: application/octet-stream' > /dev/null
}

# draw_seed: SEED, where what is drawn by chance starts, and LONG, whether a test does all of what CI takes a sample of.
# Both are said at once, and with the failure.
draw_seed() {
    SEED=${POSREC_TEST_SEED:-$(date +%s)}
    LONG=${POSREC_TEST_LONG:-0}
    echo "# the same again: POSREC_TEST_LONG=$LONG POSREC_TEST_SEED=$SEED" | tee -a /dev/fd/3
}

# Under the sanitizers, where a program takes several times as long, CI runs one test of POSREC_TEST_SHARE: others each
# day. `scripts/test --long` runs all; so does bats by itself.
draw_test() {
    local sum
    [ -n "${POSREC_TEST_SHARE:-}" ] && [ "${POSREC_TEST_LONG:-0}" = 0 ] || return 0
    sum=$(printf '%s %s' "${POSREC_TEST_SEED:-$(date +%F)}" "$BATS_TEST_DESCRIPTION" | cksum)
    [ $((${sum%% *} % POSREC_TEST_SHARE)) -eq 0 ] || skip "not of today's share under the sanitizers"
}

posrec() {
    "$BUILD/posrec" "$@"
}

# sql QUERY: one value or CSV rows without a header, by the stock shell.
sql() {
    sqlite3 -readonly posrec.db "$1"
}

# accused [OPTION...]: what reconcile finds, as JSON lines, but for what is not recorded, which accuses nobody.
accused() {
    posrec report reconcile --format ndjson "$@" | jq -c 'select(.finding != "not_recorded")'
}

# The documented hedge-mode answer, line breaks and spaces as documented.
documented_body() {
    cat "$SOURCE/tests/data/documented.json"
}

assert_equal() {
    if [ "$1" != "$2" ]; then
        printf 'expected: %s\n but got: %s\n' "$2" "$1" >&2
        return 1
    fi
}

assert_contains() {
    case $1 in
    *"$2"*) ;;
    *)
        printf 'not found: %s\n       in: %s\n' "$2" "$1" >&2
        return 1
        ;;
    esac
}
