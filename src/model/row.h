/* Rows of the derived tables, and the descriptions that all code about them walks.
 *
 * A kind of row is described once (model/row_kinds.c): its table, its columns in their order, which
 * of them are its key, what type each is, and which field of the exchange's JSON it comes from.
 * Reading, comparing, inserting, loading and checking are written once, for any description. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "model/field.h"
#include "model/maybe.h"

#define ROW_COLUMNS_MAX 24 /* that come from JSON */

enum column_type {
    COLUMN_ID,       /* of an account, a contract or a leg */
    COLUMN_CAPTURE,  /* the capture that told it first */
    COLUMN_REVISION, /* 0, or one more each time it was told differently */
    COLUMN_WHOLE,    /* a whole number; times in ms too */
    COLUMN_E8,       /* a decimal, exact, times 10^8 */
    COLUMN_FLAG,     /* 0 or 1, from false or true */
    COLUMN_TEXT,     /* a string */
    COLUMN_NAME,     /* a string of at most NAME_SIZE_MAX bytes */
    COLUMN_AS_GIVEN, /* the text of an id, likewise, that comes as a string or as a number */
    COLUMN_ROUNDED,  /* 1 when a decimal of this row had more than eight places */
    COLUMN_EXTRA,    /* a JSON object of the fields that have no column */
};

/* A column can have two names at the exchange: what its stream calls "L" its answers call "price",
 * and what COIN-M calls "notionalValue" USD-M calls "notional". */
enum naming { NAMING_USUAL, NAMING_OTHER, NAMING_COUNT };

struct column {
    const char *name;
    enum column_type type;
    struct span fields[NAMING_COUNT]; /* the exchange's names for it, the second empty where it is
                                         the first; empty when the derivation sets it */
    int text;                         /* which of a row's texts it is in, for types that are text */
    bool or_empty; /* of a text: '' where the exchange says nothing, not NULL; of a decimal: that
                      "" says nothing */
};

/* The field that a column comes from. */
static inline struct span column_field(const struct column *column, enum naming naming)
{
    return column->fields[column->fields[naming].size > 0 ? naming : NAMING_USUAL];
}

struct row_kind {
    const char *table;
    const struct column *columns;
    int column_count;
    int key_count; /* the first columns are the primary key */
};

/* A row's values, in the order of its kind's columns. Texts are in `texts`. */
struct row {
    const struct row_kind *kind;
    uint32_t known; /* bit i: column i is not NULL */
    int text_count;
    int64_t *values; /* one for each column; with texts, of the row's own memory */
    struct text *texts;
};

static inline bool column_is_text(const struct column *column)
{
    return column->type == COLUMN_TEXT || column->type == COLUMN_NAME ||
           column->type == COLUMN_AS_GIVEN || column->type == COLUMN_EXTRA;
}

/* Makes it an empty row of a kind, keeping its memory when it is one already, which cannot fail.
 * False when out of memory. */
bool row_begin(struct row *row, const struct row_kind *kind);
void row_free(struct row *row);

/* Whether any of its texts ran out of memory. */
bool row_failed(const struct row *row);

/* A column's number, and setting it. */
static inline struct maybe_int row_number(const struct row *row, int column)
{
    return (struct maybe_int){(row->known >> column & 1u) != 0, row->values[column]};
}

static inline void row_set_number(struct row *row, int column, struct maybe_int value)
{
    row->known = value.known ? row->known | 1u << column : row->known & ~(1u << column);
    row->values[column] = value.known ? value.value : 0;
}

static inline void row_set(struct row *row, int column, int64_t value)
{
    row_set_number(row, column, maybe_of(value));
}

/* A column's text, empty when it is NULL, and setting it. */
struct span row_text(const struct row *row, int column);
void row_set_text(struct row *row, int column, struct span text);

/* Whether two rows of one kind say the same: key, ids, revision and extra do not count. */
bool row_same(const struct row *a, const struct row *b);

/* The column of the revision; -1 for kinds without one. */
int row_kind_revision(const struct row_kind *kind);

/* Whether two rows of one kind tell of the same thing: their keys are equal, but for ids, which
 * only the store knows, revision and capture. Less than, equal to or greater than 0. */
int row_compare_identity(const struct row *a, const struct row *b);

/* The last column of a type; -1 for kinds without one. */
int row_kind_of_type(const struct row_kind *kind, enum column_type type);

/* The column of the contract that a row is of, which its symbol names; -1 for kinds without one. */
int row_kind_contract(const struct row_kind *kind);

/* The column of that name, which the kind must have. */
int row_kind_column(const struct row_kind *kind, const char *name);
