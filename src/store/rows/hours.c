#include "store/rows/hours.h"

#include "base/embedded_file.h"
#include "store/file/view_text.h"

extern const struct embedded_file SQL_HOURS[];
extern const struct embedded_file SQL_VIEWS[];

/* The contracts as they were known when the hour was closed. Of one that was told of since, only
 * its terms say that. */
static const char KNOWN[] =
    "WITH contract_term AS NOT MATERIALIZED (SELECT * FROM main.contract_term WHERE capture_id < "
    ":capture_id), "
    "contract AS NOT MATERIALIZED (SELECT contract_id, product, symbol, pair, margin_asset, "
    "source, contract_size_e8, iif(capture_id < :capture_id, since_ms, NULL) AS since_ms "
    "FROM main.contract)";

sqlite3_stmt *hours_prepare(const struct database *database, const struct row_kind *kind,
                            bool inserts, struct error *error)
{
    static const char *const VIEWS[] = {"capture_read", "valuation_history"};
    struct text sql = {0};
    if (inserts) {
        text_printf(&sql, "INSERT INTO %s ", kind->table);
    }
    text_append_string(&sql, KNOWN);
    for (size_t i = 0; i < sizeof VIEWS / sizeof VIEWS[0]; i++) {
        text_append_string(&sql, ", ");
        view_text_append(SQL_VIEWS, VIEWS[i], &sql);
    }
    text_append_char(&sql, '\n');
    text_append_string(&sql, embedded_file_text(SQL_HOURS, kind->table));
    return database_prepare_text(database, &sql, error);
}

static void bind_named(sqlite3_stmt *statement, const char *name, int64_t value)
{
    int index = sqlite3_bind_parameter_index(statement, name);
    if (index > 0) {
        bind_int(statement, index, value);
    }
}

void hours_bind(sqlite3_stmt *statement, struct span account, const struct hours_over *over)
{
    bind_named(statement, ":capture_id", over->capture_id);
    bind_named(statement, ":hour_ms", over->from_ms);
    bind_named(statement, ":until_ms", over->until_ms);
    bind_span(statement, sqlite3_bind_parameter_index(statement, ":account"), account);
}

bool hours_last_answered(const struct database *database, int64_t *hour_ms, struct error *error)
{
    int64_t answered_ms;
    bool done = database_integer(
        database,
        "SELECT max((SELECT s.received_ms FROM capture AS s WHERE s.account_id = a.account_id AND "
        "s.endpoint = 'positionRisk' AND s.payload_id IS NOT NULL ORDER BY s.received_ms DESC "
        "LIMIT 1)) FROM account AS a",
        &answered_ms, error);
    *hour_ms = done ? hour_of(answered_ms) : 0;
    return done;
}

/* Where an account is answered in a later hour than before, in the order of its answers. */
static const char OVER[] =
    "SELECT name, from_ms, until_ms, capture_id, polls FROM (SELECT a.name, s.capture_id, "
    "coalesce(lag(s.received_ms) OVER w / 3600000 * 3600000, 0) AS from_ms, "
    "s.received_ms / 3600000 * 3600000 AS until_ms, row_number() OVER w AS polls "
    "FROM account AS a CROSS JOIN capture AS s ON s.account_id = a.account_id "
    "AND s.endpoint = 'positionRisk' AND s.payload_id IS NOT NULL "
    "WINDOW w AS (PARTITION BY s.account_id ORDER BY s.received_ms)) WHERE from_ms < until_ms";

static bool fill_hours(const struct database *database, sqlite3_stmt *hours, sqlite3_stmt *insert,
                       struct error *error)
{
    const struct hours_over over = {sqlite3_column_int64(hours, 1), sqlite3_column_int64(hours, 2),
                                    sqlite3_column_int64(hours, 3)};
    if (insert == NULL) {
        return true;
    }
    hours_bind(insert, column_span(hours, 0), &over);
    return database_step(database, insert, error) == STEP_DONE;
}

bool hours_fill(const struct database *database, bool all, const struct hours_watch *watch,
                struct error *error)
{
    sqlite3_stmt *inserts[ROW_KIND_COUNT] = {NULL};
    int64_t total = 0;
    bool filled = database_integer(
        database, "SELECT count(*) FROM capture WHERE endpoint = 'positionRisk'", &total, error);
    for (int i = 0; i < ROW_KIND_COUNT && filled; i++) {
        bool is_of_balances = i == ROW_BALANCE_HOUR || i == ROW_BALANCE_CHANGE;
        if (is_of_balances || (all && row_kind_is_hour(&ROW_KINDS[i]))) {
            inserts[i] = hours_prepare(database, &ROW_KINDS[i], true, error);
            filled = inserts[i] != NULL;
        }
    }
    sqlite3_stmt *hours = filled ? database_prepare(database, OVER, error) : NULL;
    enum step step = STEP_FAILED;
    while (hours != NULL && filled && (step = database_step(database, hours, error)) == STEP_ROW) {
        for (int i = 0; i < ROW_KIND_COUNT && filled; i++) {
            filled = fill_hours(database, hours, inserts[i], error);
        }
        if (watch != NULL) {
            watch->on_progress(watch->context, sqlite3_column_int64(hours, 4), total);
        }
    }
    statements_finalize(inserts, ROW_KIND_COUNT);
    sqlite3_finalize(hours);
    return filled && step == STEP_DONE;
}
