load helper

# found TEXT FILE...: whether a file has it.
found() {
    local text=$1
    shift
    grep -aqF -- "$text" "$@"
}

# nowhere FILE...: none of the files has the key, the secret, or a signature.
nowhere() {
    local text
    for text in "$KEY" "$SECRET" signature= timestamp= $(cat signatures 2> /dev/null); do
        ! found "$text" "$@" || { echo "found $text" >&2; return 1; }
    done
}

@test "key, secret and signature are nowhere but in their files and on the wire" {
    start_sim
    sim 'fault?kind=status&status=401&code=-2015&count=1' > /dev/null
    posrec -vv fetch > out.log 2> err.log || true
    sim 'silence?to=rest&account=main' > /dev/null
    "$BUILD/posrec" -vv fetch >> out.log 2>> err.log 3>&- &
    pid=$!
    is_fetching() { tr '\0' ' ' < "/proc/$pid/cmdline" > cmdline && found fetch cmdline; }
    wait_for is_fetching
    nowhere cmdline
    asked() { curl -sS "$SIM/sim/log" | jq -se 'any(.endpoint == "positionRisk" and .status == 0)' > /dev/null; }
    wait_for asked
    sim 'silence?to=nothing' > /dev/null
    wait "$pid" || true # it was hung up
    posrec -vv fetch >> out.log 2>> err.log
    curl -sS "$SIM/sim/log" | jq -r '.signature | select(. != "")' > signatures
    [ "$(sort -u signatures | wc -l)" -ge 3 ]
    nowhere posrec.db out.log err.log $(ls posrec.db-wal 2> /dev/null)
    found clock err.log
}

@test "a broken secret file is named, its content is not" {
    start_sim
    printf 'two words' > main.secret
    run posrec fetch
    assert_equal "$status" 2
    assert_contains "$output" "API secret"
    case $output in *"two words"*) false ;; esac
}
