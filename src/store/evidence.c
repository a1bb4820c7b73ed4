#include "store/evidence.h"

struct table {
    const char *name, *columns;
    unsigned bytes; /* bit i: column i holds bytes */
};

static const struct table TABLES[EVIDENCE_COUNT] = {
    [EVIDENCE_ACCOUNT] = {"account", "account_id, name, product", 0},
    [EVIDENCE_PAYLOAD] = {"payload", "payload_id, base_id, size, sha256, zstd", 1u << 3 | 1u << 4},
    [EVIDENCE_CAPTURE] = {"capture",
                          "capture_id, account_id, endpoint, due_ms, sent_ms, received_ms, "
                          "clock_offset_ms, interval_ms, attempt, outcome, http_status, api_code, "
                          "detail, used_weight, request, row_count, payload_id, chain",
                          1u << 17},
};

const char *evidence_table(enum evidence evidence)
{
    return TABLES[evidence].name;
}

const char *evidence_columns(enum evidence evidence)
{
    return TABLES[evidence].columns;
}

bool evidence_is_bytes(enum evidence evidence, int column)
{
    return (TABLES[evidence].bytes >> column & 1u) != 0;
}

sqlite3_stmt *evidence_insert(const struct database *database, enum evidence evidence,
                              struct error *error)
{
    const struct table *table = &TABLES[evidence];
    struct text sql = {0};
    text_printf(&sql, "INSERT INTO %s (%s) VALUES (?", table->name, table->columns);
    for (const char *c = table->columns; *c != '\0'; c++) {
        text_append_string(&sql, *c == ',' ? ", ?" : "");
    }
    text_append_char(&sql, ')');
    return database_prepare_text(database, &sql, error);
}

bool evidence_put(const struct database *database, sqlite3_stmt *insert, enum evidence evidence,
                  const struct span *values, int count, struct error *error)
{
    for (int i = 0; i < count; i++) {
        if (values[i].data == NULL) {
            sqlite3_bind_null(insert, i + 1);
        } else if (evidence_is_bytes(evidence, i)) {
            bind_bytes(insert, i + 1, values[i]);
        } else {
            bind_span(insert, i + 1, values[i]); /* an integer where the column is one */
        }
    }
    return database_write_row(database, insert, error);
}
