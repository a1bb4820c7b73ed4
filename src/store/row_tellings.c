#include "store/row_tellings.h"

#include <stdlib.h>

#include "store/row_statement.h"

struct row_tellings {
    const struct database *database;
    sqlite3_stmt *selects[ROW_KIND_COUNT]; /* NULL for kinds that keep no capture */
    struct row earlier;                    /* scratch */
};

static bool has_capture(const struct row_kind *kind)
{
    bool found = false;
    for (int i = 0; i < kind->column_count; i++) {
        found |= kind->columns[i].type == COLUMN_CAPTURE;
    }
    return found;
}

struct row_tellings *row_tellings_new(const struct database *database, struct error *error)
{
    struct row_tellings *tellings = calloc(1, sizeof *tellings);
    if (tellings == NULL) {
        error_no_memory(error);
        return NULL;
    }
    tellings->database = database;
    for (int i = 0; i < ROW_KIND_COUNT; i++) {
        if (has_capture(&ROW_KINDS[i]) &&
            (tellings->selects[i] = row_statement_told(database, &ROW_KINDS[i], error)) == NULL) {
            row_tellings_free(tellings);
            return NULL;
        }
    }
    return tellings;
}

void row_tellings_free(struct row_tellings *tellings)
{
    if (tellings != NULL) {
        for (int i = 0; i < ROW_KIND_COUNT; i++) {
            sqlite3_finalize(tellings->selects[i]);
        }
        row_free(&tellings->earlier);
        free(tellings);
    }
}

bool row_tellings_find(struct row_tellings *tellings, const struct row *row, struct told *told,
                       struct error *error)
{
    sqlite3_stmt *select = tellings->selects[row->kind - ROW_KINDS];
    int revision = row_kind_revision(row->kind);
    enum step step;
    *told = (struct told){.highest_revision = -1};
    row_bind_told(select, row);
    while ((step = database_step(tellings->database, select, error)) == STEP_ROW) {
        if (!row_load(select, 0, row->kind, &tellings->earlier)) {
            sqlite3_reset(select);
            return error_no_memory(error);
        }
        told->same |= row_same(&tellings->earlier, row);
        if (revision >= 0 && tellings->earlier.values[revision] > told->highest_revision) {
            told->highest_revision = tellings->earlier.values[revision];
        }
    }
    return step == STEP_DONE;
}
