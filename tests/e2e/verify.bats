load helper

# dump DB: every row but those that say when migrations were applied.
dump() {
    sqlite3 -readonly "$1" '.dump --data-only' | grep -v 'INSERT INTO schema_migration'
}

history_db() {
    posrec -q -d "${1:-posrec.db}" import "$SOURCE/tests/data/history.ndjson"
}

@test "verify prints the head, and a noted head proves what was there" {
    history_db
    run --separate-stderr posrec verify
    assert_equal "$status" 0
    head=$output
    assert_equal "$head" "$(sql 'SELECT lower(hex(chain)) FROM capture ORDER BY capture_id DESC LIMIT 1')"
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
    head=$(posrec -q verify)
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

@test "an empty database is sound" {
    posrec -q migrate
    run --separate-stderr posrec verify
    assert_equal "$status" 0
    assert_equal "$output" "$(printf '0%.0s' $(seq 64))"
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

@test "backup copies while others write, and verifies the copy" {
    start_sim
    posrec -q fetch > /dev/null
    (while [ ! -e stop ]; do "$BUILD/posrec" -q fetch > /dev/null || touch failed; done) 3>&- &
    writer=$!
    for n in 1 2 3 4 5; do
        posrec -q backup "copy$n.db"
        posrec -q -d "copy$n.db" verify > /dev/null
    done
    touch stop
    wait "$writer"
    [ ! -e failed ]
    run posrec backup copy1.db
    assert_equal "$status" 1
    assert_contains "$output" "copy1.db: is there already"
    run posrec backup /nowhere/copy.db
    assert_equal "$status" 1
}

@test "databases of every released schema migrate, verify and answer alike" {
    history_db fresh.db
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
        assert_equal "$(posrec -q verify --head "$head")" "$head"
        assert_equal "$head" "$(posrec -q -d fresh.db verify)"
        assert_equal "$(sql 'SELECT * FROM capture ORDER BY capture_id')" "$captures"
        assert_equal "$(sql 'SELECT * FROM payload' | sha256sum)" "$payloads"
        for view in $(sqlite3 fresh.db "SELECT name FROM sqlite_schema WHERE type = 'view'"); do
            assert_equal "$(sql "SELECT * FROM $view" | sort)" "$(sqlite3 fresh.db "SELECT * FROM $view" | sort)"
        done
        dump posrec.db > migrated
        dump fresh.db | cmp migrated -
    done
}

@test "a migration killed at any write leaves a whole database" {
    export ASAN_OPTIONS=detect_leaks=0 # the leak detector and strace are both debuggers
    latest=7
    for old in 1 2; do
        cp "$SOURCE/tests/data/schema-$old.db" old.db
        chmod 600 old.db
        head=$(sqlite3 old.db 'SELECT lower(hex(chain)) FROM poll ORDER BY poll_id DESC LIMIT 1')
        versions=
        cp old.db posrec.db
        strace -f -o writes -e trace=pwrite64 "$BUILD/posrec" -q migrate
        for write in $(seq 1 "$(wc -l < writes)"); do
            cp old.db posrec.db
            rm -f posrec.db-wal posrec.db-shm
            (strace -f -o /dev/null -e trace=pwrite64 -e "inject=pwrite64:signal=KILL:when=$write" "$BUILD/posrec" -q migrate || true) 2> /dev/null
            version=$(sqlite3 posrec.db 'PRAGMA user_version')
            assert_equal "$(sqlite3 posrec.db 'PRAGMA integrity_check')" ok
            assert_equal "$(sqlite3 posrec.db 'SELECT max(version) FROM schema_migration')" "$version"
            assert_equal "$(sqlite3 posrec.db "SELECT group_concat(name) FROM sqlite_schema WHERE name IN ('poll', 'capture')")" \
                "$([ "$version" -lt 3 ] && echo poll || echo capture)"
            versions="$versions $version"
            posrec -q migrate
            posrec -q verify --head "$head" > /dev/null
        done
        for version in $(seq "$old" "$latest"); do
            assert_contains "$versions" " $version"
        done
    done
}

@test "another program recomputes the chain from the documentation alone" {
    history_db
    assert_equal "$(python3 "$SOURCE/tests/e2e/recompute_chain.py" posrec.db)" "$(posrec -q verify)"
}
