#include "store/rows/income_days.h"

#include <stdlib.h>

#include "base/embedded_file.h"
#include "model/row_kinds.h"
#include "store/file/view_text.h"

/* A price is looked for with every leg, so days cost as much as there are legs. Of how many legs
 * at most days are summed up at all, and of legs times days at a time. */
#define LEGS_MAX 5000
#define LEG_DAYS_OF_HOUR 50000
#define LEG_DAYS_OF_FILL 1000000

extern const struct embedded_file SQL_HOURS[];
extern const struct embedded_file SQL_VIEWS[];

enum statement {
    SELECT_UNTIL,
    SELECT_LEGS,
    DELETE_DAY,
    DELETE_OF_LEG,
    DELETE_OF_ALL,
    DELETE_OF_SYMBOL,
    DELETE_OF_CONTRACT,
    STATEMENT_COUNT,
};

static const char *const SQL[STATEMENT_COUNT] = {
    [SELECT_UNTIL] = ("SELECT max((SELECT max(d.day_ms) + 86400000 FROM income_day AS d "
                      "WHERE d.account_id = a.account_id)) FROM account AS a"),
    [SELECT_LEGS] = "SELECT count(*) FROM leg",
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

/* Days of any account that have income and no sums, of those from ?1 to ?2, and ?3 at most: from
 * each day with income to the next. */
#define OPEN_DAYS                                                                                  \
    "WITH RECURSIVE walked (account_id, day_ms) AS (SELECT a.account_id, (SELECT min(i.time_ms) "  \
    "/ 86400000 * 86400000 FROM income AS i WHERE i.account_id = a.account_id "                    \
    "AND i.time_ms >= ?1) FROM account AS a UNION ALL SELECT w.account_id, "                       \
    "(SELECT min(i.time_ms) / 86400000 * 86400000 FROM income AS i "                               \
    "WHERE i.account_id = w.account_id AND i.time_ms >= w.day_ms + 86400000) FROM walked AS w "    \
    "WHERE w.day_ms < ?2), "                                                                       \
    "day AS MATERIALIZED (SELECT w.account_id, w.day_ms FROM walked AS w WHERE w.day_ms < ?2 "     \
    "AND NOT EXISTS (SELECT 1 FROM income_day AS k WHERE k.account_id = w.account_id "             \
    "AND k.day_ms = w.day_ms) LIMIT ?3)"
static const char COUNT_OPEN_DAYS[] = OPEN_DAYS " SELECT count(*) FROM day";
static const char KEPT_DAYS[] =
    "WITH day AS MATERIALIZED (SELECT account_id, day_ms FROM income_day WHERE income_type = '' "
    "AND day_ms >= ?1)";

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
    sqlite3_stmt *insert; /* the sums of open days */
    int64_t until_ms;     /* no sum is of this time or later */
    int64_t open_ms;      /* no day before is open */
    int64_t tried_ms;     /* the hour in which some were summed up last */
};

/* The sums of `day`, which `days` selects, between two texts. */
static sqlite3_stmt *prepare_sums(const struct database *database, const char *days,
                                  const char *before, const char *after, struct error *error)
{
    static const char *const VIEWS[] = {"asset_source", "income_told", "income_history"};
    struct text sql = {0};
    text_append_string(&sql, days);
    for (size_t i = 0; i < sizeof VIEWS / sizeof VIEWS[0]; i++) {
        text_append_string(&sql, ", ");
        view_text_append(SQL_VIEWS, VIEWS[i], &sql);
    }
    text_append_string(&sql, before);
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
        days->insert = prepare_sums(database, OPEN_DAYS, " INSERT INTO income_day\n",
                                    "RETURNING day_ms, income_type", error);
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

static bool read_number(struct income_days *days, enum statement which, int64_t *number,
                        struct error *error)
{
    sqlite3_stmt *select = days->statements[which];
    enum step step = database_step(days->database, select, error);
    *number = step == STEP_ROW ? sqlite3_column_int64(select, 0) : 0;
    sqlite3_reset(select);
    return step == STEP_ROW;
}

bool income_days_load(struct income_days *days, struct error *error)
{
    days->open_ms = INT64_MIN;
    return read_number(days, SELECT_UNTIL, &days->until_ms, error);
}

/* Where legs became too many no sums are kept: to check them would take as long. */
static bool give_up(struct income_days *days, int64_t until_ms, struct error *error)
{
    sqlite3_stmt *delete = days->statements[DELETE_OF_ALL];
    bind_int(delete, 2, INT64_MIN);
    days->open_ms = until_ms;
    return days->until_ms == 0 || (database_step(days->database, delete, error) == STEP_DONE &&
                                   read_number(days, SELECT_UNTIL, &days->until_ms, error));
}

/* Sums up open days before until_ms, so many at most; *count is how many. */
static bool sum_up(struct income_days *days, int64_t until_ms, int64_t leg_days, int64_t *count,
                   struct error *error)
{
    int64_t legs;
    enum step step;
    *count = 0;
    if (!read_number(days, SELECT_LEGS, &legs, error)) {
        return false;
    }
    if (legs > LEGS_MAX) {
        return give_up(days, until_ms, error);
    }
    int64_t at_most = leg_days / (legs > 0 ? legs : 1);
    bind_int(days->insert, 1, days->open_ms);
    bind_int(days->insert, 2, until_ms);
    bind_int(days->insert, 3, at_most);
    while ((step = database_step(days->database, days->insert, error)) != STEP_DONE) {
        if (step == STEP_FAILED && database_overflowed(days->database, error)) {
            break; /* nothing is kept */
        }
        if (step == STEP_FAILED) {
            return false;
        }
        int64_t end_ms = sqlite3_column_int64(days->insert, 0) + DAY_MS;
        days->until_ms = end_ms > days->until_ms ? end_ms : days->until_ms;
        *count += sqlite3_column_bytes(days->insert, 1) == 0;
    }
    days->open_ms = *count < at_most ? until_ms : days->open_ms;
    return true;
}

bool income_days_close(struct income_days *days, int64_t hour_ms, struct error *error)
{
    int64_t until_ms = day_over(hour_ms);
    if (until_ms <= days->open_ms || hour_ms == days->tried_ms) {
        return true;
    }
    int64_t count;
    days->tried_ms = hour_ms;
    return sum_up(days, until_ms, LEG_DAYS_OF_HOUR, &count, error);
}

/* What was said of a time has other sums, if any. */
static bool forget(struct income_days *days, enum statement which, int64_t time_ms,
                   struct error *error)
{
    days->open_ms = time_ms < days->open_ms ? time_ms : days->open_ms;
    return days->until_ms == 0 ||
           database_step(days->database, days->statements[which], error) == STEP_DONE;
}

bool income_days_note_row(struct income_days *days, const struct row *row, struct error *error)
{
    enum row_kind_id kind = (enum row_kind_id)(row->kind - ROW_KINDS);
    int64_t time_ms = row->values[CHANGES[kind].time_column];
    if (CHANGES[kind].time_column == 0 || (time_ms >= days->until_ms && time_ms >= days->open_ms)) {
        return true;
    }
    int64_t day_ms = time_ms / DAY_MS * DAY_MS;
    sqlite3_stmt *delete = days->statements[CHANGES[kind].forget];
    bind_int(delete, 1, row->values[0]);
    bind_int(delete, 2, day_ms);
    return forget(days, CHANGES[kind].forget, day_ms < time_ms ? day_ms : time_ms, error) &&
           (CHANGES[kind].forget != DELETE_OF_ALL ||
            read_number(days, SELECT_UNTIL, &days->until_ms, error));
}

bool income_days_note_leg(struct income_days *days, int64_t account_id, struct span symbol,
                          struct error *error)
{
    sqlite3_stmt *delete = days->statements[DELETE_OF_SYMBOL];
    bind_int(delete, 1, account_id);
    bind_span(delete, 2, symbol);
    return forget(days, DELETE_OF_SYMBOL, INT64_MIN, error);
}

bool income_days_note_contract(struct income_days *days, int64_t contract_id,
                               const struct contract *contract, struct error *error)
{
    sqlite3_stmt *delete = days->statements[DELETE_OF_CONTRACT];
    bind_int(delete, 1, contract_id);
    bind_text_or_null(delete, 2, &contract->contract_type);
    bind_text_or_null(delete, 3, &contract->margin_asset);
    bind_maybe(delete, 4, contract->delivery_ms);
    return forget(days, DELETE_OF_CONTRACT, INT64_MIN, error);
}

bool income_days_fill(const struct database *database, bool all, const struct hours_watch *watch,
                      struct error *error)
{
    struct income_days *days = income_days_new(database, error);
    int64_t hour_ms, count, sum = 0, total = 0;
    bool done = days != NULL && hours_last_answered(database, &hour_ms, error);
    int64_t until_ms = done ? day_over(hour_ms) : 0;
    const int64_t open[] = {INT64_MIN, until_ms, -1};
    done = done && (watch == NULL ||
                    database_integer_of(database, COUNT_OPEN_DAYS, open, 3, &total, error));
    while (done && days->open_ms < until_ms && (all || sum == 0)) {
        done = sum_up(days, until_ms, LEG_DAYS_OF_FILL, &count, error);
        sum += count;
        if (watch != NULL) {
            watch->on_progress(watch->context, sum, total);
        }
    }
    income_days_free(days);
    return done;
}

bool income_days_check(const struct database *database, int64_t from_ms, bool *sound,
                       struct text *what, struct error *error)
{
    sqlite3_stmt *select = prepare_sums(
        database, KEPT_DAYS, ", made AS MATERIALIZED (",
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
