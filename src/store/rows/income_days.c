#include "store/rows/income_days.h"

#include <stdlib.h>

#include "base/embedded_file.h"
#include "model/row_kinds.h"
#include "store/file/view_text.h"

#define DAY_MS (24 * HOUR_MS)

extern const struct embedded_file SQL_HOURS[];
extern const struct embedded_file SQL_VIEWS[];

enum statement {
    SELECT_OPEN_DAYS,
    SELECT_UNTIL,
    DELETE_DAY,
    DELETE_OF_LEG,
    DELETE_OF_ALL,
    DELETE_OF_SYMBOL,
    DELETE_OF_CONTRACT,
    STATEMENT_COUNT,
};

static const char *const SQL[STATEMENT_COUNT] = {
    /* From one day with income to the next: those before ?2 that have no sums. */
    [SELECT_OPEN_DAYS] =
        ("WITH RECURSIVE day (day_ms) AS (SELECT min(time_ms) / 86400000 * 86400000 FROM income "
         "WHERE account_id = ?1 UNION ALL SELECT (SELECT min(i.time_ms) / 86400000 * 86400000 "
         "FROM income AS i WHERE i.account_id = ?1 AND i.time_ms >= d.day_ms + 86400000) "
         "FROM day AS d WHERE d.day_ms < ?2) SELECT d.day_ms FROM day AS d WHERE d.day_ms < ?2 "
         "AND NOT EXISTS (SELECT 1 FROM income_day AS k WHERE k.account_id = ?1 "
         "AND k.day_ms = d.day_ms) LIMIT ?3"),
    [SELECT_UNTIL] = ("SELECT max((SELECT max(d.day_ms) + 86400000 FROM income_day AS d "
                      "WHERE d.account_id = a.account_id)) FROM account AS a"),
    [DELETE_DAY] = "DELETE FROM income_day WHERE account_id = ?1 AND day_ms = ?2",
    [DELETE_OF_LEG] =
        ("DELETE FROM income_day WHERE account_id = (SELECT account_id FROM leg WHERE leg_id = ?1) "
         "AND day_ms >= ?2"),
    [DELETE_OF_ALL] =
        ("DELETE FROM income_day WHERE account_id IN (SELECT account_id FROM account) "
         "AND day_ms >= ?2"),
    [DELETE_OF_SYMBOL] =
        ("DELETE FROM income_day WHERE account_id = ?1 AND day_ms IN (SELECT day_ms "
         "FROM income_day WHERE account_id = ?1 AND symbol = ?2 AND position_side = '')"),
    [DELETE_OF_CONTRACT] =
        ("DELETE FROM income_day WHERE EXISTS (SELECT 1 FROM contract WHERE contract_id = ?1 "
         "AND (contract_type = 'PERPETUAL', margin_asset, delivery_ms) "
         "IS NOT (?2 = 'PERPETUAL', ?3, ?4))"),
};

/* What changes sums by being told of a time before: rows of which kinds, and which sums. */
static const struct {
    int time_column; /* 0 for none */
    enum statement forget;
} CHANGES[ROW_KIND_COUNT] = {
    [ROW_VALUATION] = {VALUATION_TIME_MS, DELETE_OF_ALL},
    [ROW_TRADE] = {TRADE_TIME_MS, DELETE_OF_LEG},
    [ROW_INCOME] = {INCOME_TIME_MS, DELETE_DAY},
    [ROW_MARK] = {MARK_TIME_MS, DELETE_OF_ALL},
    [ROW_ASSET_INDEX] = {ASSET_INDEX_TIME_MS, DELETE_OF_ALL},
};

struct income_days {
    const struct database *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    sqlite3_stmt *insert; /* the sums of a day */
    int64_t until_ms;     /* no sum is of this time or later */
};

/* The sums of the days that `day` selects, between two texts. */
static sqlite3_stmt *prepare_sums(const struct database *database, const char *before,
                                  const char *day, const char *made, const char *after,
                                  struct error *error)
{
    static const char *const VIEWS[] = {"asset_source", "income_told", "income_history"};
    struct text sql = {0};
    text_printf(&sql, "%sWITH day (account_id, day_ms) AS MATERIALIZED (%s)", before, day);
    for (size_t i = 0; i < sizeof VIEWS / sizeof VIEWS[0]; i++) {
        text_append_string(&sql, ", ");
        view_text_append(SQL_VIEWS, VIEWS[i], &sql);
    }
    text_append_string(&sql, made);
    text_append_string(&sql, embedded_file_text(SQL_HOURS, "income_day"));
    text_append_string(&sql, after);
    return database_prepare_text(database, &sql, error);
}

struct income_days *income_days_new(const struct database *database, struct error *error)
{
    struct income_days *days = calloc(1, sizeof *days);
    if (days == NULL) {
        error_no_memory(error);
        return NULL;
    }
    days->database = database;
    if (database_prepare_all(database, SQL, STATEMENT_COUNT, days->statements, error)) {
        days->insert =
            prepare_sums(database, "INSERT INTO income_day ", "SELECT ?1, ?2", "\n", "", error);
    }
    if (days->insert == NULL || !income_days_load(days, error)) {
        income_days_free(days);
        return NULL;
    }
    return days;
}

void income_days_free(struct income_days *days)
{
    if (days != NULL) {
        statements_finalize(days->statements, STATEMENT_COUNT);
        sqlite3_finalize(days->insert);
        free(days);
    }
}

bool income_days_load(struct income_days *days, struct error *error)
{
    sqlite3_stmt *select = days->statements[SELECT_UNTIL];
    enum step step = database_step(days->database, select, error);
    days->until_ms = step == STEP_ROW ? sqlite3_column_int64(select, 0) : 0;
    sqlite3_reset(select);
    return step == STEP_ROW;
}

/* The start of the day that is not over at that time; what ended it is told within an hour. */
static int64_t over_until(int64_t time_ms)
{
    int64_t told_ms = time_ms > HOUR_MS ? time_ms - HOUR_MS : 0;
    return told_ms - told_ms % DAY_MS;
}

static bool sum_up(struct income_days *days, int64_t account_id, int64_t until_ms, int64_t count,
                   struct error *error)
{
    sqlite3_stmt *select = days->statements[SELECT_OPEN_DAYS];
    enum step step;
    bind_int(select, 1, account_id);
    bind_int(select, 2, until_ms);
    bind_int(select, 3, count);
    while ((step = database_step(days->database, select, error)) == STEP_ROW) {
        int64_t day_ms = sqlite3_column_int64(select, 0);
        bind_int(days->insert, 1, account_id);
        bind_int(days->insert, 2, day_ms);
        if (database_step(days->database, days->insert, error) != STEP_DONE) {
            break;
        }
        days->until_ms = day_ms + DAY_MS > days->until_ms ? day_ms + DAY_MS : days->until_ms;
    }
    sqlite3_reset(select);
    return step == STEP_DONE;
}

bool income_days_close(struct income_days *days, int64_t account_id, const struct hours_over *over,
                       struct error *error)
{
    int64_t until_ms = over_until(over->until_ms);
    return until_ms == over_until(over->from_ms) ||
           sum_up(days, account_id, until_ms, INCOME_DAYS_AT_ONCE, error);
}

bool income_days_note_row(struct income_days *days, const struct row *row, struct error *error)
{
    enum row_kind_id kind = (enum row_kind_id)(row->kind - ROW_KINDS);
    int64_t time_ms = row->values[CHANGES[kind].time_column];
    if (CHANGES[kind].time_column == 0 || time_ms >= days->until_ms) {
        return true;
    }
    sqlite3_stmt *delete = days->statements[CHANGES[kind].forget];
    bind_int(delete, 1, row->values[0]);
    bind_int(delete, 2, time_ms / DAY_MS * DAY_MS);
    return database_step(days->database, delete, error) == STEP_DONE &&
           (CHANGES[kind].forget != DELETE_OF_ALL || income_days_load(days, error));
}

bool income_days_note_leg(struct income_days *days, int64_t account_id, struct span symbol,
                          struct error *error)
{
    sqlite3_stmt *delete = days->statements[DELETE_OF_SYMBOL];
    bind_int(delete, 1, account_id);
    bind_span(delete, 2, symbol);
    return days->until_ms == 0 || database_step(days->database, delete, error) == STEP_DONE;
}

bool income_days_note_contract(struct income_days *days, int64_t contract_id,
                               const struct contract *contract, struct error *error)
{
    sqlite3_stmt *delete = days->statements[DELETE_OF_CONTRACT];
    bind_int(delete, 1, contract_id);
    bind_text_or_null(delete, 2, &contract->contract_type);
    bind_text_or_null(delete, 3, &contract->margin_asset);
    bind_maybe(delete, 4, contract->delivery_ms);
    return days->until_ms == 0 || database_step(days->database, delete, error) == STEP_DONE;
}

/* Accounts, and when each was last answered. */
static const char ANSWERED[] =
    "SELECT a.account_id, (SELECT s.received_ms FROM capture AS s WHERE s.account_id = "
    "a.account_id AND s.endpoint = 'positionRisk' AND s.payload_id IS NOT NULL "
    "ORDER BY s.received_ms DESC LIMIT 1) AS until_ms FROM account AS a";

bool income_days_fill(const struct database *database, struct error *error)
{
    struct income_days *days = income_days_new(database, error);
    sqlite3_stmt *select = days != NULL ? database_prepare(database, ANSWERED, error) : NULL;
    enum step step;
    while ((step = database_step(database, select, error)) == STEP_ROW) {
        int64_t until_ms = over_until(hour_of(sqlite3_column_int64(select, 1)));
        if (!sum_up(days, sqlite3_column_int64(select, 0), until_ms, -1, error)) {
            break;
        }
    }
    sqlite3_finalize(select);
    income_days_free(days);
    return step == STEP_DONE;
}

bool income_days_check(const struct database *database, int64_t from_ms, bool *sound,
                       struct text *what, struct error *error)
{
    sqlite3_stmt *select = prepare_sums(
        database, "",
        "SELECT account_id, day_ms FROM income_day WHERE income_type = '' AND day_ms >= ?1",
        ", made AS MATERIALIZED (",
        "), kept AS MATERIALIZED (SELECT * FROM income_day WHERE day_ms >= ?1), "
        "differs AS (SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM made) "
        "UNION ALL SELECT * FROM (SELECT * FROM made EXCEPT SELECT * FROM kept)) "
        "SELECT coalesce((SELECT name FROM account AS a WHERE a.account_id = w.account_id), '?'), "
        "strftime('%Y-%m-%d', w.day_ms / 1000, 'unixepoch'), w.income_type "
        "FROM differs AS w ORDER BY w.day_ms, w.account_id, w.income_type LIMIT 1",
        error);
    if (select != NULL) {
        bind_int(select, 1, from_ms);
    }
    enum step step = database_step(database, select, error);
    *sound = step == STEP_DONE;
    if (step == STEP_ROW) {
        struct span type = column_span(select, 2);
        text_printf(what, "income_day %s, day %s: the sum%s%.*s is not what the income makes",
                    (const char *)sqlite3_column_text(select, 0),
                    (const char *)sqlite3_column_text(select, 1), type.size > 0 ? " of " : "",
                    (int)type.size, type.data);
    }
    sqlite3_finalize(select);
    return step != STEP_FAILED;
}
