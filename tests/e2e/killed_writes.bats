load verify_helper

# A process that is killed while it writes a database anew.

# killed_writes: which of the traced writes a migration is killed at. CI draws some; the first, the last, and those before
# and after each sync are always among them, so that every version that is committed is seen.
killed_writes() {
    awk -v seed="$SEED" -v long="$LONG" '
        BEGIN { srand(seed) }
        /pwrite64\(/ { count++; if (synced || count == 1) always[count]; synced = 0 }
        /fdatasync\(/ { always[count]; synced = 1 }
        END { always[count]; for (i = 1; i <= count; i++) if (rand() < 1 / 64 || long || i in always) print i }' "$1"
}

@test "a migration killed at any write leaves a whole database" {
    export ASAN_OPTIONS=detect_leaks=0 # the leak detector and strace are both debuggers
    latest=14
    draw_seed
    for old in 1 2; do
        cp "$SOURCE/tests/data/schema-$old.db" old.db
        chmod 600 old.db
        head=$(sqlite3 old.db 'SELECT lower(hex(chain)) FROM poll ORDER BY poll_id DESC LIMIT 1')
        versions=
        cp old.db posrec.db
        strace -f -o writes -e trace=pwrite64,fdatasync "$BUILD/posrec" -q migrate
        for write in $(killed_writes writes); do
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

@test "a rebuild killed at any write leaves the rows as they were, or all of them anew" {
    export ASAN_OPTIONS=detect_leaks=0 # the leak detector and strace are both debuggers
    draw_seed
    history_db
    posrec -q import "$SOURCE/tests/data/usd_m.ndjson"
    dump posrec.db > anew
    head=$(head_of verify)
    sqlite3 posrec.db "UPDATE position SET leverage = 3; DELETE FROM valuation WHERE leg_id = 2" "PRAGMA wal_checkpoint(TRUNCATE)" > /dev/null
    dump posrec.db > before
    cp posrec.db old.db
    strace -f -o writes -e trace=pwrite64,fdatasync "$BUILD/posrec" -q rebuild
    for write in $(killed_writes writes); do
        cp old.db posrec.db
        rm -f posrec.db-wal posrec.db-shm
        (strace -f -o /dev/null -e trace=pwrite64 -e "inject=pwrite64:signal=KILL:when=$write" "$BUILD/posrec" -q rebuild || true) 2> /dev/null
        dump posrec.db > after
        cmp -s before after || cmp anew after
        posrec -q rebuild # nobody holds the lock
        assert_equal "$(head_of verify --head "$head")" "$head"
    done
}
