#include "store/hours.h"

#include "store/row_statement.h"
#include "store/row_writer.h"

#define PROGRESS_EVERY 10000 /* valuations */

/* What reads valuations and polls, and where whole hours go; `sink` NULL: nowhere. */
struct hours {
    const struct database *database;
    const struct row_sink *sink;
    const struct hours_watch *watch;
    sqlite3_stmt *valuations, *polls;
    struct row position, valuation, row; /* scratch */
    int64_t done, total;
};

static const char POLLS[] =
    "SELECT received_ms, outcome = 'ok', interval_ms FROM capture WHERE account_id = ?1 "
    "AND endpoint = 'positionRisk' AND capture_id < ?3 AND received_ms >= coalesce("
    "(SELECT max(g.received_ms) FROM capture AS g WHERE g.account_id = ?1 "
    "AND g.endpoint = 'positionRisk' AND g.outcome = 'ok' AND g.received_ms < ?2), ?2) "
    "ORDER BY received_ms";

static sqlite3_stmt *prepare_valuations(const struct database *database, struct error *error)
{
    struct text sql = {0};
    text_append_string(&sql, "SELECT ");
    row_statement_columns(&ROW_KINDS[ROW_POSITION], "p", &sql);
    text_append_string(&sql, ", ");
    row_statement_columns(&ROW_KINDS[ROW_VALUATION], "v", &sql);
    text_append_string(&sql, " FROM valuation AS v JOIN position AS p ON p.leg_id = v.leg_id "
                             "AND p.update_ms = v.update_ms AND p.revision = v.revision "
                             "WHERE v.leg_id = ?1 AND v.time_ms BETWEEN ?2 AND ?3 "
                             "ORDER BY v.time_ms");
    return database_prepare_text(database, &sql, error);
}

static bool open_hours(struct hours *hours, struct error *error)
{
    hours->valuations = prepare_valuations(hours->database, error);
    hours->polls =
        hours->valuations != NULL ? database_prepare(hours->database, POLLS, error) : NULL;
    return hours->polls != NULL;
}

static void close_hours(struct hours *hours)
{
    sqlite3_finalize(hours->valuations);
    sqlite3_finalize(hours->polls);
    row_free(&hours->position);
    row_free(&hours->valuation);
    row_free(&hours->row);
}

static bool put(struct hours *hours, int64_t id, struct error *error)
{
    row_set(&hours->row, 0, id);
    return hours->sink->put_row(hours->sink->context, &hours->row, NULL, error);
}

static bool put_leg_hour(struct hours *hours, int64_t leg_id, struct leg_hour *hour,
                         struct error *error)
{
    if (!leg_hour_to_row(hour, &hours->row)) {
        return error_no_memory(error);
    }
    leg_hour_clear(hour);
    return put(hours, leg_id, error);
}

static bool add_valuation(struct hours *hours, int64_t leg_id, struct maybe_int size_e8,
                          struct leg_hour *hour, struct error *error)
{
    const struct row_kind *position = &ROW_KINDS[ROW_POSITION];
    if (!row_load(hours->valuations, 0, position, &hours->position) ||
        !row_load(hours->valuations, position->column_count, &ROW_KINDS[ROW_VALUATION],
                  &hours->valuation)) {
        return error_no_memory(error);
    }
    int64_t time_ms = hours->valuation.values[VALUATION_TIME_MS];
    bool is_over = hour->valuations > 0 && hour_of(hour->first_ms) < hour_of(time_ms);
    if (is_over && !put_leg_hour(hours, leg_id, hour, error)) {
        return false;
    }
    return leg_hour_add(hour, &hours->position, &hours->valuation, size_e8) ||
           error_no_memory(error);
}

/* Adds a leg's valuations of a range to `hour`, putting each hour that is over. */
static bool add_valuations(struct hours *hours, int64_t leg_id, struct maybe_int size_e8,
                           int64_t from_ms, int64_t until_ms, struct leg_hour *hour,
                           struct error *error)
{
    bind_int(hours->valuations, 1, leg_id);
    bind_int(hours->valuations, 2, from_ms);
    bind_int(hours->valuations, 3, until_ms);
    enum step step = STEP_ROW;
    bool added = true;
    while (added && (step = database_step(hours->database, hours->valuations, error)) == STEP_ROW) {
        added = add_valuation(hours, leg_id, size_e8, hour, error);
        if (++hours->done % PROGRESS_EVERY == 0 && hours->watch != NULL) {
            hours->watch->on_progress(hours->watch->context, hours->done, hours->total);
        }
    }
    sqlite3_reset(hours->valuations);
    return added && step == STEP_DONE;
}

/* Adds an account's polls from `from_ms` on, and the last good one before it, putting each hour
 * that is over, or forgetting it where it began before. */
static bool add_polls(struct hours *hours, int64_t account_id, int64_t from_ms,
                      int64_t before_capture_id, struct poll_hour *hour, struct error *error)
{
    sqlite3_stmt *polls = hours->polls;
    bind_int(polls, 1, account_id);
    bind_int(polls, 2, from_ms);
    bind_int(polls, 3, before_capture_id);
    enum step step = STEP_ROW;
    bool added = true;
    while (added && (step = database_step(hours->database, polls, error)) == STEP_ROW) {
        int64_t received_ms = sqlite3_column_int64(polls, 0);
        if (poll_hour_is_over(hour, received_ms)) {
            added = poll_hour_take(hour, &hours->row) || error_no_memory(error);
            added = added && (hours->sink == NULL || put(hours, account_id, error));
        }
        poll_hour_add(hour, received_ms, sqlite3_column_int(polls, 1) != 0, column_maybe(polls, 2));
    }
    sqlite3_reset(polls);
    return added && step == STEP_DONE;
}

bool hours_load(const struct database *database, struct account *account, int64_t before_capture_id,
                struct error *error)
{
    int64_t last_ms = account->last_ms[ENDPOINT_POSITION_RISK];
    struct hours hours = {.database = database};
    if (last_ms == INT64_MIN) {
        return true;
    }
    bool done =
        open_hours(&hours, error) && add_polls(&hours, account->account_id, hour_of(last_ms),
                                               before_capture_id, &account->polls, error);
    for (size_t i = 0; done && i < ledger_leg_count(account->ledger); i++) {
        struct leg *leg = ledger_leg_at(account->ledger, i);
        done = add_valuations(&hours, leg->leg_id, leg->contract->contract.contract_size_e8,
                              hour_of(last_ms), last_ms, &leg->hour, error);
    }
    close_hours(&hours);
    return done;
}

static bool fill_polls(struct hours *hours, int64_t account_id, int64_t *running_ms,
                       struct error *error)
{
    struct poll_hour hour = {0};
    bool done = add_polls(hours, account_id, 0, INT64_MAX, &hour, error);
    *running_ms = hour_of(hour.last_ms);
    return done;
}

static bool fill_leg(struct hours *hours, int64_t leg_id, struct maybe_int size_e8,
                     int64_t running_ms, struct error *error)
{
    struct leg_hour hour = {0};
    bool done = add_valuations(hours, leg_id, size_e8, 0, running_ms - 1, &hour, error) &&
                (hour.valuations == 0 || put_leg_hour(hours, leg_id, &hour, error));
    leg_hour_clear(&hour);
    return done;
}

/* The legs with their accounts, an account's after one another. */
static bool fill_all(struct hours *hours, struct error *error)
{
    static const char LEGS[] =
        "SELECT a.account_id, l.leg_id, c.contract_size_e8 FROM account AS a LEFT JOIN leg AS l "
        "USING (account_id) LEFT JOIN contract AS c USING (contract_id) ORDER BY 1, 2";
    sqlite3_stmt *legs = database_prepare(hours->database, LEGS, error);
    int64_t account_id = 0, running_ms = 0;
    enum step step = legs != NULL ? STEP_ROW : STEP_FAILED;
    bool done = legs != NULL;
    while (done && (step = database_step(hours->database, legs, error)) == STEP_ROW) {
        if (sqlite3_column_int64(legs, 0) != account_id) {
            account_id = sqlite3_column_int64(legs, 0);
            done = fill_polls(hours, account_id, &running_ms, error);
        }
        done = done && fill_leg(hours, sqlite3_column_int64(legs, 1), column_maybe(legs, 2),
                                running_ms, error);
    }
    sqlite3_finalize(legs);
    return done && step == STEP_DONE;
}

bool hours_fill(const struct database *database, const struct hours_watch *watch,
                struct error *error)
{
    struct row_writer *writer = row_writer_new(database, error);
    struct hours hours = {.database = database, .watch = watch};
    bool done = writer != NULL &&
                database_integer(database, "SELECT count(*) FROM valuation", &hours.total, error) &&
                open_hours(&hours, error);
    if (done) {
        hours.sink = row_writer_sink(writer);
        done = fill_all(&hours, error);
    }
    close_hours(&hours);
    row_writer_free(writer);
    return done;
}
