load helper

one_poll() {
    documented_body > body.json
    posrec -q import --received-at 2021-07-23T07:54:42Z body.json
}

@test "help and version tell what there is" {
    run posrec --version
    assert_equal "$status" 0
    for library in SQLite libcurl OpenSSL zstd; do
        assert_contains "$output" "$library"
    done
    run posrec help
    assert_equal "$status" 0
    for command in fetch import export body positions sql migrate; do
        assert_contains "$output" "  $command"
        run posrec help "$command"
        assert_equal "$status" 0
        assert_contains "$output" "Examples:"
        inline=$(posrec "$command" --help)
        assert_equal "$inline" "$output"
        run posrec help
    done
    assert_equal "$(posrec help help)" "$output"
    # What doctor says is told there.
    posrec doctor | grep -q 'posrec help fetch tells where it looks'
    posrec help fetch | grep -qF '$XDG_CONFIG_HOME/posrec/posrec.ini'
}

@test "bad usage is exit code 2 and one line that helps" {
    for words in "" "frobnicate" "fetch extra" "body" "body x" "body 1 2" "sql" "positions --at soon" \
        "positions --format pdf" "--nonsense" "fetch --all" "positions --at" "help nothing"; do
        # shellcheck disable=SC2086
        run --separate-stderr posrec $words
        assert_equal "$status" 2
        assert_contains "${stderr_lines[-1]}" "posrec: "
    done
}

@test "a config mistake is named with file and line" {
    check() { # TEXT EXPECTED
        printf "$1" > posrec.ini
        run posrec fetch
        assert_equal "$status" 2
        assert_contains "$output" "posrec.ini:$2"
    }
    check '[posrec]\ndatabse = x\n' "2: unknown key 'databse' in [posrec]"
    check '[posrec]\n[posrek]\n' "2: unknown section [posrek]"
    check '[account a]\n\ncolour = red\n' "3: unknown key 'colour'"
    check 'database = x\n' "1: key 'database' before any section"
    check '[posrec]\ninterval = 10\n' "2: duration '10': not understood"
    check '[posrec]\ninterval = 50ms\n' "2: 50ms: shorter than 100ms"
    check '[posrec]\ninterval = 1s\ninterval = 2s\n' "3: 'interval' is given twice"
    check '[posrec\n' "1: a section without its ']'"
    check '[posrec]\nnonsense\n' "2: neither a section nor key = value"
    check '[account a]\n[account a]\n' "2: account 'a' is there twice"
    check '[account a]\nbase_url = http://example.com\n' "2: base_url 'http://example.com': plain http"
    check '[account a]\nproduct = spot\n' "2: product 'spot': not coin-m or usd-m"
    check '[account a]\nrecv_window = 60001\n' "2: recv_window '60001'"
    check '[account a b]\n' "1: account 'a b'"
    check '[account a]\napi_key_file = x\n' "1: account 'a': api_key_file and secret_file go together"
}

@test "a config has room for the 10,000 accounts of its limit, and no more" {
    seq -f '[account a%.0f]' 10000 > posrec.ini
    run -0 posrec -d posrec.db migrate # which reads no config
    run -0 posrec status
    echo '[account more]' >> posrec.ini
    run -2 posrec status
    assert_contains "$output" "posrec.ini:10001: account 'more': too many"
}

@test "the config is found by -c, the environment, here, and in the home folder" {
    one_poll
    mkdir -p .config/posrec elsewhere
    printf '[posrec]\ndatabase = %s/posrec.db\n' "$PWD" > .config/posrec/posrec.ini
    mv .config/posrec/posrec.ini some.ini
    cd elsewhere
    run posrec positions
    assert_equal "$status" 1
    assert_contains "$output" "posrec.db: no such database"
    run posrec -c ../some.ini positions
    assert_equal "$status" 0
    POSREC_CONFIG=../some.ini run posrec positions
    assert_equal "$status" 0
    cp ../some.ini ../.config/posrec/posrec.ini
    run posrec positions
    assert_equal "$status" 0
    run posrec -c missing.ini positions
    assert_equal "$status" 2
    run posrec positions -d ../posrec.db
    assert_equal "$status" 0
}

@test "positions shows open legs, then and now, in every format" {
    one_poll
    run posrec positions
    assert_equal "${#lines[@]}" 2
    assert_contains "${lines[1]}" "LONG"
    assert_equal "$(posrec positions --all --format csv | tail -n +2 | wc -l)" 3
    assert_equal "$(posrec positions --format json | jq -r '.[0].entry_price')" 11707.70000003
    assert_equal "$(posrec positions --format ndjson | jq -r '.time')" 2021-07-23T07:54:42.000Z
    run --separate-stderr posrec positions --at 2021-07-23T07:54:41Z
    assert_equal "$status" 0
    assert_equal "$output" ""
    assert_contains "$stderr" "No poll is in this range; the history goes from 2021-07-23T07:54:42Z"
}

@test "sql prints every kind of value in every format" {
    one_poll
    query="SELECT 1 AS i, 0.1 AS r, 'a,\"b\"' AS t, x'00ff' AS b, NULL AS n, 1e-9 AS s"
    assert_equal "$(posrec sql --format csv "$query" | tr -d '\r' | tail -1)" '1,0.1,"a,""b""",00ff,,0.000000001'
    assert_equal "$(posrec sql --format ndjson "$query")" '{"i":1,"r":0.1,"t":"a,\"b\"","b":"00ff","n":null,"s":0.000000001}'
    posrec sql --format json "$query" | jq -e 'length == 1' > /dev/null
    assert_equal "$(posrec sql --format json 'SELECT 1 WHERE 0' | jq length)" 0
    assert_equal "$(echo 'SELECT 7 AS x' | posrec sql --format csv - | tr -d '\r' | tail -1)" 7
    posrec sql --format csv "$query" | od -c | grep -q '\\r'
}

@test "csv has the bytes of a text, also of one that a spreadsheet takes for a formula" {
    one_poll
    posrec sql --format csv "SELECT '=1+1' AS a, '+1' AS b, '@x' AS c, char(9) || 'y' AS d, '-2' AS e, -2 AS f" > got
    printf 'a,b,c,d,e,f\r\n=1+1,+1,@x,\ty,-2,-2\r\n' | cmp - got
}

@test "sql only reads" {
    one_poll
    for query in "DELETE FROM capture" "UPDATE position SET leverage = 1" "DROP VIEW poll_log" \
        "ATTACH 'x.db' AS x" "PRAGMA user_version = 9" "CREATE TABLE t (a)" "VACUUM" "BEGIN" \
        "INSERT INTO account VALUES (9, 'x', 'coin-m')" "SELECT load_extension('x')" \
        "PRAGMA writable_schema = ON"; do
        run posrec sql "$query"
        assert_equal "$status" 1
        assert_contains "$output" "posrec: sql: "
    done
    run posrec sql "SELECT 1; DELETE FROM capture"
    assert_equal "$status" 2
    run posrec sql "SELEC"
    assert_equal "$status" 1
    assert_contains "$output" "syntax error"
    assert_equal "$(sql 'SELECT count(*) FROM capture')" 1
}

@test "a foreign, missing, newer or broken database is refused with advice" {
    run posrec positions
    assert_equal "$status" 1
    assert_contains "$output" "no such database (record with 'posrec fetch'"
    [ ! -e posrec.db ]
    sqlite3 foreign.db 'CREATE TABLE t (a)'
    run posrec -d foreign.db import /dev/null
    assert_equal "$status" 1
    assert_contains "$output" "not a posrec database"
    head -c 8192 /dev/urandom > noise.db
    run posrec -d noise.db positions
    assert_equal "$status" 1
    assert_contains "$output" "not a SQLite database"
    one_poll
    sqlite3 posrec.db 'PRAGMA user_version = 999' > /dev/null
    run posrec positions
    assert_equal "$status" 1
    assert_contains "$output" "newer posrec"
    run posrec import /dev/null
    assert_equal "$status" 1
    run posrec -d /nowhere/x.db import /dev/null
    assert_equal "$status" 1
    assert_contains "$output" "cannot be opened"
}

@test "migrate --status says where the database stands" {
    one_poll
    run --separate-stderr posrec migrate --status
    assert_equal "$status" 0
    assert_contains "$output" "core"
    assert_contains "$stderr" "schema version $(sql 'PRAGMA user_version')"
    run posrec migrate
    assert_equal "$status" 0
    run posrec -d new.db migrate
    assert_equal "$status" 0
    assert_equal "$(sqlite3 new.db 'SELECT count(*) FROM poll_log')" 0
}

@test "output goes to the file it is told" {
    one_poll
    posrec positions --format csv --output out.csv
    assert_equal "$(wc -l < out.csv)" 2
    posrec body 1 -o body.out
    cmp body.out body.json
    run posrec positions --output /dev/full
    assert_equal "$status" 1
}

@test "a reader that ends early is no error; a full disk and a closed output are" {
    start_sim
    for _ in $(seq 30); do posrec -q fetch > /dev/null; done
    python3 - "$BUILD/posrec" <<'PYTHON'
import os, subprocess, sys

POSREC, GONE = sys.argv[1], 141
LARGE = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT i, hex(i) FROM n"
COMMANDS = [["help"], ["help", "report"], ["--version"], ["positions"], ["positions", "--format", "json"], ["status"], ["export"],
            ["status", "--format", "json"], ["body", "1"], ["doctor"], ["verify"], ["migrate", "--status"],
            ["sql", LARGE], ["report", "all", "--format", "html"]]
COMMANDS += [["report", "coverage", "--format", name] for name in ("table", "csv", "json", "ndjson", "html", "sheet")]


def ended_before(command):
    """The reader is gone before the first byte."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([POSREC, "-q", *command], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    return done.returncode, done.stderr


def ends_within(command):
    """The reader takes what a pipe brings first of more than a pipe holds, and is gone."""
    with subprocess.Popen([POSREC, "-q", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        os.read(program.stdout.fileno(), 100)
        program.stdout.close()
        said = program.stderr.read()
        return program.wait(), said


for command in COMMANDS:
    assert ended_before(command) == (GONE, ""), (command, ended_before(command))
for command in (["sql", LARGE], ["sql", "--format", "csv", LARGE], ["sql", "--format", "json", LARGE], ["export"], ["report", "all", "--format", "html"]):
    assert ends_within(command) == (GONE, ""), (command, ends_within(command))

# What could not be written otherwise is still said, also by those who look at no write of their own.
for command in COMMANDS:
    with open("/dev/full", "w") as full:
        done = subprocess.run([POSREC, "-q", *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "No space left on device" in done.stderr, (command, done)
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", POSREC, "-q", *command], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and "Bad file descriptor" in done.stderr, (command, done)
PYTHON
    # What fetch prints it has recorded before.
    sim "trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=5" > /dev/null
    captures=$(sql 'SELECT count(*) FROM poll_log')
    python3 -c 'import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
done = subprocess.run([sys.argv[1], "fetch"], stdout=writer, stderr=subprocess.PIPE, check=False)
assert (done.returncode, done.stderr) == (141, b""), done' "$BUILD/posrec"
    assert_equal "$(sql 'SELECT count(*) FROM poll_log')" $((captures + 1))
    posrec -q verify
    posrec positions | head -1 | grep -q '^account'
}

@test "closed standard streams do not become the database" {
    "$BUILD/posrec" -q migrate <&- >&- 2>&-
    documented_body > body.json
    "$BUILD/posrec" -q import --received-at 2021-07-23T07:54:42Z body.json <&- >&- 2>&-
    posrec -q verify
}
