#include "store/rebuild.h"

#include "store/derivation.h"
#include "store/poll_reader.h"
#include "store/row_writer.h"

struct rebuild {
    const struct database *database;
    const struct rebuild_watch *watch;
    struct poll_reader *reader;
    struct row_writer *writer;
    struct derivation *derivation;
    struct stored_poll poll;
    int64_t polls;
    int64_t total;
};

static bool derive_poll(struct rebuild *rebuild, struct error *error)
{
    struct stored_poll *poll = &rebuild->poll;
    struct capture *capture = &poll->capture;
    struct account *account =
        derivation_account(rebuild->derivation, text_span(&capture->account), error);
    enum outcome outcome = capture->outcome;
    int64_t row_count;
    struct row_counts counts;
    bool intact;
    if (account == NULL || !poll_reader_check_body(rebuild->reader, poll, &intact, error) ||
        !derivation_read(rebuild->derivation, account, capture, &row_count, error)) {
        return false;
    }
    if ((poll->payload_id.known && !intact) || capture->outcome != outcome ||
        row_count != poll->row_count) {
        return error_set(error, ERROR_FAILED,
                         "poll %lld: its bytes are not what was recorded (run 'posrec verify')",
                         (long long)poll->poll_id);
    }
    return derivation_put_rows(rebuild->derivation, account, capture, poll->poll_id, &counts,
                               error);
}

static bool derive_all(struct rebuild *rebuild, struct error *error)
{
    enum step step;
    int64_t next_poll_id = 1;
    while ((step = poll_reader_get_from(rebuild->reader, next_poll_id, &rebuild->poll, error)) ==
           STEP_ROW) {
        next_poll_id = rebuild->poll.poll_id + 1;
        if (!derive_poll(rebuild, error)) {
            return false;
        }
        rebuild->polls++;
        if (rebuild->watch->on_progress != NULL) {
            rebuild->watch->on_progress(rebuild->watch->context, rebuild->polls, rebuild->total);
        }
    }
    return step == STEP_DONE;
}

static bool load_accounts(struct rebuild *rebuild, struct error *error)
{
    sqlite3_stmt *select = database_prepare(
        rebuild->database, "SELECT account_id, name FROM account ORDER BY account_id", error);
    if (select == NULL) {
        return false;
    }
    enum step step;
    bool taken = true;
    while (taken && (step = database_step(rebuild->database, select, error)) == STEP_ROW) {
        struct account *account = derivation_add_account(
            rebuild->derivation, sqlite3_column_int64(select, 0), column_span(select, 1));
        taken = account != NULL ? derivation_open_ledger(rebuild->derivation, account, error)
                                : error_no_memory(error);
    }
    sqlite3_finalize(select);
    return taken && step == STEP_DONE;
}

static bool open_rebuild(struct rebuild *rebuild, struct error *error)
{
    rebuild->reader = poll_reader_new(rebuild->database, error);
    rebuild->writer = rebuild->reader != NULL ? row_writer_new(rebuild->database, error) : NULL;
    rebuild->derivation = rebuild->writer != NULL
                              ? derivation_new(row_writer_sink(rebuild->writer), true, error)
                              : NULL;
    return rebuild->derivation != NULL && load_accounts(rebuild, error) &&
           database_integer(rebuild->database, "SELECT count(*) FROM poll", &rebuild->total, error);
}

static void close_rebuild(struct rebuild *rebuild)
{
    derivation_free(rebuild->derivation);
    row_writer_free(rebuild->writer);
    poll_reader_free(rebuild->reader);
    stored_poll_free(&rebuild->poll);
}

bool rebuild_database(const struct database *database, const struct rebuild_watch *watch,
                      int64_t *polls, struct error *error)
{
    static const char EMPTY[] =
        "DELETE FROM valuation; DELETE FROM position; DELETE FROM leg; DELETE FROM contract";
    struct rebuild rebuild = {.database = database, .watch = watch};
    if (!database_run(database, "BEGIN IMMEDIATE", error)) {
        return false;
    }
    bool done = open_rebuild(&rebuild, error) && database_run(database, EMPTY, error) &&
                derive_all(&rebuild, error);
    *polls = rebuild.polls;
    close_rebuild(&rebuild);
    if (done && database_run(database, "COMMIT", error)) {
        return true;
    }
    sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
