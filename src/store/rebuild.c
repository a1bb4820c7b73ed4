#include "store/rebuild.h"

#include "store/evidence/tree.h"
#include "store/rows/income_days.h"
#include "store/rows/reading.h"
#include "store/rows/row_writer.h"
#include "store/rows/state_loader.h"
#include "store/rows/trip_parts.h"

struct rebuild {
    const struct database *database;
    const struct rebuild_watch *watch;
    struct capture_reader *reader;
    struct row_writer *writer;
    struct derivation *derivation;
    struct stored_capture stored;
    struct capture present; /* how it is read now, */
    struct reading reading; /* and what is read in it */
    int64_t captures;
    int64_t total;
};

static bool derive_capture(struct rebuild *rebuild, struct error *error)
{
    const struct stored_capture *stored = &rebuild->stored;
    struct derivation *derivation = rebuild->derivation;
    struct account *account = derivation_account(derivation, text_span(&stored->capture.account),
                                                 stored->capture.product, error);
    bool intact;
    if (account == NULL || !capture_reader_check_body(rebuild->reader, stored, &intact, error)) {
        return false;
    }
    if (stored->payload_id.known && !intact) {
        return error_set(error, ERROR_FAILED,
                         "capture %lld: its bytes are not what was recorded (run 'posrec verify')",
                         (long long)stored->capture_id);
    }
    return reading_of(derivation, account, stored, &rebuild->present, &rebuild->reading, error) &&
           reading_note(rebuild->database, stored, &rebuild->reading, error) &&
           derivation_put_rows(derivation, &rebuild->reading, stored->capture_id, error);
}

static bool derive_all(struct rebuild *rebuild, struct error *error)
{
    enum step step;
    int64_t next_capture_id = 1;
    while ((step = capture_reader_get_from(rebuild->reader, next_capture_id, &rebuild->stored,
                                           error)) == STEP_ROW) {
        next_capture_id = rebuild->stored.capture_id + 1;
        if (!derive_capture(rebuild, error)) {
            return false;
        }
        rebuild->captures++;
        if (rebuild->watch->on_progress != NULL) {
            rebuild->watch->on_progress(rebuild->watch->context, rebuild->captures, rebuild->total);
        }
    }
    return step == STEP_DONE;
}

static bool open_rebuild(struct rebuild *rebuild, struct error *error)
{
    rebuild->reader = capture_reader_new(rebuild->database, error);
    rebuild->writer = rebuild->reader != NULL ? row_writer_new(rebuild->database, error) : NULL;
    rebuild->derivation = rebuild->writer != NULL
                              ? derivation_new(row_writer_sink(rebuild->writer), true, error)
                              : NULL;
    return rebuild->derivation != NULL &&
           state_load_accounts(rebuild->database, rebuild->derivation, STATE_NOW, error) &&
           database_integer(rebuild->database, "SELECT count(*) FROM capture", &rebuild->total,
                            error);
}

static void close_rebuild(struct rebuild *rebuild)
{
    derivation_free(rebuild->derivation);
    row_writer_free(rebuild->writer);
    capture_reader_free(rebuild->reader);
    stored_capture_free(&rebuild->stored);
    text_free(&rebuild->present.detail);
    reading_free(&rebuild->reading);
}

/* Rows that refer to others go before them. */
static bool empty_tables(const struct database *database, struct error *error)
{
    struct text sql = {0};
    for (int i = ROW_KIND_COUNT - 1; i >= 0; i--) {
        text_printf(&sql, "DELETE FROM %s;", ROW_KINDS[i].table);
    }
    text_append_string(&sql, "DELETE FROM income_day; DELETE FROM trip_part_kept; DELETE FROM leg; "
                             "DELETE FROM contract");
    bool done =
        sql.failed ? error_no_memory(error) : database_run(database, text_string(&sql), error);
    text_free(&sql);
    return done && reading_forget(database, error);
}

bool rebuild_database(const struct database *database, const struct rebuild_watch *watch,
                      int64_t *captures, struct error *error)
{
    struct rebuild rebuild = {.database = database, .watch = watch};
    if (!database_run(database, "BEGIN IMMEDIATE", error)) {
        return false;
    }
    bool done = open_rebuild(&rebuild, error) && empty_tables(database, error) &&
                derive_all(&rebuild, error) && income_days_fill(database, true, NULL, error) &&
                trip_parts_fill(database, error) &&
                (rebuild.captures == 0 || reading_begin(database, 1, error)) &&
                tree_fill(database, NULL, NULL, error);
    *captures = rebuild.captures;
    close_rebuild(&rebuild);
    if (done && database_run(database, "COMMIT", error)) {
        return true;
    }
    sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
