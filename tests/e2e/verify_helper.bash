# What tests of whole databases share, besides helper.bash.

load helper

# dump DB: every row but those that say when migrations were applied.
dump() {
    sqlite3 -readonly "$1" '.dump --data-only' | grep -v 'INSERT INTO schema_migration'
}

history_db() {
    posrec -q -d "${1:-posrec.db}" import "$SOURCE/tests/data/history.ndjson"
}

# some_of N: the numbers from 1 to N; under the sanitizers, which make each program start slowly, one of so many, from
# another on each time.
some_of() {
    local step=${POSREC_TEST_STEP:-1}
    seq $((1 + RANDOM % step)) "$step" "$1"
}
