/* The tables of evidence, accounts, payloads and captures, each column once. All other rows are
 * derived from them: put into a new, empty database as they were, under their own numbers, they are
 * a lost one again (store/rebuild.h). */
#pragma once

#include "model/capture_fields.h"
#include "store/file/database.h"

/* In the order in which they go in: a row refers to rows before it. */
enum evidence { EVIDENCE_ACCOUNT, EVIDENCE_PAYLOAD, EVIDENCE_CAPTURE, EVIDENCE_COUNT };

/* The columns of `payload` and `capture`. */
enum {
    PAYLOAD_COLUMN_ID,
    PAYLOAD_COLUMN_BASE_ID,
    PAYLOAD_COLUMN_SIZE,
    PAYLOAD_COLUMN_SHA256,
    PAYLOAD_COLUMN_ZSTD,
    PAYLOAD_COLUMN_COUNT,
};
enum {
    CAPTURE_COLUMN_ID,
    CAPTURE_COLUMN_ACCOUNT_ID,
    CAPTURE_COLUMN_FIELDS, /* the first of them, in the order of enum capture_field_id */
    CAPTURE_COLUMN_ROW_COUNT = CAPTURE_COLUMN_FIELDS + CAPTURE_FIELD_COUNT,
    CAPTURE_COLUMN_PAYLOAD_ID,
    CAPTURE_COLUMN_CHAIN,
    CAPTURE_COLUMN_COUNT,
};

#define EVIDENCE_COLUMNS_MAX CAPTURE_COLUMN_COUNT

/* The table, and its columns. */
const char *evidence_table(enum evidence evidence);
int evidence_column_count(enum evidence evidence);
const char *evidence_column(enum evidence evidence, int column);

/* Whether a column holds bytes, not an integer or a text. */
bool evidence_is_bytes(enum evidence evidence, int column);

/* Inserts a row, one parameter a column, in their order. NULL with the error set on failure.
 * Finalize with sqlite3_finalize(). */
sqlite3_stmt *evidence_insert(const struct database *database, enum evidence evidence,
                              struct error *error);

/* Inserts a row of texts and, where evidence_is_bytes(), bytes; NULL where data is NULL. */
bool evidence_put(const struct database *database, sqlite3_stmt *insert, enum evidence evidence,
                  const struct span *values, struct error *error);
