/* What is mirrored, table by table: the SELECT that gives its rows of a range of captures, made
 * from the description of its kind (model/row_kinds.h), so that a new kind needs no code here. */
#pragma once

#include "model/row_kinds.h"
#include "store/file/database.h"

/* account_id there is recorder_id x 2^20 + the file's own. */
#define SOURCE_ACCOUNT_BITS 20
#define SOURCE_ACCOUNTS (INT64_C(1) << SOURCE_ACCOUNT_BITS)

/* The kinds of rows, captures, bodies; then the names, which are mirrored as a whole, and with the
 * contracts what they were. */
enum {
    SOURCE_CAPTURE = ROW_CONTRACT_TERM,
    SOURCE_PAYLOAD,
    SOURCE_ACCOUNT,
    SOURCE_CONTRACT,
    SOURCE_TERM,
    SOURCE_LEG,
    SOURCE_COUNT,
};

struct source {
    const char *table;
    struct text columns; /* there, "account_id, recorder_id, ..." */
    struct text select;  /* account_id, then the columns after recorder_id; of captures over ?1 up
                            to ?2, or of payloads, or of everything for names */
    const char *time;    /* the column that says of which day a row is; NULL for none */
};

/* Zeroed on failure. */
bool source_of(int number, struct source *source, struct error *error);
void source_free(struct source *source);

/* Appends the condition on a table there that its rows are a recorder's, which its keys answer. */
void source_append_where(struct text *sql, int64_t recorder_id);
