#include "store/evidence/evidence.h"

struct table {
    const char *name;
    const char *const *columns;
    int column_count;
    unsigned bytes; /* bit i: column i holds bytes */
};

static const char *const ACCOUNT[] = {"account_id", "name", "product"};
static const char *const PAYLOAD[PAYLOAD_COLUMN_COUNT] = {
    [PAYLOAD_COLUMN_ID] = "payload_id", [PAYLOAD_COLUMN_BASE_ID] = "base_id",
    [PAYLOAD_COLUMN_SIZE] = "size",     [PAYLOAD_COLUMN_SHA256] = "sha256",
    [PAYLOAD_COLUMN_ZSTD] = "zstd",
};

/* Between them stand the capture's fields. */
static const char *const CAPTURE[CAPTURE_COLUMN_COUNT] = {
    [CAPTURE_COLUMN_ID] = "capture_id",       [CAPTURE_COLUMN_ACCOUNT_ID] = "account_id",
    [CAPTURE_COLUMN_ROW_COUNT] = "row_count", [CAPTURE_COLUMN_PAYLOAD_ID] = "payload_id",
    [CAPTURE_COLUMN_CHAIN] = "chain",
};

static const struct table TABLES[EVIDENCE_COUNT] = {
    [EVIDENCE_ACCOUNT] = {"account", ACCOUNT, 3, 0},
    [EVIDENCE_PAYLOAD] = {"payload", PAYLOAD, PAYLOAD_COLUMN_COUNT,
                          1u << PAYLOAD_COLUMN_SHA256 | 1u << PAYLOAD_COLUMN_ZSTD},
    [EVIDENCE_CAPTURE] = {"capture", CAPTURE, CAPTURE_COLUMN_COUNT, 1u << CAPTURE_COLUMN_CHAIN},
};

const char *evidence_table(enum evidence evidence)
{
    return TABLES[evidence].name;
}

int evidence_column_count(enum evidence evidence)
{
    return TABLES[evidence].column_count;
}

const char *evidence_column(enum evidence evidence, int column)
{
    const char *name = TABLES[evidence].columns[column];
    return name != NULL ? name : CAPTURE_FIELDS[column - CAPTURE_COLUMN_FIELDS].name;
}

bool evidence_is_bytes(enum evidence evidence, int column)
{
    return (TABLES[evidence].bytes >> column & 1u) != 0;
}

sqlite3_stmt *evidence_insert(const struct database *database, enum evidence evidence,
                              struct error *error)
{
    struct text sql = {0}, values = {0};
    text_printf(&sql, "INSERT INTO %s (", evidence_table(evidence));
    for (int i = 0; i < evidence_column_count(evidence); i++) {
        text_printf(&sql, "%s%s", i == 0 ? "" : ", ", evidence_column(evidence, i));
        text_append_string(&values, i == 0 ? "?" : ", ?");
    }
    text_printf(&sql, ") VALUES (%s)", text_string(&values));
    sql.failed |= values.failed;
    text_free(&values);
    return database_prepare_text(database, &sql, error);
}

bool evidence_put(const struct database *database, sqlite3_stmt *insert, enum evidence evidence,
                  const struct span *values, struct error *error)
{
    for (int i = 0; i < evidence_column_count(evidence); i++) {
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
