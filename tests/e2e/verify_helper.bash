# What tests of whole databases share, besides helper.bash.

load helper

# dump DB: every row but those that say when migrations were applied.
dump() {
    sqlite3 -readonly "$1" '.dump --data-only' | grep -v 'INSERT INTO schema_migration'
}

history_db() {
    posrec -q -d "${1:-posrec.db}" import "$SOURCE/tests/data/history.ndjson"
}
