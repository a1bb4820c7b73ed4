load run_helper

# What is not recorded, why, and what every report says of it.

gaps() {
    posrec report gaps --format ndjson "$@" | jq -r "select(.kind == \"polls\") | $FIELDS"
}

# gap_of CAUSE: the seconds of the gap that has this cause.
gap_of() {
    FIELDS=".cause, .seconds" gaps | paste - - | awk -v cause="$1" '$1 == cause { print $2 }'
}

# lines: a history of a poll each ten seconds, of a position that stands open, with a hole of eight hours.
history_with_a_hole() {
    python3 - "$SOURCE/tests/data/documented.json" <<'PYTHON'
import json, sys
body = open(sys.argv[1]).read()
base = 1760000400000
line = lambda ms, **more: print(json.dumps({"received_ms": ms, **more}))
line(base, endpoint="recorder", outcome="started", interval_ms=10000, detail="posrec 1")
for i in range(6):
    line(base + i * 10000 + 5, due_ms=base + i * 10000, interval_ms=10000, body=body)
line(base + 8 * 3600000, interval_ms=10000, body=body) # by hand
line(base + 8 * 3600000 + 60000, endpoint="recorder", outcome="started", interval_ms=10000, detail="posrec 1")
for i in range(7, 13):
    line(base + 8 * 3600000 + i * 10000 + 5, due_ms=base + 8 * 3600000 + i * 10000, interval_ms=10000, body=body)
PYTHON
}

@test "killed, stopped, banned and without a network: each gap has its cause" {
    hold_port
    start_sim --port "$PORT"
    run_config 200ms
    more_polls() { wait_for good_polls $(($(polls_there) + 4)); }
    start_run
    more_polls
    kill -KILL "$RUN_PID"
    wait "$RUN_PID" || true
    wait_for silent_for 1000
    start_run
    more_polls
    stop_run
    wait_for silent_for 1000
    start_run
    more_polls
    sim 'fault?kind=status&status=418&code=-1003&retry_after=2' > /dev/null
    wait_for outcome_seen banned
    wait_for good_after banned 2
    stop_sim
    wait_for outcome_seen network_error
    wait_for silent_for 1000
    start_sim --port "$PORT"
    wait_for good_after network_error 2
    stop_run
    for cause in killed stopped banned network_error; do
        [ "$(gap_of $cause | wc -l)" -ge 1 ]
    done
    assert_equal "$(sql "SELECT group_concat(outcome, ' ') FROM (SELECT outcome FROM capture WHERE endpoint = 'recorder' ORDER BY capture_id)")" \
        "started started stopped started stopped"
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE outcome = 'started' AND interval_ms = 200 AND detail GLOB 'posrec *, configuration [0-9a-f]*'")" 3
    assert_sound
}

@test "a poll by hand hides no hole of eight hours, and every report says what is not recorded" {
    history_with_a_hole > in.ndjson
    posrec -q import in.ndjson
    base=1760000400000
    assert_equal "$(sql "SELECT from_ms - $base, to_ms - $base FROM known WHERE kind = 'polls'" | xargs)" "5|50005 28800000|28800000 28870005|28920005"
    FIELDS='[.from, .to, .seconds, .missed, .cause, .happened] | @csv'
    assert_equal "$(gaps | tr -d '"' | paste -sd' ')" \
        "2025-10-09T09:00:50.005Z,2025-10-09T17:00:00.000Z,28749.995,2874,unknown, 2025-10-09T17:00:00.000Z,2025-10-09T17:01:10.005Z,70.005,6,killed,"
    hole="Not recorded: main, 2025-10-09T09:00:50Z to 2025-10-09T17:00:00Z (8 h); main, 2025-10-09T17:00:00Z to 2025-10-09T17:01:10Z (70 s)."
    for report in pnl margin exposure changes reconcile; do
        for format in table csv json ndjson; do
            run --separate-stderr posrec report $report --format $format
            assert_contains "$stderr" "$hole"
        done
        assert_contains "$(posrec report $report --format html)" "$hole"
    done
    assert_equal "$(posrec report coverage --format ndjson | jq -c '[.covered_s, .expected_s, .gaps, .longest_gap_s]')" "[100,28920,2,28749.995]"
    # A range within the hole, whole or in part, and none.
    run --separate-stderr posrec report exposure --from 2025-10-09T10:00 --to 2025-10-09T11:00
    assert_contains "$stderr" "Not recorded: main, 2025-10-09T10:00:00Z to 2025-10-09T11:00:00Z (60 min)."
    case $stderr in *"No position was open in this range"*) false ;; esac
    run --separate-stderr posrec report trades
    case $stderr in *"in this range"*) false ;; esac
    run --separate-stderr posrec report changes --to 2025-10-09T09:00:30
    case $stderr in *"Not recorded"*) false ;; esac
}

@test "programs are told what is not recorded, in each format" {
    history_with_a_hole > in.ndjson
    posrec -q import in.ndjson
    # From the first poll on: 50 s of it are recorded, then nothing up to 17:01:10.
    covered="0.013889 0.0 0.0 0.0 0.0 0.0 0.0 0.0"
    for report in pnl margin exposure; do
        ask() { posrec -q report $report --every 1h --to 2025-10-09T17:00 --symbol BTCUSD_201225 --side LONG --format "$1"; }
        assert_equal "$(ask csv | tr -d '\r' | awk -F, 'NR > 1 { print $NF }' | xargs)" "$covered"
        assert_equal "$(ask csv | head -n 1 | tr -d '\r' | grep -o '[^,]*$')" covered
        assert_equal "$(ask ndjson | grep -o '"covered":[^}]*' | cut -d: -f2 | xargs)" "$covered"
        assert_equal "$(ask json | jq -c '[.[].covered]')" "$(jq -cn "[$(tr ' ' , <<< "$covered")]")"
        # Without steps it is of the range that was asked for: of 160 s 50 and 50, of 100 s before the history none.
        one() { posrec -q report $report --symbol BTCUSD_201225 --side LONG --format ndjson "$@" | jq -c .covered; }
        assert_equal "$(one)" "$(jq -n '100 / 28920 * 1000000 | round / 1000000')"
        assert_equal "$(one --from 2025-10-09T09:00:20 --to 2025-10-09T09:00:40)" 1
        assert_equal "$(one --from 2025-10-09T08:58:20.005 --to 2025-10-09T09:01:40.005)" 0.25
    done
    # Reconcile lists them, and accuses nobody for it.
    FIELDS='[.finding, .account, .time, .detail] | @csv'
    assert_equal "$(posrec -q report reconcile --format ndjson | jq -r "$FIELDS" | tr -d '"' | paste -sd' ')" \
        "not_recorded,main,2025-10-09T09:00:50.005Z,polls to 2025-10-09T17:00:00.000Z (28749.995 s) not_recorded,main,2025-10-09T17:00:00.000Z,polls to 2025-10-09T17:01:10.005Z (70.005 s)"
    run --separate-stderr posrec report reconcile --strict --format csv
    assert_equal "$status" 0
    assert_contains "$stderr" "No findings: everything adds up in what is recorded of this range."
    posrec -q report reconcile --strict --format html > page.html
    # Gaps, asked for strictly, are a reason.
    run posrec -q report gaps --strict
    assert_equal "$status" 1
    run posrec -q report gaps --strict --to 2025-10-09T09:00:40 --format json
    assert_equal "$status $output" "0 []"
}

@test "positions at a moment say whether it is recorded" {
    history_with_a_hole > in.ndjson
    posrec -q import in.ndjson
    at() { posrec -q positions --at "$1" --format ndjson | jq -c '[.as_of, .recorded]' | sort -u; }
    assert_equal "$(at 2025-10-09T09:00:32)" '["2025-10-09T09:00:30.005Z",1]'
    assert_equal "$(at 2025-10-09T12:00)" '["2025-10-09T09:00:50.005Z",0]'
    assert_equal "$(at 2030-01-01)" '["2025-10-09T17:02:00.005Z",0]'
    run --separate-stderr posrec positions --at 2025-10-09T12:00
    assert_contains "$stderr" "Not recorded then: main, since 2025-10-09T09:00:50Z."
    run --separate-stderr posrec positions --at 2025-10-09T09:00:32
    assert_equal "$stderr" ""
}
