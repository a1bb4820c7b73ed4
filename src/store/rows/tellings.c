#include "store/rows/tellings.h"

#include <stdlib.h>

#include "store/rows/row_statement.h"

struct tellings {
    const struct database *database;
    sqlite3_stmt *selects[ROW_KIND_COUNT]; /* NULL for kinds whose keys tell no tellings apart */
    struct row last;                       /* scratch */
};

/* The column that tells a thing's tellings apart, the last of the key. */
static int telling_column(const struct row_kind *kind)
{
    return kind->key_count - 1;
}

static bool has_tellings(const struct row_kind *kind)
{
    enum column_type type = kind->columns[telling_column(kind)].type;
    return type == COLUMN_REVISION || type == COLUMN_CAPTURE;
}

struct tellings *tellings_new(const struct database *database, struct error *error)
{
    struct tellings *tellings = calloc(1, sizeof *tellings);
    if (tellings == NULL) {
        error_no_memory(error);
        return NULL;
    }
    tellings->database = database;
    for (int i = 0; i < ROW_KIND_COUNT; i++) {
        if (has_tellings(&ROW_KINDS[i]) &&
            (tellings->selects[i] = row_statement_before(database, &ROW_KINDS[i], error)) == NULL) {
            tellings_free(tellings);
            return NULL;
        }
    }
    return tellings;
}

void tellings_free(struct tellings *tellings)
{
    if (tellings != NULL) {
        statements_finalize(tellings->selects, ROW_KIND_COUNT);
        row_free(&tellings->last);
        free(tellings);
    }
}

/* Reads the last telling whose revision, or capture, is less than a bound. */
static enum step load_before(struct tellings *tellings, const struct row *row, int64_t bound,
                             struct error *error)
{
    sqlite3_stmt *select = tellings->selects[row->kind - ROW_KINDS];
    row_bind_key(select, row);
    bind_int(select, row->kind->key_count, bound);
    enum step step = database_step(tellings->database, select, error);
    if (step == STEP_ROW && !row_load(select, 0, row->kind, &tellings->last)) {
        error_no_memory(error);
        step = STEP_FAILED;
    }
    sqlite3_reset(select);
    return step;
}

/* Reads the last telling of a revision by a capture before the row's own. Revisions go up with
 * captures, and only verify meets some that are not before: they are passed by halves. */
static enum step load_revision(struct tellings *tellings, const struct row *row,
                               struct error *error)
{
    int capture = row_kind_of_type(row->kind, COLUMN_CAPTURE);
    int64_t low = 0, high = INT64_MAX, bound = INT64_MAX;
    for (;;) {
        enum step step = load_before(tellings, row, bound, error);
        bool is_before = step != STEP_ROW || tellings->last.values[capture] < row->values[capture];
        if (step == STEP_FAILED || bound == low || (is_before && bound == high)) {
            return step;
        }
        if (is_before) {
            low = bound;
        } else {
            int64_t revision = tellings->last.values[telling_column(row->kind)];
            high = revision > low ? revision : low;
        }
        bound = low + (high - low) / 2 + (high - low) % 2;
    }
}

bool tellings_find_last(struct tellings *tellings, const struct row *row, struct telling *last,
                        struct error *error)
{
    int column = telling_column(row->kind), revision = row_kind_revision(row->kind);
    enum step step = revision < 0 ? load_before(tellings, row, row->values[column], error)
                                  : load_revision(tellings, row, error);
    *last = (struct telling){.revision = -1};
    if (step == STEP_ROW) {
        last->is_same = row_same(&tellings->last, row);
        last->revision = revision < 0 ? -1 : tellings->last.values[revision];
    }
    return step != STEP_FAILED;
}
