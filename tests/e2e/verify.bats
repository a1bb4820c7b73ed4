load verify_helper

@test "verify prints the head, and a noted head proves what was there" {
    history_db
    run --separate-stderr posrec verify
    assert_equal "$status" 0
    head=${lines[0]}
    assert_equal "$head" "$(sql 'SELECT lower(hex(chain)) FROM capture ORDER BY capture_id DESC LIMIT 1')"
    assert_equal "${#lines[@]} ${lines[1]%% *}" "2 root"
    posrec export > all.ndjson
    tail -1 all.ndjson | sed 's/"received_ms":[0-9]*/"received_ms":1795560370000/' | posrec -q import -
    run posrec verify --head "$head"
    assert_equal "$status" 0
    run posrec verify --head "${head//[0-9]/0}"
    assert_equal "$status" 1
    assert_contains "$output" "head: the noted head is no link of this history"
    run posrec verify --head xyz
    assert_equal "$status" 2
}

@test "removing the newest polls is found by a noted head" {
    history_db
    head=$(head_of verify)
    posrec export | head -n -3 > shorter.ndjson
    posrec -q -d shorter.db import shorter.ndjson
    posrec -q -d shorter.db verify
    run posrec -d shorter.db verify --head "$head"
    assert_equal "$status" 1
}

@test "verify --from takes what is before as given" {
    history_db
    polls=$(sql 'SELECT count(*) FROM capture')
    for from in 1 2 40 "$polls"; do
        assert_equal "$(posrec verify --from "$from" --format json | jq -r '.sound, .captures' | xargs)" "true $((polls - from + 1))"
    done
    sqlite3 posrec.db "UPDATE capture SET used_weight = 77 WHERE capture_id = 5"
    posrec -q verify --from 6
    run posrec verify --from 5
    assert_equal "$status" 1
    assert_contains "$output" "capture 5 ("
    assert_equal "$(posrec verify --format json | jq -r '.sound, .kind, .capture' | xargs)" "false chain 5"
    run posrec verify --from 9999
    assert_equal "$status" 2
    run posrec verify --from x
    assert_equal "$status" 2
}

@test "verify --from holds accounts and contracts against what is before it too" {
    history_db
    posrec export | tail -1 | sed 's/"received_ms":[0-9]*/"received_ms":1795700000000/; s/"account":"[a-z]*"/"account":"later"/' | posrec -q import -
    last=$(sql 'SELECT max(capture_id) FROM capture')
    for from in 2 40 "$last"; do posrec -q verify --from "$from" > /dev/null; done
    cp posrec.db good.db
    while read -r finding change; do
        cp good.db posrec.db
        sqlite3 posrec.db "PRAGMA ignore_check_constraints = ON; $change"
        run posrec verify --from "$last"
        echo "$change: $output"
        assert_equal "$status" 1
        assert_contains "$output" "$finding"
    done << 'CHANGES'
account INSERT INTO account VALUES (4, 'invented', 'coin-m')
account INSERT INTO account VALUES (0, 'invented', 'coin-m')
contract INSERT INTO contract (product, symbol, source) VALUES ('coin-m', 'INVENTED', 'derived')
contract UPDATE contract SET contract_size_e8 = 5 WHERE contract_id = 1
contract UPDATE contract SET margin_asset = 'DOGE' WHERE contract_id = 2
contract_term INSERT INTO contract_term SELECT contract_id, (SELECT max(capture_id) FROM capture), 5, pair, margin_asset, contract_type, delivery_ms, 5, source FROM contract WHERE contract_id = 1
capture DELETE FROM capture WHERE capture_id = 1
payload INSERT INTO payload SELECT -1, NULL, size, sha256, zstd FROM payload WHERE payload_id = 1
valuation INSERT INTO valuation (leg_id, time_ms, update_ms, revision, rounded) SELECT 1, max(received_ms), 0, 0, 0 FROM capture
valuation INSERT INTO valuation (leg_id, time_ms, update_ms, revision, rounded) VALUES (9999, 1, 0, 0, 0)
leg_hour INSERT INTO leg_hour (leg_id, hour_ms, first_ms, last_ms, valuations, findings) VALUES (1, 1795698000000, 0, 0, 1, 0)
poll_hour INSERT INTO poll_hour VALUES (1, 1795698000000, 1, 0, 0)
balance_hour INSERT INTO balance_hour VALUES (1, 'BTC', 1795698000000, NULL)
balance_change INSERT INTO balance_change VALUES (1, 'BTC', 1795698000001, 1, 1, 1, 1)
balance INSERT INTO balance (account_id, asset, time_ms, capture_id, rounded) VALUES (1, 'ODD', 1, 1, 0)
position INSERT INTO position (leg_id, update_ms, revision, capture_id, present, rounded) VALUES (1, 1, 1, 9999, 0, 0)
CHANGES
    # Rows of what is before are given, those of the file too.
    cp good.db posrec.db
    sqlite3 posrec.db "DELETE FROM valuation WHERE time_ms = (SELECT min(time_ms) FROM valuation); DELETE FROM capture WHERE capture_id = 5"
    posrec -q verify --from "$last"
}

@test "what proves nothing is said: a head of zeros, of another file, behind --from; a start past the end" {
    history_db
    head=$(head_of verify)
    first=$(sql 'SELECT lower(hex(chain)) FROM capture WHERE capture_id = 3')
    last=$(sql 'SELECT max(capture_id) FROM capture')
    run posrec verify --head "$(printf '0%.0s' $(seq 64))"
    assert_equal "$status" 2
    assert_contains "$output" "--head of zeros stands before the first capture and proves nothing"
    run posrec verify --from 9 --head "$first"
    assert_equal "$status" 2
    assert_contains "$output" "--head is that after capture 3, which --from takes as given"
    assert_equal "$(head_of verify --from 4 --head "$first")" "$head" # it is what the first checked one builds on
    run posrec verify --from $((last + 1))
    assert_equal "$status" 2
    assert_contains "$output" "--from: there is no capture $((last + 1)), the last is $last"
    posrec -q -d other.db import "$SOURCE/tests/data/stream.ndjson"
    run posrec -d other.db verify --head "$head"
    assert_equal "$status" 1
    assert_contains "$output" "or it is of another file"
}

@test "verify --from any capture is sound of a sound file" {
    posrec -q import "$SOURCE/tests/data/history.ndjson" "$SOURCE/tests/data/stream.ndjson" "$SOURCE/tests/data/money.ndjson"
    head=$(head_of verify)
    for from in $(some_of "$(sql 'SELECT max(capture_id) FROM capture')"); do
        assert_equal "$(head_of verify --from "$from")" "$head"
    done
}

# poll MINUTE ACCOUNT and info MINUTE SIZE: lines of a position, and of what its contract is.
poll() {
    local row='{"symbol":"ETHUSD_PERP","positionAmt":"3","entryPrice":"2000","markPrice":"2100","unRealizedProfit":"0.1","liquidationPrice":"1500","leverage":"10","marginType":"cross","isolatedMargin":"0","positionSide":"LONG","updateTime":1}'
    printf '{"account":"%s","received_ms":%s,"body":[%s]}\n' "$2" $((1795557600000 + $1 * 60000)) "$row"
}
info() {
    local symbol='{"symbol":"ETHUSD_PERP","pair":"ETHUSD","marginAsset":"ETH","contractType":"PERPETUAL","deliveryDate":4133404800000,"contractSize":'$2'}'
    printf '{"account":"main","received_ms":%s,"endpoint":"exchangeInfo","body":{"symbols":[%s]}}\n' $((1795557600000 + $1 * 60000)) "$symbol"
}

@test "an hour is summed up by the contract's size of then, however often the recorder began anew, and from any capture" {
    (poll 1 main; poll 2 other; info 5 20; poll 6 main; info 7 30; info 8 50; poll 9 other; poll 10 main; info 11 70; poll 61 main; poll 62 other) > lines
    posrec -q -d whole.db import lines
    while read -r line; do echo "$line" | posrec -q import -; done < lines
    dump whole.db > whole
    dump posrec.db | cmp whole -
    assert_equal "$(sql 'SELECT initial_margin_first_e8, initial_margin_last_e8 FROM leg_hour' | xargs)" "142857|714286 142857|714286"
    head=$(head_of verify)
    for from in $(seq 11); do assert_equal "$(head_of verify --from "$from")" "$head"; done
}

@test "numbers are of the contract's size of their time: after any restart, from any capture, rebuilt and migrated" {
    draw_seed
    for order in '' --by-account; do
        rm -f ./*.db*
        python3 "$SOURCE/tests/e2e/changing_sizes.py" lines "$SEED" $order > lines
        posrec -q -d whole.db import lines
        [ -n "$order" ] || python3 "$SOURCE/tests/e2e/changing_sizes.py" check "$SEED" whole.db
        while IFS='|' read -r account at gross; do
            assert_equal "$(posrec -q -d whole.db report exposure --account "$account" --to "$at" --format json | jq '[.[].gross_usd] | add')" "$gross"
        done < <(sqlite3 whole.db "SELECT account, time_ms + 1, CAST(sum(gross_usd) AS INTEGER) FROM exposure GROUP BY 1, 2")
        while read -r line; do echo "$line" | posrec -q import -; done < lines
        dump whole.db > whole
        dump posrec.db | cmp whole -
        head=$(head_of verify)
        for from in $(some_of "$(wc -l < lines)"); do assert_equal "$(head_of verify --from "$from")" "$head"; done
        posrec -q rebuild
        dump posrec.db | cmp whole -
        sql "SELECT 'DROP VIEW ' || name || ';' FROM sqlite_schema WHERE type = 'view'" | sqlite3 posrec.db
        sqlite3 posrec.db "DROP TABLE account_total; DROP TABLE symbol_config; DROP TABLE account_config; DROP TABLE income_day; DROP TABLE trip_part_kept; DROP INDEX income_of_leg; DROP TABLE balance_hour; DROP TABLE balance_change; DROP TABLE asset_index;
            DROP TABLE tree_node; DROP TABLE mark; DROP TABLE funding_rate; DROP TABLE known_span; DROP TABLE contract_term; ALTER TABLE contract DROP COLUMN capture_id;
            ALTER TABLE contract DROP COLUMN since_ms; UPDATE leg_hour SET initial_margin_last_e8 = 1;
            DELETE FROM schema_migration WHERE version >= 10; PRAGMA user_version = 9"
        posrec -q migrate
        dump posrec.db | cmp whole -
    done
}

# with_trigger TYPE: posrec.db as a hand left it that wants what is recorded to go nowhere.
with_trigger() {
    sqlite3 posrec.db "CREATE TRIGGER t BEFORE INSERT ON capture BEGIN SELECT RAISE(IGNORE); END; PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET type = $1 WHERE name = 't'"
}

@test "no trigger of a file runs, whatever it is called: what is recorded is there, and verify, doctor and backup say so" {
    for type in "'trigger'" "'TRIGGER'" "'trigger' || char(0)"; do
        rm -f posrec.db* copy.db
        history_db
        with_trigger "$type"
        before=$(sql 'SELECT count(*) FROM capture')
        posrec -q import "$SOURCE/tests/data/stream.ndjson"
        [ "$(sql 'SELECT count(*) FROM capture')" -gt "$before" ]
        for command in verify "backup --verify copy.db" doctor; do
            run posrec $command
            assert_equal "$status" 1
            assert_contains "$output" "posrec makes no triggers"
        done
        sqlite3 posrec.db "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 't'"
        posrec -q verify > /dev/null
    done
}

@test "a view that another posrec words otherwise keeps nothing from being checked, and is told" {
    history_db
    head=$(head_of verify)
    cp posrec.db good.db
    for change in "DROP VIEW pnl_history; CREATE VIEW pnl_history AS SELECT 1 AS one" "DROP VIEW pnl_history"; do
        cp good.db posrec.db
        sqlite3 posrec.db "$change"
        how=$([ "$change" = "DROP VIEW pnl_history" ] && echo missing || echo "not as this posrec makes it")
        run --separate-stderr posrec verify --head "$head"
        assert_equal "$status" 1
        assert_equal "${lines[0]}" "$head"
        assert_contains "$stderr" "schema: the evidence is sound; view pnl_history is $how ('posrec migrate' renews views)"
        run --separate-stderr posrec verify --format json
        assert_equal "$status" 1
        assert_equal "$(jq -r '.sound, .evidence_sound, .kind, .captures, .head' <<< "$output" | xargs)" "false true schema 89 $head"
        rm -f copy.db*
        run posrec backup --verify copy.db
        assert_equal "$status" 0
        assert_contains "$output" "copy.db: copied and verified, 89 captures, head $head"
        assert_contains "$output" "the evidence is sound; view pnl_history is $how"
        run posrec doctor
        assert_equal "$status" 1
        assert_contains "$output" "pnl_history is"
        # What is wrong besides is found, and comes first.
        sqlite3 posrec.db "UPDATE position SET leverage = 3 WHERE leg_id = 2"
        run --separate-stderr posrec verify --format json
        assert_equal "$status" 1
        assert_equal "$(jq -r '.sound, .evidence_sound, .rows_sound, .kind, .head' <<< "$output" | xargs)" "false true false rows $head"
        rm -f copy.db*
        run posrec backup --verify copy.db
        assert_equal "$status" 1
        assert_contains "$output" "the copy is not sound: rows: "
    done
    posrec -q rebuild # which renews views too
    assert_equal "$(head_of verify)" "$head"
}

@test "an index that leads elsewhere than to its rows is found; one's own indexes are sound" {
    history_db
    head=$(head_of verify)
    cp posrec.db good.db
    while IFS='|' read -r kind name; do
        cp good.db posrec.db
        python3 "$SOURCE/tests/e2e/false_indexes.py" posrec.db "$kind"
        run posrec verify --head "$head"
        assert_equal "$status" 1
        assert_contains "$output" "integrity: index $name does not lead to the rows of "
        sqlite3 posrec.db 'REINDEX'
        assert_equal "$(head_of verify)" "$head"
    done << 'KINDS'
account|sqlite_autoindex_account_1
time|capture_by_time
own|own
KINDS
    sqlite3 posrec.db "DROP INDEX own; CREATE INDEX a ON capture (outcome COLLATE NOCASE DESC) WHERE row_count > 3;
        CREATE INDEX b ON valuation (round(mark_price_e8 / 1e8, 2), leg_id DESC); CREATE INDEX c ON account (name || ',)' COLLATE RTRIM);
        CREATE TABLE mine (note TEXT PRIMARY KEY, [at, (ms)] INTEGER); CREATE INDEX d ON mine ([at, (ms)] DESC) WHERE note <> ''; INSERT INTO mine VALUES ('x', 1); ANALYZE"
    assert_equal "$(head_of verify)" "$head"
}

# journal VICTIM: one that is rolled back at the next opening, after which SQLite deletes what it names.
journal() {
    python3 - "$1" << 'PYTHON'
import struct, sys
mark, name = bytes.fromhex("d9d505f920a163d7"), sys.argv[1].encode()
header = (mark + struct.pack(">IIIII", 0, 1, 1, 512, 4096)).ljust(512, b"\0")
sys.stdout.buffer.write(header + struct.pack(">I", (1 << 30) // 4096 + 1) + name + struct.pack(">II", len(name), sum(name)) + mark)
PYTHON
}

@test "no file is deleted because a journal names it, and none holds posrec up" {
    history_db
    cp posrec.db good.db
    echo precious > victim
    for command in "import $SOURCE/tests/data/history.ndjson" rebuild migrate verify "report pnl"; do
        cp good.db posrec.db
        journal "$PWD/victim" > posrec.db-journal
        run posrec -q $command
        assert_equal "$status" 1
        assert_contains "$output" "posrec.db-journal is none that posrec leaves"
        [ -s victim ] && [ -s posrec.db-journal ]
        rm posrec.db-journal
        mkfifo posrec.db-journal
        run timeout 300 "$BUILD/posrec" -q -d posrec.db $command
        assert_equal "$status" 1
        rm posrec.db-journal
        posrec -q $command > /dev/null
    done
}

@test "nothing is recorded into tables that are not as they were made" {
    posrec -q migrate
    sqlite3 posrec.db "PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = replace(sql, 'BETWEEN 1 AND', 'BETWEEN 1 AND 1 OR account_id <>') WHERE name = 'account'"
    [ "$(sql "SELECT sql LIKE '%1 OR account_id%' FROM sqlite_schema WHERE name = 'account'")" = 1 ]
    run posrec import "$SOURCE/tests/data/history.ndjson"
    assert_equal "$status" 1
    assert_contains "$output" "nothing can be recorded: table account is not as this posrec makes it"
    assert_equal "$(sql 'SELECT count(*) FROM capture')" 0
    rm posrec.db*
    posrec -q migrate
    # A definition of any size would be memory of any size.
    echo "CREATE VIEW own AS SELECT 1 IN ($(seq -s, 300000)) AS one" | sqlite3 posrec.db
    run posrec verify
    assert_equal "$status" 1
    assert_contains "$output" "too big"
}

@test "a finding names the row by its own key" {
    posrec -q import "$SOURCE/tests/data/history.ndjson" "$SOURCE/tests/data/stream.ndjson" "$SOURCE/tests/data/money.ndjson"
    posrec export | jq -c 'select(.account == "main" and .http_status == 200 and .endpoint == "positionRisk") | .received_ms = 1795564503500 | del(.sent_ms, .due_ms)' | tail -1 | posrec -q import -
    posrec -q verify > /dev/null
    cp posrec.db good.db
    while IFS='|' read -r change finding; do
        cp good.db posrec.db
        sqlite3 posrec.db "$change"
        run posrec verify
        assert_equal "$status" 1
        assert_contains "$output" "rows: $finding"
    done << 'CHANGES'
DELETE FROM trade WHERE trade_id = '7001'|trade BTCUSD_PERP LONG, time 2026-11-24T22:46:10.215Z, trade_id 7001, source stream: the row of this capture is missing
DELETE FROM income WHERE tran_id = '5003'|income main, time 2026-11-24T22:53:25.000Z, income_type COMMISSION, tran_id 5003, asset BTC, symbol BTCUSD_PERP: the row of this capture is missing
UPDATE income SET trade_id = 'x' WHERE tran_id = '5003'|income main, time 2026-11-24T22:53:25.000Z, income_type COMMISSION, tran_id 5003, asset BTC, symbol BTCUSD_PERP: trade_id is x, the bytes say 8001
DELETE FROM balance WHERE asset = 'ETH' AND time_ms = (SELECT max(time_ms) FROM balance)|balance main, asset ETH, time 2026-11-24T22:55:01.500Z: the row of this capture is missing
UPDATE balance_update SET wallet_balance_e8 = 1 WHERE asset = 'BTC'|balance_update main, asset BTC, transaction 2026-11-24T22:46:10.067Z: wallet_balance_e8 is 1, the bytes say
UPDATE leverage_update SET leverage = 3 WHERE leverage = 12|leverage_update main BTCUSD_PERP, transaction 2026-11-24T22:46:10.407Z: leverage is 3, the bytes say 12
UPDATE contract_term SET contract_size_e8 = 5 WHERE contract_id = 1|contract_term BTCUSD_PERP: contract_size_e8 is 5, the bytes say 10000000000
UPDATE leg_hour SET initial_margin_last_e8 = 5 WHERE leg_id = 1|leg_hour BTCUSD_PERP BOTH, hour 2026-11-24T22:00:00.000Z: initial_margin_last_e8 is 5, the bytes say
DELETE FROM poll_hour WHERE account_id = 1|poll_hour main, hour 2026-11-24T22:00:00.000Z: the row of this capture is missing
UPDATE balance_hour SET margin_ratio_max_e8 = 9 WHERE asset = 'BTC'|balance_hour main, asset BTC, hour 2026-11-24T22:00:00.000Z: margin_ratio_max_e8 is 9, the bytes say
UPDATE balance_change SET wallet_balance_e8 = 9 WHERE asset = 'BTC'|balance_change main, asset BTC, time 2026-11-24T22:55:00.500Z: wallet_balance_e8 is 9, the bytes say
DELETE FROM account_update|account_update main, transaction 2026-11-24T22:46:10.067Z: the row of this capture is missing
DELETE FROM position WHERE revision = 3 AND update_ms = 1795560307019|position BTCUSD_PERP LONG, update 2026-11-24T22:45:07.019Z, revision 3: the row of this capture is missing
CHANGES
}

@test "ids that no recorder gives, texts that are not UTF-8 and frames of any size crash nothing and are told" {
    history_db
    cp posrec.db good.db
    last=$(sql 'SELECT max(account_id) FROM account')
    for id in 0 -1 $((last + 1)) 4611686018427387904 9223372036854775807; do
        cp good.db posrec.db
        sqlite3 posrec.db "PRAGMA ignore_check_constraints = ON; UPDATE capture SET account_id = $id WHERE account_id = $last; UPDATE leg SET account_id = $id WHERE account_id = $last; UPDATE account SET account_id = $id WHERE account_id = $last"
        for command in "import $SOURCE/tests/data/stream.ndjson" rebuild "verify --from 9" verify; do
            run posrec -q $command
            echo "$id: $command: $output"
            assert_equal "$status" 1
        done
    done
    cp good.db posrec.db
    sqlite3 posrec.db "UPDATE capture SET capture_id = 9223372036854775807 WHERE capture_id = (SELECT max(capture_id) FROM capture)"
    run posrec import "$SOURCE/tests/data/stream.ndjson"
    assert_equal "$status" 1
    assert_contains "$output" "capture 9223372036854775807 cannot be"
    (echo "PRAGMA encoding = 'UTF-16le'; PRAGMA application_id = $((0x506f7352)); PRAGMA user_version = 10;"; sqlite3 good.db .dump) | sqlite3 wide.db
    for command in verify positions "import $SOURCE/tests/data/stream.ndjson"; do
        run posrec -d wide.db $command
        assert_equal "$status" 1
        assert_contains "$output" "wide.db: its texts are UTF-16le, posrec's are UTF-8"
    done
    # 400 MB that would be skipped.
    cp good.db posrec.db
    sqlite3 posrec.db "UPDATE payload SET zstd = CAST(x'502a4d180084d717' || zeroblob(400000000) || zstd AS BLOB) WHERE payload_id = 3"
    little() { # in which the sanitizers' own memory has no place
        grep -q __asan_init "$BUILD/posrec" || ulimit -d 100000
        posrec verify
    }
    run little
    assert_equal "$status" 1
    assert_contains "$output" "payload: capture 3: "
}

@test "a file that an older posrec read otherwise is sound, and rebuild reads it again" {
    cp "$SOURCE/tests/data/read-0.2.db" posrec.db
    chmod 600 posrec.db
    head=$(sql 'SELECT lower(hex(chain)) FROM capture ORDER BY capture_id DESC LIMIT 1')
    posrec -q migrate
    captures=$(sql 'SELECT * FROM capture')
    assert_equal "$(head_of verify --head "$head")" "$head"
    run --separate-stderr posrec verify
    assert_equal "$status" 0
    assert_contains "$stderr" "sound; read by an older posrec ('posrec rebuild' reads it again)"
    assert_contains "$stderr" "read otherwise by this one: capture 3: its bytes are read otherwise now"
    assert_equal "$(posrec verify --format json | jq -r '.sound, .read_by_older, .read_otherwise' | xargs)" "true 7 capture 3: its bytes are read otherwise now"
    for from in 2 4 6 7; do assert_equal "$(head_of verify --from $from)" "$head"; done
    assert_equal "$(sql 'SELECT outcome, row_count FROM capture_read WHERE capture_id = 3')" "ok|0"
    posrec -q rebuild
    assert_equal "$(head_of verify --head "$head")" "$head"
    run --separate-stderr posrec verify
    assert_equal "$status" 0
    [[ "$stderr" != *older* ]]
    assert_equal "$(sql 'SELECT * FROM capture')" "$captures"
    for from in 2 4 6 7; do assert_equal "$(head_of verify --from $from)" "$head"; done
    posrec -q rebuild
    assert_equal "$(head_of verify --head "$head")" "$head"
    # What is no COIN-M contract has no USD, in hours that were summed up before that neither.
    assert_equal "$(sql "SELECT symbol, unrealized_pnl, unrealized_pnl_usd, margin_asset FROM pnl_history WHERE symbol = 'BTCUSDT' AND position_amount <> 0")" "BTCUSDT|-29.15||"
    assert_equal "$(sql "SELECT count(unrealized_pnl_usd_last_e8) FROM leg_hour JOIN leg USING (leg_id) JOIN contract USING (contract_id) WHERE symbol = 'BTCUSDT'")" 0
    # Recorded now, the same is read.
    posrec export > all.ndjson
    posrec -q -d new.db import all.ndjson
    assert_equal "$(sqlite3 new.db 'SELECT outcome, row_count FROM capture WHERE capture_id BETWEEN 3 AND 6' | xargs)" "ok|2 unreadable|0 ok|2 ok|0"
    posrec -q -d new.db verify > /dev/null
    rows() { dump "$1" | grep -v 'INSERT INTO \(capture\|payload\|reading\|read_by\) '; }
    cmp <(rows posrec.db) <(rows new.db)
    assert_equal "$(sql 'SELECT capture_id, outcome, detail, row_count FROM capture_read')" "$(sqlite3 new.db 'SELECT capture_id, outcome, detail, row_count FROM capture')"
    # A reading that is taken away, made up or changed is found, and the evidence is sound all the same.
    cp posrec.db good.db
    for change in "DELETE FROM reading WHERE capture_id = 3" "UPDATE reading SET row_count = 1 WHERE capture_id = 3" \
        "UPDATE reading SET outcome = 'unreadable' WHERE capture_id = 3" "UPDATE reading SET detail = 'x' WHERE capture_id = 3" \
        "UPDATE reading SET reader = 1 WHERE capture_id = 3" "INSERT INTO reading VALUES (1, 2, 'unreadable', 'x', 0)" \
        "INSERT INTO read_by VALUES (900, 1)" "DELETE FROM position WHERE leg_id = 1"; do
        cp good.db posrec.db
        sqlite3 posrec.db "$change"
        run --separate-stderr posrec verify
        assert_equal "$status" 1
        assert_equal "${lines[0]}" "$head"
        assert_contains "$stderr" "(the evidence is sound: 'posrec rebuild' makes the rows again)"
        posrec -q rebuild
        assert_equal "$(head_of verify)" "$head"
    done
    # What is recorded from now on is read by this one.
    cp "$SOURCE/tests/data/read-0.2.db" posrec.db
    chmod 600 posrec.db
    posrec -q migrate
    posrec export | tail -1 | jq -c '.received_ms += 60000' | posrec -q import -
    assert_equal "$(sql 'SELECT * FROM read_by' | xargs)" "1|1 8|2"
    posrec -q verify > /dev/null
    sqlite3 posrec.db "DELETE FROM valuation WHERE time_ms = (SELECT received_ms FROM capture WHERE capture_id = 8)"
    run posrec verify
    assert_equal "$status" 1
}

# odd-0.2.db has odd fields in bodies of each endpoint and of the stream.
@test "bodies that an older posrec took for unreadable are read by rebuild" {
    cp "$SOURCE/tests/data/odd-0.2.db" posrec.db
    chmod 600 posrec.db
    head=$(sql 'SELECT lower(hex(chain)) FROM capture ORDER BY capture_id DESC LIMIT 1')
    posrec -q migrate
    for from in 1 3 4 5 8 12; do assert_equal "$(head_of verify --from $from --head "$head")" "$head"; done
    assert_equal "$(sql "SELECT count(*) FROM capture_read WHERE outcome = 'unreadable'")" 7
    posrec -q rebuild
    for from in 1 3 4 5 8 12; do assert_equal "$(head_of verify --from $from --head "$head")" "$head"; done
    assert_equal "$(sql "SELECT count(*) FROM capture WHERE outcome = 'unreadable'")" 7
    assert_equal "$(sql "SELECT count(*) FROM capture_read WHERE outcome = 'unreadable'")" 0
    # Recorded now, each costs but its odd fields.
    posrec export > all.ndjson
    posrec -q -d new.db import all.ndjson
    assert_equal "$(sqlite3 new.db "SELECT count(*), sum(detail LIKE '%: field %'), sum(outcome = 'unreadable') FROM capture WHERE outcome <> 'opened'")" "12|7|0"
    posrec -q -d new.db verify > /dev/null
    rows() { dump "$1" | grep -v 'INSERT INTO \(capture\|payload\|reading\|read_by\) '; }
    cmp <(rows posrec.db) <(rows new.db)
    assert_equal "$(sql 'SELECT capture_id, outcome, detail, row_count FROM capture_read')" "$(sqlite3 new.db 'SELECT capture_id, outcome, detail, row_count FROM capture')"
}

@test "fields that cannot be read are named alike wherever reading begins" {
    python3 "$SOURCE/tests/bench/make_captures.py" 200 --money |
        sed -E '20,90s/(maxQty[^0-9]*)[0-9]+/\1one/3; 40,60s/(positionAmt[^0-9]*)[0-9]+/\1one/9
                50,150s/(walletBalance[^0-9]*)[0-9.]+/\1one/2' > all.ndjson
    posrec -q import all.ndjson
    dump posrec.db > once
    split -l 45 all.ndjson part.
    for part in part.*; do posrec -q -d parts.db import "$part"; done
    dump parts.db | cmp once -
    head=$(head_of verify)
    for from in 21 30 45 55 91 140; do assert_equal "$(head_of verify --from $from)" "$head"; done
    posrec -q rebuild
    dump posrec.db | cmp once -
    posrec export | posrec -q -d again.db import -
    assert_equal "$(head_of -d again.db verify)" "$head"
    assert_equal "$(sql "SELECT DISTINCT detail FROM capture WHERE detail LIKE 'element%more%'")" 'element 2: field maxQty: not a number: "one" (and 1 more)'
}

@test "an empty database is sound" {
    posrec -q migrate
    run --separate-stderr posrec verify
    assert_equal "$status" 0
    assert_equal "$output" "$(printf '0%.0s' $(seq 64))
root $(printf '' | sha256sum | cut -c-64)"
}

@test "a rebuilt database equals the original row for row" {
    history_db
    dump posrec.db > before
    posrec -q rebuild
    dump posrec.db | cmp before -
    sqlite3 posrec.db "UPDATE position SET leverage = 3; DELETE FROM valuation WHERE leg_id = 2; UPDATE contract SET pair = 'X'"
    run posrec verify
    assert_equal "$status" 1
    posrec -q rebuild --output fixed.db
    dump fixed.db | cmp before -
    posrec -q -d fixed.db verify
    posrec -q rebuild
    dump posrec.db | cmp before -
    run posrec rebuild --output fixed.db
    assert_equal "$status" 1
    assert_contains "$output" "is there already"
}

@test "rebuild refuses damaged bytes and changes nothing" {
    history_db
    sqlite3 posrec.db "UPDATE payload SET zstd = zeroblob(length(zstd)) WHERE payload_id = 7"
    dump posrec.db > before
    run posrec rebuild
    assert_equal "$status" 1
    assert_contains "$output" "capture"
    dump posrec.db | cmp before -
}

@test "backup copies while others write, and verifies the copy where that is asked for" {
    start_sim
    posrec -q fetch > /dev/null
    (while [ ! -e stop ]; do "$BUILD/posrec" -q fetch > /dev/null || touch failed; done) 3>&- &
    writer=$!
    for n in 1 2 3 4 5; do
        run posrec backup "copy$n.db"
        assert_equal "$status" 0
        assert_contains "$output" "copy$n.db: copied, $(sqlite3 -readonly "copy$n.db" 'SELECT max(capture_id) FROM capture') captures"
        posrec -q -d "copy$n.db" verify > /dev/null
    done
    touch stop
    wait "$writer"
    [ ! -e failed ]
    # What is damaged is copied as it is, and found where it is asked for.
    cp copy1.db damaged.db
    sqlite3 damaged.db "UPDATE capture SET received_ms = received_ms + 1 WHERE capture_id = 1"
    posrec -q -d damaged.db backup unproved.db
    run posrec -q -d damaged.db backup --verify proved.db
    assert_equal "$status" 1
    assert_contains "$output" "proved.db: "
    run posrec -q -d unproved.db verify
    assert_equal "$status" 1
    run posrec backup copy1.db
    assert_equal "$status" 1
    assert_contains "$output" "copy1.db: is there already"
    run posrec backup /nowhere/copy.db
    assert_equal "$status" 1
}

@test "databases of every released schema migrate, verify and answer alike" {
    answers() { # DATABASE: of each view all rows
        sqlite3 -readonly "$1" "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY 1" | sed "s/.*/SELECT '&', * FROM &;/" > views
        sqlite3 -readonly "$1" < views | sort
    }
    history_db fresh.db
    answers fresh.db > answered
    [ "$(wc -l < answered)" -gt 1000 ]
    for old in "$SOURCE"/tests/data/schema-*.db; do
        cp "$old" posrec.db
        chmod 600 posrec.db
        run posrec positions
        if [ "$(sql 'PRAGMA user_version')" -lt "$(sqlite3 fresh.db 'PRAGMA user_version')" ]; then
            assert_equal "$status" 1
            assert_contains "$output" "run 'posrec migrate'"
        fi
        table=$([ "$(sql 'PRAGMA user_version')" -lt 3 ] && echo poll || echo capture)
        head=$(sql "SELECT lower(hex(chain)) FROM $table ORDER BY ${table}_id DESC LIMIT 1")
        captures=$(sql "SELECT * FROM $table ORDER BY ${table}_id")
        payloads=$(sql 'SELECT * FROM payload' | sha256sum)
        posrec -q migrate
        assert_equal "$(head_of verify --head "$head")" "$head"
        assert_equal "$(posrec -q verify)" "$(posrec -q -d fresh.db verify)"
        assert_equal "$(sql 'SELECT * FROM capture ORDER BY capture_id')" "$captures"
        assert_equal "$(sql 'SELECT * FROM payload' | sha256sum)" "$payloads"
        answers posrec.db | diff - answered
        dump posrec.db | grep -v 'INSERT INTO read_by' > migrated
        dump fresh.db | grep -v 'INSERT INTO read_by' | cmp migrated -
        posrec -q rebuild
        dump posrec.db > migrated
        dump fresh.db | cmp migrated -
    done
}

@test "no migration beside a recorder of before" {
    cp "$SOURCE/tests/data/schema-2.db" posrec.db
    chmod 600 posrec.db
    touch posrec.db.run-lock
    for command in migrate "import $SOURCE/tests/data/stream.ndjson" rebuild; do
        run flock -x posrec.db.run-lock "$BUILD/posrec" -d posrec.db $command
        assert_equal "$status" 1
        assert_contains "$output" "an older 'posrec run' is recording into it (stop that one first)"
    done
    assert_equal "$(sql 'PRAGMA user_version')" 2
    posrec -q migrate
    flock -x posrec.db.run-lock "$BUILD/posrec" -q migrate # there is nothing to do
}

@test "another program recomputes the chain from the documentation alone" {
    history_db
    assert_equal "$(python3 "$SOURCE/tests/e2e/recompute_chain.py" posrec.db)" "$(head_of verify)"
}
