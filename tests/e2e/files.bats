# The database as a file: who may read it, where it cannot be written, and where there is no room for it.
load helper

# HERE is a folder that another user can get at, with a posrec of its own.
setup_here() {
    HERE=$(mktemp -d "${TMPDIR:-/tmp}/posrec-files-XXXXXX")
    cp "$BUILD/posrec" "$BUILD/posrec-net" "$HERE"
    chmod 755 "$HERE"
    posrec -q -d posrec.db import "$SOURCE/tests/data/history.ndjson"
    mkdir "$HERE/db"
    DB="$HERE/db/odd ?#%41&é.db"
    cp posrec.db "$DB"
}

teardown() {
    if [ -n "${HOLDER_PID:-}" ]; then
        kill "$HOLDER_PID" 2> /dev/null || true
    fi
    if [ -n "${HERE:-}" ]; then
        chmod -R u+rwx "$HERE"
        rm -rf "$HERE"
    fi
    show_logs
}

# stranger COMMAND: posrec as somebody who may read the database and write neither it nor its folder. Folders without
# write permission are no obstacle to root.
stranger() {
    chmod 444 "$HERE"/db/*
    for file in ${UNREADABLE:-}; do chmod 000 "$DB$file"; done
    chmod 555 "$HERE/db"
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$HERE/posrec" "$@"
    else
        "$HERE/posrec" "$@"
    fi
}

# owner: makes the folder the owner's again.
owner() {
    chmod 755 "$HERE/db"
    chmod 644 "$HERE"/db/*
}

# fill_log [FILE]: leaves a transaction in the log, as a recorder does that was killed, and no -shm.
fill_log() {
    sqlite3 "$DB" '.dbconfig no_ckpt_on_close on' 'PRAGMA wal_autocheckpoint = 0' 'CREATE TABLE mine (a)' > /dev/null
    rm -f "$DB-shm"
    [ -s "$DB-wal" ]
}

# hold: somebody has the database open.
hold() {
    python3 - "$DB" <<'PYTHON' 3>&- &
import os, sqlite3, sys, time
database = sqlite3.connect(sys.argv[1])
database.execute("SELECT count(*) FROM capture").fetchone()
open("held", "w").close()
while os.path.exists("held"):
    time.sleep(0.05)
PYTHON
    HOLDER_PID=$!
    wait_for test -e held
}

@test "a database in a folder that cannot be written is read, asked, verified and copied" {
    setup_here
    head=$(head_of verify)
    mkdir "$HERE/out"
    chmod 777 "$HERE/out"
    for beside in none wal shm; do
        owner
        rm -f "$DB-wal" "$DB-shm" "$HERE"/out/*
        case $beside in
        wal) : > "$DB-wal" ;;
        shm) cp posrec.db-shm "$DB-shm" ;;
        esac
        assert_equal "$(stranger -q -d "$DB" verify | head -1)" "$head"
        stranger -d "$DB" sql --format json 'SELECT count(*) AS n FROM capture' | jq -e '.[0].n == 89'
        stranger -q -d "$DB" positions --format csv | cmp - <(posrec -q positions --format csv)
        stranger -q -d "$DB" status --format json | jq -e '.running == false' > /dev/null
        stranger -q -d "$DB" export | cmp - <(posrec -q export)
        stranger -q -d "$DB" body 3 | cmp - <(posrec -q body 3)
        stranger -q -d "$DB" report all --format html --output "$HERE/out/page.html"
        stranger -q -d "$DB" backup "$HERE/out/copy.db"
        stranger -q -d "$DB" rebuild --output "$HERE/out/rebuilt.db"
        assert_equal "$(head_of -d "$HERE/out/copy.db" verify)" "$head"
        assert_contains "$(stranger -d "$DB" doctor || true)" "ok    database: $DB"
        assert_equal "$(ls "$HERE/db" | wc -l)" $([ $beside = none ] && echo 1 || echo 2)
    done
    run stranger -d "$DB" mirror --follow --to 'host=/nowhere dbname=x'
    assert_equal "$status" 1
    assert_contains "$output" "mirror it without --follow"
}

@test "where the newest rows are in a log that cannot be read, that is said, and its owner can help" {
    setup_here
    fill_log
    cp "$DB" "$DB-wal" .
    for command in verify positions "backup $HERE/copy.db"; do
        run stranger -d "$DB" $command
        assert_equal "$status" 1
        assert_contains "$output" "what was written last stands in $DB-wal"
        assert_contains "$output" "have their owner run 'posrec migrate'"
    done
    posrec -d "${DB##*/}" sql --format json 'SELECT count(*) AS n FROM mine' | jq -e '.[0].n == 0' # a copy of both
    owner
    posrec -q -d "$DB" migrate
    rm -f "$DB-shm"
    stranger -d "$DB" sql --format json 'SELECT count(*) AS n FROM mine' | jq -e '.[0].n == 0'
    # A journal of an interrupted transaction is no less than a log.
    owner
    printf 'what was there before' > "$DB-journal"
    rm -f "$DB-wal"
    run stranger -d "$DB" verify
    assert_equal "$status" 1
    assert_contains "$output" "what was written last stands in $DB-journal"
}

@test "a log that another user keeps to himself hinders only while he is at work" {
    setup_here
    hold
    UNREADABLE="-wal -shm"
    run stranger -d "$DB" verify
    assert_equal "$status" 1
    assert_contains "$output" "another user's program uses it, and its -wal or -shm cannot be read"
    UNREADABLE=
    stranger -q -d "$DB" verify > /dev/null # who can read them reads beside him
    owner
    rm held
    wait "$HOLDER_PID"
    HOLDER_PID=
    posrec -q -d "$DB" migrate # leaves an empty log
    UNREADABLE="-wal -shm"
    stranger -q -d "$DB" verify > /dev/null
    UNREADABLE=
    owner
    fill_log
    UNREADABLE="-wal"
    run stranger -d "$DB" verify
    assert_equal "$status" 1
    assert_contains "$output" "what was written last stands in $DB-wal"
}

@test "a medium that cannot be written is read" {
    unshare -rm true || skip "namespaces are not to be had"
    setup_here
    head=$(head_of verify)
    sealed() { unshare -rm sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$HERE/db" "$HERE/posrec" -q -d "$DB" "$@"; }
    assert_equal "$(sealed verify | head -1)" "$head"
    : > "$DB-wal"
    assert_equal "$(sealed verify | head -1)" "$head"
    fill_log
    run sealed verify
    assert_equal "$status" 1
    assert_contains "$output" "what was written last stands in $DB-wal"
}

@test "a database is made for its owner and group; one that is there keeps its mode" {
    modes() { stat -c %a "$@" | sort -u | xargs; }
    for mask in 022:640 002:660 027:640 077:600; do
        rm -f ./*.db*
        (
            umask "${mask%:*}"
            posrec -q import "$SOURCE/tests/data/history.ndjson"
            posrec -q backup copy.db
            posrec -q rebuild
            posrec -q rebuild --output rebuilt.db
            posrec -q -d empty.db migrate
        )
        ls posrec.db posrec.db-wal posrec.db-shm posrec.db.run-lock copy.db rebuilt.db empty.db > /dev/null
        assert_equal "$(modes ./*.db*)" "${mask#*:}"
    done
    rm -f posrec.db-*
    chmod 644 posrec.db
    posrec -q import "$SOURCE/tests/data/stream.ndjson"
    assert_equal "$(modes posrec.db posrec.db-wal posrec.db-shm)" 644
}

@test "the lock that root makes is the database's owner's" {
    [ "$(id -u)" = 0 ] || skip "only root makes files for others"
    setup_here
    chown 65534:65534 "$HERE/db" "$DB"
    posrec -q -d "$DB" rebuild
    assert_equal "$(stat -c %u:%g "$DB.run-lock")" 65534:65534
}

# room SIZE COMMAND: runs it with a disk of that size at `disk`, and then lists what is there.
room() {
    unshare -rm sh -c 'mount -t tmpfs -o size="$0" tmpfs disk || exit 99
        [ ! -e put ] || cp put disk/posrec.db
        [ ! -e fill ] || head -c 10m /dev/zero > disk/fill 2> /dev/null
        "$@"; code=$?; ls disk > left; [ ! -e disk/posrec.db ] || cp disk/posrec.db* .; exit $code' "$@"
}

@test "a copy on a full disk says so and leaves nothing, however much of it there was room for" {
    unshare -rm true || skip "namespaces are not to be had"
    posrec -q import "$SOURCE/tests/data/history.ndjson"
    mkdir disk
    size=$(stat -c %s posrec.db)
    # Room for a part of the log; for all of it, but not for the file besides.
    for part in 20 60 115 150 190; do
        for command in "backup disk/copy.db" "rebuild --output disk/copy.db"; do
            run room $((size * part / 100)) "$BUILD/posrec" $command
            echo "$part: $command: $output"
            assert_equal "$status" 1
            assert_contains "$output" "no room left for disk/copy.db"
            assert_equal "$(cat left)" ""
        done
    done
    room $((size * 4)) "$BUILD/posrec" -q backup disk/copy.db
    assert_contains "$(cat left)" copy.db
}

@test "on a full disk rebuild says so and changes nothing, and verify goes on" {
    unshare -rm true || skip "namespaces are not to be had"
    posrec -q -d put import "$SOURCE/tests/data/history.ndjson"
    head=$(head_of -d put verify)
    mkdir disk
    touch fill
    sqlite3 put 'PRAGMA wal_checkpoint(TRUNCATE)' 'DELETE FROM valuation' > /dev/null # which a rebuild puts again
    run room $(($(stat -c %s put) + 200000)) "$BUILD/posrec" -d disk/posrec.db rebuild
    assert_equal "$status" 1
    assert_contains "$output" "no room left for disk/posrec.db"
    assert_equal "$(sql 'SELECT count(*) FROM valuation')" 0
    posrec -q -d put rebuild
    rm -f posrec.db* fill
    assert_equal "$(room 2m sh -c '"$0" -q -d disk/posrec.db migrate; cat /dev/zero > disk/more 2> /dev/null; "$0" -q -d disk/posrec.db verify' "$BUILD/posrec" | head -1)" "$head"
    rm -f posrec.db*
    touch fill
    run room $(($(stat -c %s put) + 8192)) "$BUILD/posrec" -d disk/posrec.db verify # not even for the -shm
    assert_equal "$status" 1
    assert_contains "$output" "no room left for disk/posrec.db"
}

@test "a file that may not grow is an error that names it, not an end by a signal" {
    posrec -q import "$SOURCE/tests/data/history.ndjson"
    cp posrec.db before.db
    limited() {
        ulimit -f "$1"
        shift
        posrec "$@"
    }
    for command in "backup copy.db" "rebuild --output copy.db"; do
        run limited 200 $command
        assert_equal "$status" 1
        assert_contains "$output" "no room left for copy.db: File too large"
        assert_equal "$(ls copy.db* 2> /dev/null || true)" ""
    done
    sqlite3 posrec.db 'DELETE FROM valuation'
    run limited 40 rebuild
    assert_equal "$status" 1
    assert_contains "$output" "no room left for posrec.db: File too large"
    run limited 40 export --output out.ndjson
    assert_equal "$status" 1
    assert_contains "$output" "out.ndjson: output: File too large"
    assert_equal "$(ls out.ndjson* 2> /dev/null || true)" ""
    posrec -q rebuild
    limited 40 -q verify > /dev/null
}

@test "what cannot be printed is an error" {
    posrec -q import "$SOURCE/tests/data/history.ndjson"
    for command in verify "verify --format json" help --version; do
        run sh -c "'$BUILD/posrec' -q $command > /dev/full"
        assert_equal "$status" 1
        assert_contains "$output" "standard output: No space left on device"
    done
}
