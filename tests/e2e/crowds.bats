load run_helper

# Many accounts at one exchange, and what it allows an address in its minutes: tests that take their time, and little else.

@test "a proxy, an exchange and accounts that get no answer, streams that never connect: the other hundred are polled on time" {
    needs_plain_build
    python3 "$SOURCE/tests/e2e/many_accounts.py" "$BUILD" 160 --streams --dead-proxy 20 --stalled 20 --silent 20 \
        --dead-streams 40 --interval-ms 4000 --ticks 4
}

@test "streams whose host swallows connections delay nobody's polls" {
    needs_plain_build
    python3 "$SOURCE/tests/e2e/many_accounts.py" "$BUILD" 120 --streams --dead-streams 120 --interval-ms 4000 --ticks 4
}

@test "no more than 250 connections of streams are tried within five minutes" {
    needs_plain_build
    python3 "$SOURCE/tests/e2e/new_streams.py" "$BUILD"
}

@test "an exchange whose minutes begin earlier or later than its clock says: no minute stands still, none goes over" {
    python3 "$SOURCE/tests/e2e/weight_minute.py" "$BUILD"
}
