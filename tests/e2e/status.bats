load helper

# made POLLS START_MS INTERVAL_MS: capture lines of an account of 70 symbols, 8 of them open, and its money.
made() {
    python3 "$SOURCE/tests/bench/make_captures.py" "$1" --money --start-ms "$2" --interval-ms "$3"
}

growth() { posrec status --format json | jq .database.growth_bytes_a_day; }

@test "the growth is what the last day added, whatever was recorded before" {
    now=$(date +%s)000
    made 1440 $((now - 172800000)) 120000 > two_days
    jq -c --argjson day $((now - 86400000)) 'select(.received_ms < $day)' two_days > first_day
    # A burst of messages, long before.
    seq 10000 | jq -c --argjson day $((now - 300000000)) \
        '{received_ms: ($day + .), endpoint: "userData", body: ({e: "ACCOUNT_CONFIG_UPDATE", E: .} | tojson)}' > burst
    posrec -q import burst first_day
    before=$(stat -c %s posrec.db)
    posrec -q import two_days
    added=$(($(stat -c %s posrec.db) - before))
    growth=$(growth)
    echo "a day added $added bytes, growth says $growth"
    [ "$growth" -gt $((added * 8 / 10)) ]
    [ "$growth" -lt $((added * 12 / 10)) ]
    assert_contains "$(posrec status 2>&1)" "bytes, about $((growth / 1000))"
}

@test "what runs for some hours grows by the day, and the first minutes say nothing of it" {
    now=$(date +%s)000
    made 30 $((now - 300000)) 10000 > minutes
    posrec -q import minutes
    assert_equal "$(growth)" 0
    assert_contains "$(posrec status 2>&1)" "bytes, its growth shows after an hour; "
    rm posrec.db*
    made 360 $((now - 7200000)) 20000 > hours
    posrec -q import hours
    # Twelve times as much as these two hours took; a file without captures has some 300,000 bytes.
    posrec -q -d empty.db migrate
    took=$(($(stat -c %s posrec.db) - $(stat -c %s empty.db)))
    growth=$(growth)
    echo "two hours took $took bytes, growth says $growth"
    [ "$growth" -gt $((took * 8)) ]
    [ "$growth" -lt $((took * 18)) ]
}

@test "a mirror's server that never answers holds up nothing of what is known of the file" {
    documented_body > body.json
    posrec -q import --received-at 2021-07-23T07:54:42Z body.json
    python3 - "$BUILD/posrec" <<'PYTHON'
import json, os, socket, subprocess, sys, time

LIMIT_S = 180  # only a failure takes so long
with socket.socket() as mute:
    mute.bind(("127.0.0.1", 0))
    mute.listen()
    config = "[posrec]\ndatabase = posrec.db\nmirror = host=127.0.0.1 port=%d dbname=x" % mute.getsockname()[1]
    with open("mirror.ini", "w") as file:
        file.write(config + "\n")
    command = [sys.argv[1], "-c", "mirror.ini", "status"]

    # As long as the server is waited for, the pipe has all but the mirror's part.
    with subprocess.Popen([*command, "--format", "json"], stdout=subprocess.PIPE) as status:
        first = os.read(status.stdout.fileno(), 1 << 20)
        connection, _ = mute.accept()
        assert b'"accounts":[' in first and b'"mirror"' not in first, first
        rest = status.stdout.read()
        assert status.wait(LIMIT_S) == 0
        connection.close()
    assert json.loads(first + rest)["mirror"] is None, (first, rest)

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as status:
        out, said = status.communicate(timeout=LIMIT_S)
    assert out.startswith("account ") and status.returncode == 0, (out, said)
    assert said.splitlines()[-1] == "mirror: cannot connect: no answer within 3000 ms", said

    # With -q there is nothing to say of the mirror, so that nobody asks its server.
    mute.settimeout(0)
    while True:
        try:
            mute.accept()[0].close()
        except BlockingIOError:
            break
    subprocess.run([*command[:1], "-q", *command[1:]], check=True, stdout=subprocess.DEVNULL, timeout=LIMIT_S)
    try:
        mute.accept()
        raise SystemExit("the server was asked")
    except BlockingIOError:
        pass
PYTHON
}
