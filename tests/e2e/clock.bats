load run_helper

# Time is faked here by libfaketime, which does not go together with the sanitizers.

@test "a revoked key is tried once a minute and records again when it is restored" {
    # Both clocks run 20 times as fast: a minute passes in three seconds.
    export FAKETIME='@2026-11-24 12:00:00 x20'
    rm -f port
    "$FAKE_TIME" "$BUILD/dapi-sim" --accounts accounts --port-file port > sim.log 2>&1 3>&- &
    SIM_PID=$!
    wait_for test -s port
    SIM=http://127.0.0.1:$(cat port)
    write_config "$SIM" "interval = 5s" "timeout = 60s" "recv_window = 60000"
    "$FAKE_TIME" "$BUILD/posrec" run > run.out 2> run.log 3>&- &
    RUN_PID=$!
    wait_for good_polls 2
    sim 'key?account=main&revoked=1' > /dev/null
    twice() { [ "$(sql "SELECT count(*) FROM capture WHERE api_code = -2015")" -ge 2 ]; }
    wait_for twice
    sim 'key?account=main&revoked=0' > /dev/null
    wait_for good_after api_error 2
    stop_run
    apart=$(sql "SELECT min(apart) FROM (SELECT received_ms - lag(received_ms) OVER (ORDER BY received_ms) AS apart FROM capture WHERE api_code = -2015)")
    [ "$apart" -ge 59000 ]
    grep -q 'level=error event=refused account=main' run.log
    assert_sound
}

@test "a wall clock stepped by an hour, both ways, moves no recorded time and no tick" {
    start_sim
    run_config 500ms
    echo '+0' > step
    FAKETIME_TIMESTAMP_FILE=$PWD/step FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
        "$FAKE_TIME" "$BUILD/posrec" run > run.out 2> run.log 3>&- &
    RUN_PID=$!
    wait_for good_polls 5
    for step in +1h -1h +0; do
        echo $step > step
        wait_for good_polls $(($(sql 'SELECT count(*) FROM poll_log') + 2))
    done
    stop_run
    assert_ticks 500
    assert_equal "$(sql "SELECT max(received_ms) - min(received_ms) < 600000 FROM capture")" 1
    assert_equal "$(sql "SELECT max(abs(received_ms - due_ms)) < 60000 FROM capture WHERE due_ms IS NOT NULL")" 1
    assert_sound
}
