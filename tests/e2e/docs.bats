load run_helper

@test "every block of the README that can be run works as it stands" {
    start_sim
    write_config "$SIM" "record = positions, account, income, trades"
    export PATH=$BUILD:$PATH PYTHONPATH=$SOURCE/python
    posrec -q fetch > /dev/null
    posrec -q fetch > /dev/null
    run python3 "$SOURCE/tests/e2e/run_docs.py" "$SOURCE/README.md"
    echo "$output"
    assert_equal "$status" 0
    assert_contains "$output" "13 blocks run, 0 failed"
    [ -s pnl.csv ]
    grep -q '<figure class="chart"' report.html
    [ -s history.ndjson ]
    posrec -d copy.db verify
}

@test "every block of the cookbook and of docs/monitoring.md that can be run works as it stands" {
    needs_plain_build # others' programs load the extension
    start_sim
    export PATH=$BUILD:$PATH PYTHONPATH=$SOURCE/python LD_LIBRARY_PATH=$BUILD
    write_config "$SIM" "record = positions, stream, account, income, trades" "stream_url = ws${SIM#http}" \
        "interval = 300ms" "account_interval = 300ms" "income_interval = 500ms"
    start_run
    opened() { [ "$(sql "SELECT count(*) FROM capture WHERE outcome = 'opened'" 2> /dev/null)" = 1 ]; }
    wait_for opened
    wait_for stream_heard
    for amount in 5 -3; do
        sim "trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=$amount" > /dev/null
    done
    sim 'funding?account=main&rate=0.0001' > /dev/null
    paid() { [ "$(sql "SELECT count(DISTINCT income_type) FROM income" 2> /dev/null)" -ge 3 ]; }
    wait_for paid
    polls=$(sql 'SELECT count(*) FROM poll_log')
    more() { [ "$(sql 'SELECT count(*) FROM poll_log')" -ge $((polls + 3)) ]; }
    wait_for more
    stop_run
    run python3 "$SOURCE/tests/e2e/run_docs.py" "$SOURCE/docs/cookbook.md"
    echo "$output"
    assert_equal "$status" 0
    assert_contains "$output" "28 blocks run, 0 failed"
    run python3 "$SOURCE/tests/e2e/run_docs.py" "$SOURCE/docs/monitoring.md"
    echo "$output"
    assert_contains "$output" "3 blocks run, 0 failed"
    [ -s changes.csv ]
    [ "$(wc -l < realized.csv)" -ge 3 ]
    grep -q '</html>' report.html
}

@test "the README's table has every event of the log, and no other" {
    python3 - "$SOURCE" <<'PYTHON'
import pathlib, re, sys

source = pathlib.Path(sys.argv[1])
WORD = re.compile(r'"([a-z_]+)"')


def calls(name, text):
    """The arguments of each call of a function."""
    return re.findall(rf"\b{name}\(((?:[^()]|\([^()]*\))*)\)", text)


logged = set()
for path in (source / "src").rglob("*.c"):
    text = path.read_text()
    for call in re.findall(r"\blog_event\((.*?)LOG_(?:TEXT|INT|MAYBE)\(", text, re.DOTALL):
        logged.update(WORD.findall(call))
    # A function that is handed the event: the first word of each of its calls.
    for part in re.split(r"^(?=static )", text, flags=re.MULTILINE):
        if path.name != "log.c" and re.search(r"log_event\(\w+, event,", part):
            helper = re.match(r"static \w+ \*?(\w+)\(", part).group(1)
            named = [found.group(1) for found in map(WORD.search, calls(helper, text)) if found]
            assert named, (path, helper)
            logged.update(named)
readme = (source / "README.md").read_text()
table = readme.split("| event | what it means |\n|---|---|\n")[1].split("\n\n")[0]
described = re.findall(r"`([a-z_]+)`", " ".join(row.split("|")[1] for row in table.splitlines()))
assert len(described) == len(set(described)) >= 20, described
assert logged == set(described), (logged - set(described), set(described) - logged)
PYTHON
}

@test "the README's configuration is one that posrec takes" {
    sed -n '/^# posrec.ini$/,/^```$/p' "$SOURCE/README.md" | grep -v '^```' > posrec.ini
    sed -i '/api_key_file/i base_url = http://127.0.0.1:9' posrec.ini
    run posrec fetch
    assert_equal "$status" 1
    assert_contains "$output" "network_error"
}

@test "each page is named by the README, and names files that are there" {
    run python3 "$SOURCE/tests/e2e/check_links.py" "$SOURCE"
    echo "$output"
    assert_equal "$status" 0
}

@test "docs/schema.md names every table, view and column" {
    posrec -q migrate
    for name in $(sqlite3 posrec.db "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"); do
        grep -q "^### $name\$" "$SOURCE/docs/schema.md" || { echo "no section $name"; false; }
        section=$(sed -n "/^### $name\$/,/^##/p" "$SOURCE/docs/schema.md")
        common=" account symbol pair margin_asset position_side "
        for column in $(sqlite3 posrec.db "SELECT name FROM pragma_table_info('$name')"); do
            case $section in *"$column"*) continue ;; esac
            case $common in *" $column "*) continue ;; esac
            case $column in previous_*) case $section in *"${column#previous_}"*) continue ;; esac ;; esac
            echo "$name.$column is not described"
            false
        done
    done
}

@test "the chain's example in docs/schema.md is what posrec hashes" {
    documented_body > body.json
    posrec -q import --received-at 2021-07-23T07:54:42Z body.json
    canonical=$(grep -o '13:posrec-poll-1,.*' "$SOURCE/docs/schema.md")
    expected=$(python3 - "$canonical" <<'PYTHON'
import hashlib, sys
body = hashlib.sha256(open("body.json", "rb").read()).digest()
print(hashlib.sha256(bytes(32) + sys.argv[1].encode() + body).hexdigest())
PYTHON
    )
    assert_equal "$(head_of verify)" "$expected"
}
