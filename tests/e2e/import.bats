load helper

# captures N: that many capture lines in which prices move, legs open and close.
captures() {
    python3 - "$1" <<'PYTHON'
import json, sys
for i in range(int(sys.argv[1])):
    rows = [{"symbol": f"C{s}USD_PERP", "positionAmt": str((i // 50 + s) % 3), "entryPrice": "100.5",
             "markPrice": f"{100 + (i * 7 + s) % 13 / 8}", "leverage": "20", "positionSide": "BOTH",
             "updateTime": i // 50} for s in range(5)]
    at = 1700000000000 + 1000 * i
    print(json.dumps({"account": "main", "sent_ms": at + 1, "received_ms": at + 90,
                      "http_status": 200, "body": json.dumps(rows)}))
PYTHON
}

@test "import then export gives the same captures, and importing again adds nothing" {
    captures 1000 > in.ndjson
    run --separate-stderr posrec import in.ndjson
    assert_equal "$status" 0
    assert_contains "$stderr" "1000 captures recorded"
    posrec export > out.ndjson
    python3 - <<'PYTHON'
import json
read = lambda path: [json.loads(line) for line in open(path)]
given, got = read("in.ndjson"), read("out.ndjson")
assert len(got) == 1000
for a, b in zip(given, got):
    assert {key: b[key] for key in a} == a, (a, b)
PYTHON
    before=$(sql "SELECT count(*) || ' ' || hex(chain) FROM capture ORDER BY capture_id DESC LIMIT 1")
    run --separate-stderr posrec import in.ndjson
    assert_contains "$stderr" "0 captures recorded"
    assert_contains "$stderr" "1000 recorded before"
    assert_equal "$(sql "SELECT count(*) || ' ' || hex(chain) FROM capture ORDER BY capture_id DESC LIMIT 1")" "$before"
    posrec -d second.db import out.ndjson
    posrec -d second.db export | cmp - out.ndjson
    assert_equal "$(sqlite3 posrec.db .dump | grep -v schema_migration)" "$(sqlite3 second.db .dump | grep -v schema_migration)"
}

@test "failed polls and partial bodies survive export and import" {
    start_sim
    posrec -q fetch > /dev/null
    for fault in 'kind=half' 'kind=reset&count=2' 'kind=status&status=429&retry_after=1' 'kind=garbage' 'kind=large'; do
        sim "fault?$fault" > /dev/null
        posrec -q fetch > /dev/null 2>&1 || true
    done
    posrec export > out.ndjson
    posrec -q -d second.db import out.ndjson
    assert_equal "$(sqlite3 posrec.db .dump | grep -v schema_migration)" "$(sqlite3 second.db .dump | grep -v schema_migration)"
    assert_equal "$(sql 'SELECT count(DISTINCT outcome) FROM capture')" 4
}

@test "a bad line keeps nothing of its file and says where it is" {
    captures 5 > good.ndjson
    { captures 3; echo 'oops'; captures 3; } > bad.ndjson
    run --separate-stderr posrec import bad.ndjson
    assert_equal "$status" 1
    assert_equal "${#stderr_lines[@]}" 1
    assert_contains "$stderr" "posrec: bad.ndjson: line 4: not a JSON object"
    assert_equal "$(sql 'SELECT count(*) FROM capture')" 0
    run --separate-stderr posrec import --skip-bad bad.ndjson
    assert_equal "$status" 0
    assert_contains "$stderr" "bad.ndjson: line 4: not a JSON object at byte 0 (skipped)"
    assert_contains "$stderr" "3 captures recorded"
    assert_contains "$stderr" "3 recorded before, 1 bad lines skipped"
    run --separate-stderr posrec import good.ndjson
    assert_contains "$stderr" "2 captures recorded"
}

@test "history is appended in order" {
    echo '{"received_ms":1700000002000,"body":"[]"}' | posrec -q import -
    echo '{"received_ms":1700000001000,"body":"[]"}' > older
    run posrec import older
    assert_equal "$status" 1
    assert_contains "$output" "older: line 1: account main: received_ms 1700000001000 is before its last capture's 1700000002000"
    echo '{"received_ms":1700000002000,"body":"[ ]"}' > other
    run posrec import other
    assert_equal "$status" 1
    assert_contains "$output" "capture 1 has the same received_ms 1700000002000 and other bytes"
    echo '{"received_ms":1700000001000,"body":"[]","account":"second"}' | posrec -q import -
    assert_equal "$(sql 'SELECT count(*) FROM capture')" 2
}

@test "a bare response needs a time and is kept to the byte" {
    documented_body > body.json
    run posrec import body.json
    assert_equal "$status" 1
    assert_contains "$output" "needs --received-at TIME"
    run posrec import --received-at 2021-07-23T07:54:42Z --account desk body.json
    assert_equal "$status" 0
    assert_equal "$(sql "SELECT account, received_ms FROM poll_log")" "desk|1627026882000"
    posrec body 1 | cmp - body.json
    run posrec import --received-at now body.json body.json
    assert_equal "$status" 2
}

@test "an inline body is its own text, and an interval can be told" {
    printf '{"received_ms":1700000000005,"body":[ {"symbol":"X", "positionSide":"BOTH","updateTime":1 } ]}\n' > in
    posrec -q import --interval 10s in
    assert_equal "$(posrec body 1)" '[ {"symbol":"X", "positionSide":"BOTH","updateTime":1 } ]'
    assert_equal "$(sql 'SELECT interval_ms FROM capture')" 10000
}

@test "export narrows by time and account" {
    captures 10 > in && posrec -q import in
    assert_equal "$(posrec export --from 1700000003090 --to 1700000005090 | wc -l)" 2
    assert_equal "$(posrec export --account nobody | wc -l)" 0
    run posrec export --output /nowhere/file
    assert_equal "$status" 1
    assert_contains "$output" "output /nowhere/file: No such file or directory"
}

@test "a full output is an error, not a short file" {
    captures 100 > in && posrec -q import in
    run posrec export --output /dev/full
    assert_equal "$status" 1
    assert_contains "$output" "/dev/full: "
    assert_contains "$output" "No space left"
    for format in table csv json; do
        run posrec sql --format $format --output /dev/full "SELECT * FROM capture_log"
        assert_equal "$status" 1
        assert_contains "$output" "/dev/full: "
    done
}

@test "nothing is made before the inputs are known to be good" {
    mkdir folder
    echo 'oops' > bad.ndjson
    : > empty.ndjson
    captures 3 > good.ndjson
    for inputs in missing.ndjson folder bad.ndjson "good.ndjson missing.ndjson" "--account a/b good.ndjson" \
        "--received-at 1700000000000 good.ndjson missing"; do
        run posrec import $inputs
        [ "$status" != 0 ]
        assert_equal "$(ls posrec.db* 2> /dev/null)" ""
    done
    posrec -q import empty.ndjson
    printf '[posrec]\nnonsense = 1\n' > posrec.ini
    run posrec import good.ndjson
    assert_equal "$status" 2
    rm posrec.ini
    for command in rebuild "rebuild --output copy.db" "backup copy.db" "export --output out" "verify" "sql --output out SELECT"; do
        run posrec $command
        [ "$status" != 0 ]
    done
    assert_equal "$(ls | xargs)" "accounts bad.ndjson empty.ndjson folder good.ndjson main.key main.secret"
}

@test "an output that fails leaves what was there" {
    captures 3 | posrec -q import -
    echo before > out
    ln -s out link
    run posrec sql --output link "SELECT no_such_column FROM capture"
    assert_equal "$status" 1
    assert_equal "$(cat out)" before
    posrec sql --format csv --output link "SELECT count(*) AS n FROM capture"
    assert_equal "$(tr -d '\r' < out | xargs)" "n 3"
    [ -L link ]
    posrec export --output /dev/stdout | jq -s length | grep -qx 3
    posrec -q export --output new.ndjson
    assert_equal "$(ls new.ndjson*)" new.ndjson
}

@test "a time that no clock said comes in on no way" {
    line() { printf '{"received_ms":1700000000000,"body":"[]",%s}\n' "$1"; }
    ahead=$(($(date +%s%3N) + 86400000 + 60000)) # a minute more than is allowed
    for time in -1 0 1483228799999 $ahead 253402300799999; do
        for field in sent_ms due_ms; do
            line "\"$field\":$time" > bad.ndjson
            run posrec import bad.ndjson
            assert_equal "$status" 1
            assert_contains "$output" "bad.ndjson: line 1: field \"$field\": "
            assert_contains "$output" "is not within 2017-01-01T00:00:00.000Z and "
        done
        printf '{"received_ms":%s,"body":"[]"}\n' "$time" > bad.ndjson
        run posrec import bad.ndjson
        assert_equal "$status" 1
        assert_contains "$output" "bad.ndjson: line 1: field \"received_ms\": "
        echo '[]' > body.json
        run posrec import --received-at "$time" body.json
        assert_equal "$status" 2
        if [ "$time" -lt 1000000000000 ] || [ "$time" -gt 9999999999999 ]; then
            assert_contains "$output" "posrec: import: --received-at: time '$time': "
            continue
        fi
        assert_contains "$output" "posrec: --received-at: "
        assert_contains "$output" "is not within 2017-01-01T00:00:00.000Z and "
    done
    run posrec import --received-at 9999-12-31 body.json
    assert_contains "$output" "--received-at: 9999-12-31T00:00:00.000Z is not within"
    run posrec import --interval 367d body.json
    assert_equal "$status" 2
    assert_contains "$output" "--interval: longer than 366 days"
    [ ! -e posrec.db ]
    posrec -q import --received-at now body.json
    printf '{"received_ms":%s,"body":"[ ]"}\n' $((ahead - 120000)) | posrec -q import -
    assert_equal "$(sql 'SELECT count(*) FROM capture')" 2
}

@test "the stream's captures take no interval from --interval" {
    {
        echo '{"received_ms":1700000000000,"body":"[]"}'
        echo '{"received_ms":1700000000001,"endpoint":"userData","outcome":"opened"}'
        echo '{"received_ms":1700000000002,"endpoint":"userData","body":"{}"}'
    } | posrec -q import --interval 10s -
    assert_equal "$(sql 'SELECT interval_ms FROM capture ORDER BY capture_id' | xargs)" 10000
    posrec export > out.ndjson
    posrec -q -d second.db import out.ndjson
    assert_equal "$(head_of -d second.db verify)" "$(head_of verify)"
}

# import_within MIB [OPTION...]: imports standard input, of which no more than that may be in memory at once.
import_within() {
    /usr/bin/python3 - "$BUILD/posrec" "$@" 3<&0 <<'PYTHON'
import resource, subprocess, sys
done = subprocess.run([sys.argv[1], "import", *sys.argv[3:], "-"], stdin=3, stderr=subprocess.PIPE, text=True, timeout=600)
print(done.stderr, end="")
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
assert most < int(sys.argv[2]), f"{most} MiB"
sys.exit(done.returncode)
PYTHON
}

@test "a line without an end is not gathered in memory" {
    endless() { head -c 1200000000 /dev/zero | tr '\0' "$1" 2> /dev/null; }
    good='{"received_ms":1700000000000,"body":"[]"}'
    for byte in x ' ' '\0'; do
        run import_within 400 < <(echo "$good"; endless "$byte")
        assert_equal "$status" 1
        assert_equal "$output" "posrec: standard input: line 2: longer than 104857600 bytes"
    done
    mkfifo pipe
    { endless x; printf '\n%s' "$good"; } > pipe &
    run "$BUILD/posrec" import pipe
    assert_equal "$output" "posrec: pipe: line 1: longer than 104857600 bytes"
    assert_equal "$(sql 'SELECT count(*) FROM capture')" 0
    run import_within 400 --skip-bad < <(endless x; printf '\n%s' "$good")
    assert_equal "$status" 0
    assert_contains "$output" "standard input: line 1: longer than 104857600 bytes (skipped)"
    assert_contains "$output" "1 captures recorded"
    assert_contains "$output" "1 bad lines skipped"
}

@test "a last line needs no newline, and a NUL is no white space" {
    printf '{"received_ms":1700000000000,"body":"[]"}\n\r\n\n{"received_ms":1700000001000,"body":"[]"}' | posrec -q import -
    assert_equal "$(sql 'SELECT count(*) FROM capture')" 2
    for bytes in '\0\n' '{"received_ms":1700000002000,"body":"[]"}\0\n' '{"received_ms":1700000002000,"body":"[\0]"}\n' ' \0'; do
        printf "$bytes" > bad.ndjson
        run posrec import bad.ndjson
        assert_equal "$status" 1
        assert_contains "$output" "bad.ndjson: line 1: "
    done
    assert_equal "$(sql 'SELECT count(*) FROM capture')" 2
}

# crossing SEED: captures of two accounts whose times cross, some of one account equal in different endpoints.
crossing() {
    python3 - "$1" <<'PYTHON'
import json, random, sys
rng = random.Random(int(sys.argv[1]))
at, last = {"b": 1700000000000, "a": 1700000000000}, {}
for i in range(400):
    account = rng.choice("aab")
    at[account] += rng.choice([0, 0, 1, 700, 40000])
    endpoint = rng.choice(["positionRisk", "positionRisk", "account", "income", "userData"])
    if endpoint != "userData":
        if last.get((account, endpoint)) == at[account]:
            at[account] += 1
        last[account, endpoint] = at[account]
    row = {"symbol": f"C{i % 3}USD_PERP", "positionAmt": str(i // 7), "positionSide": "BOTH", "updateTime": i}
    body = {"positionRisk": [row], "account": {"assets": [], "positions": []}, "income": [], "userData": {"i": i}}[endpoint]
    line = {"account": account, "received_ms": at[account], "endpoint": endpoint, "body": json.dumps(body)}
    if endpoint != "userData":
        line["http_status"] = rng.choice([200, 200, 200, 503])
    print(json.dumps(line))
PYTHON
}

@test "an export has the order of the chain, so that its import has the same head" {
    for seed in 1 2 3; do
        rm -f posrec.db* second.db*
        crossing $seed | posrec -q import -
        [ "$(sql "SELECT count(*) FROM capture AS a JOIN capture AS b ON b.capture_id = a.capture_id + 1 WHERE b.received_ms < a.received_ms")" -gt 9 ]
        [ "$(sql "SELECT count(*) FROM capture AS a JOIN capture AS b ON b.capture_id = a.capture_id + 1 WHERE b.received_ms = a.received_ms AND b.account_id = a.account_id AND b.endpoint <> a.endpoint")" -gt 9 ]
        posrec export > out.ndjson
        posrec -q -d second.db import out.ndjson
        assert_equal "$(head_of -d second.db verify)" "$(head_of verify)"
        assert_equal "$(sqlite3 posrec.db .dump | grep -v schema_migration)" "$(sqlite3 second.db .dump | grep -v schema_migration)"
    done
    posrec export --from 1700000100000 --to 1700002000000 > part.ndjson
    jq -c 'select(.received_ms >= 1700000100000 and .received_ms < 1700002000000)' out.ndjson | cmp - <(jq -c . part.ndjson)
    jq -c 'select(.account == "b")' out.ndjson | cmp - <(posrec export --account b | jq -c .)
    [ -s part.ndjson ]
}

@test "what is no longer what was received is not exported" {
    captures 9 | posrec -q import -
    sqlite3 posrec.db "UPDATE payload SET sha256 = zeroblob(32) WHERE payload_id = 4"
    run posrec export --output out.ndjson
    assert_equal "$status" 1
    assert_equal "$output" "posrec: capture 4: the body is not what was received (run 'posrec verify')"
    sqlite3 posrec.db "UPDATE payload SET zstd = zeroblob(length(zstd)) WHERE payload_id = 3"
    echo before > out.ndjson
    run posrec export --output out.ndjson
    assert_equal "$status" 1
    assert_contains "$output" "capture 3: "
    assert_contains "$output" "(run 'posrec verify')"
    run posrec body 3
    assert_contains "$output" "(run 'posrec verify')"
    assert_equal "$(cat out.ndjson)" before
    assert_equal "$(ls out*)" out.ndjson
}
