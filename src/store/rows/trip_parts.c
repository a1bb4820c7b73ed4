#include "store/rows/trip_parts.h"

#include <stdlib.h>

#include "base/embedded_file.h"
#include "model/row_kinds.h"
#include "store/file/view_text.h"
#include "store/rows/hours.h"

/* Of how many rows of trades parts are made at a time beside other work. */
#define TRADES_OF_DAY 100000

extern const struct embedded_file SQL_HOURS[];
extern const struct embedded_file SQL_VIEWS[];

enum statement {
    SELECT_UNTIL,
    DELETE_OF_LEG,
    DELETE_OF_TRADE,
    DELETE_OF_SYMBOL,
    DELETE_OF_CONTRACT,
    STATEMENT_COUNT,
};

/* The legs `o` of the account and contract of leg `l`, where a part of any of them is of such a
 * time or later. */
#define DELETE_OF "DELETE FROM trip_part_kept WHERE leg_id IN (SELECT o.leg_id FROM "
#define WITH_LEGS(late)                                                                            \
    " CROSS JOIN leg AS o ON o.account_id = l.account_id AND o.contract_id = l.contract_id "       \
    "WHERE EXISTS (SELECT 1 FROM leg AS s WHERE s.account_id = l.account_id AND s.contract_id = "  \
    "l.contract_id AND (SELECT k.time_ms FROM trip_part_kept AS k WHERE k.leg_id = s.leg_id "      \
    "ORDER BY k.trip DESC, k.number DESC LIMIT 1) >= " late "))"
#define OF_ONE_LEG "(SELECT * FROM leg WHERE leg_id = ?1) AS l"

static const char *const SQL[STATEMENT_COUNT] = {
    [SELECT_UNTIL] = "SELECT max(time_ms) + 1 FROM trip_part_kept",
    [DELETE_OF_LEG] = DELETE_OF OF_ONE_LEG WITH_LEGS("?2"),
    [DELETE_OF_TRADE] = DELETE_OF OF_ONE_LEG WITH_LEGS(
        "(SELECT min(t.time_ms) FROM trade AS t INDEXED BY trade_by_id WHERE t.leg_id = ?1 "
        "AND t.trade_id = ?2)"),
    [DELETE_OF_SYMBOL] = DELETE_OF
    "(SELECT l.* FROM account AS a CROSS JOIN contract AS c ON c.product = a.product AND "
    "c.symbol = ?3 CROSS JOIN leg AS l ON l.account_id = a.account_id AND l.contract_id = "
    "c.contract_id WHERE a.account_id = ?1) AS l" WITH_LEGS("?2"),
    [DELETE_OF_CONTRACT] =
        ("DELETE FROM trip_part_kept WHERE leg_id IN (SELECT l.leg_id FROM contract AS c CROSS "
         "JOIN leg AS l ON l.contract_id = c.contract_id WHERE c.contract_id = ?1 AND "
         "c.margin_asset IS NOT ?2)"),
};

struct trip_parts {
    const struct database *database;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    sqlite3_stmt *insert;
    int64_t until_ms; /* nothing is kept of this time or later */
};

/* A statement over the parts that stand, made of the legs of `legs` and of what is kept of each. */
static sqlite3_stmt *prepare_parts(const struct database *database, const char *before,
                                   const char *legs, const char *after, struct error *error)
{
    static const char *const VIEWS[] = {"trip_base", "trip_part_since"};
    struct text sql = {0};
    text_append_string(&sql, before);
    text_append_string(&sql, legs);
    for (size_t i = 0; i < sizeof VIEWS / sizeof VIEWS[0]; i++) {
        text_append_string(&sql, ", ");
        view_text_append(SQL_VIEWS, VIEWS[i], &sql);
    }
    text_append_string(&sql, after);
    return database_prepare_text(database, &sql, error);
}

static sqlite3_stmt *prepare_insert(const struct database *database, struct error *error)
{
    return prepare_parts(database, "INSERT INTO trip_part_kept WITH ",
                         embedded_file_text(SQL_HOURS, "trip_part_kept"),
                         " SELECT * FROM trip_part_since WHERE time_ms < :until_ms", error);
}

struct trip_parts *trip_parts_new(const struct database *database, struct error *error)
{
    struct trip_parts *parts = calloc(1, sizeof *parts);
    if (parts == NULL) {
        error_no_memory(error);
        return NULL;
    }
    parts->database = database;
    if (database_prepare_all(database, SQL, STATEMENT_COUNT, parts->statements, error)) {
        parts->insert = prepare_insert(database, error);
    }
    if (parts->insert == NULL || !trip_parts_load(parts, error)) {
        trip_parts_free(parts);
        return NULL;
    }
    return parts;
}

void trip_parts_free(struct trip_parts *parts)
{
    if (parts != NULL) {
        statements_finalize(parts->statements, STATEMENT_COUNT);
        sqlite3_finalize(parts->insert);
        free(parts);
    }
}

bool trip_parts_load(struct trip_parts *parts, struct error *error)
{
    sqlite3_stmt *select = parts->statements[SELECT_UNTIL];
    enum step step = database_step(parts->database, select, error);
    parts->until_ms = step == STEP_ROW ? sqlite3_column_int64(select, 0) : 0;
    sqlite3_reset(select);
    return step == STEP_ROW;
}

/* Keeps the parts of an account, or of all, that are of a time before the last day that is over in
 * an hour. Where amounts do not fit into 64 bits nothing is kept. */
static bool keep(const struct database *database, sqlite3_stmt *insert, struct maybe_int account_id,
                 int64_t hour_ms, int64_t at_most, struct error *error)
{
    bind_maybe(insert, sqlite3_bind_parameter_index(insert, ":account_id"), account_id);
    bind_int(insert, sqlite3_bind_parameter_index(insert, ":until_ms"), day_over(hour_ms) - DAY_MS);
    bind_int(insert, sqlite3_bind_parameter_index(insert, ":at_most"), at_most);
    return database_step(database, insert, error) == STEP_DONE ||
           database_overflowed(database, error);
}

bool trip_parts_close(struct trip_parts *parts, int64_t account_id, const struct hours_over *over,
                      struct error *error)
{
    return day_over(over->from_ms) >= day_over(over->until_ms) ||
           (keep(parts->database, parts->insert, maybe_of(account_id), over->until_ms,
                 TRADES_OF_DAY, error) &&
            trip_parts_load(parts, error));
}

static struct span text_of(const struct row *row, int column)
{
    return text_span(&row->texts[row->kind->columns[column].text]);
}

static bool take_away(struct trip_parts *parts, enum statement which, struct error *error)
{
    return database_step(parts->database, parts->statements[which], error) == STEP_DONE;
}

/* Income of a delivery moves its time, whenever it was. */
static bool note_income(struct trip_parts *parts, const struct row *row, struct error *error)
{
    struct span type = text_of(row, INCOME_TYPE);
    bool is_of_delivery = span_equal(type, span_of("DELIVERED_SETTELMENT"));
    int64_t time_ms = is_of_delivery ? INT64_MIN : row->values[INCOME_TIME_MS];
    sqlite3_stmt *delete = parts->statements[DELETE_OF_SYMBOL];
    if (time_ms >= parts->until_ms ||
        !(is_of_delivery || span_equal(type, span_of("FUNDING_FEE")))) {
        return true;
    }
    bind_int(delete, 1, row->values[0]);
    bind_int(delete, 2, time_ms);
    bind_span(delete, 3, text_of(row, INCOME_SYMBOL));
    return take_away(parts, DELETE_OF_SYMBOL, error);
}

bool trip_parts_note_row(struct trip_parts *parts, const struct row *row, struct error *error)
{
    enum row_kind_id kind = (enum row_kind_id)(row->kind - ROW_KINDS);
    if (parts->until_ms == 0) {
        return true;
    }
    if (kind == ROW_INCOME) {
        return note_income(parts, row, error);
    }
    if (kind == ROW_TRADE) {
        bind_int(parts->statements[DELETE_OF_TRADE], 1, row->values[0]);
        bind_span(parts->statements[DELETE_OF_TRADE], 2, text_of(row, TRADE_ID));
        return take_away(parts, DELETE_OF_TRADE, error);
    }
    if (kind != ROW_POSITION || row->values[POSITION_UPDATE_MS] >= parts->until_ms) {
        return true;
    }
    bind_int(parts->statements[DELETE_OF_LEG], 1, row->values[POSITION_LEG_ID]);
    bind_int(parts->statements[DELETE_OF_LEG], 2, row->values[POSITION_UPDATE_MS]);
    return take_away(parts, DELETE_OF_LEG, error);
}

bool trip_parts_note_contract(struct trip_parts *parts, int64_t contract_id,
                              const struct contract *contract, struct error *error)
{
    bind_int(parts->statements[DELETE_OF_CONTRACT], 1, contract_id);
    bind_text_or_null(parts->statements[DELETE_OF_CONTRACT], 2, &contract->margin_asset);
    return take_away(parts, DELETE_OF_CONTRACT, error);
}

bool trip_parts_fill(const struct database *database, struct error *error)
{
    int64_t hour_ms;
    sqlite3_stmt *insert = prepare_insert(database, error);
    bool done = insert != NULL && hours_last_answered(database, &hour_ms, error) &&
                keep(database, insert, (struct maybe_int){0}, hour_ms, INT64_MAX - 1, error);
    sqlite3_finalize(insert);
    return done;
}

bool trip_parts_check(const struct database *database, bool *sound, struct text *what,
                      struct error *error)
{
    static const char LEGS[] =
        "ended AS MATERIALIZED (SELECT l.account_id, l.contract_id, max(k.time_ms) AS time_ms "
        "FROM main.trip_part_kept AS k CROSS JOIN main.leg AS l ON l.leg_id = k.leg_id GROUP BY 1, "
        "2), "
        "leg AS MATERIALIZED (SELECT l.* FROM main.leg AS l JOIN ended USING (account_id, "
        "contract_id)), "
        "trip_part_kept AS MATERIALIZED (SELECT * FROM main.trip_part_kept WHERE 0)";
    sqlite3_stmt *select = prepare_parts(
        database, "WITH ", LEGS,
        ", made AS MATERIALIZED (SELECT p.* FROM trip_part_since AS p CROSS JOIN leg AS l ON "
        "l.leg_id = p.leg_id CROSS JOIN ended AS e ON e.account_id = l.account_id AND "
        "e.contract_id = l.contract_id AND e.time_ms >= p.time_ms), "
        "was AS MATERIALIZED (SELECT * FROM main.trip_part_kept), "
        "differs AS (SELECT * FROM (SELECT * FROM was EXCEPT SELECT * FROM made) "
        "UNION ALL SELECT * FROM (SELECT * FROM made EXCEPT SELECT * FROM was)) "
        "SELECT coalesce((SELECT a.name || ' ' || c.symbol || ' ' || l.position_side FROM "
        "main.leg AS l JOIN account AS a USING (account_id) JOIN contract AS c USING (contract_id) "
        "WHERE l.leg_id = d.leg_id), '?'), trip, number FROM differs AS d "
        "ORDER BY time_ms, leg_id, trip, number LIMIT 1",
        error);
    enum step step = database_step(database, select, error);
    *sound = step == STEP_DONE;
    if (step == STEP_ROW) {
        text_printf(
            what, "trip_part_kept %s, trip %lld, part %lld: not what trades, income and polls make",
            (const char *)sqlite3_column_text(select, 0),
            (long long)sqlite3_column_int64(select, 1), (long long)sqlite3_column_int64(select, 2));
    }
    sqlite3_finalize(select);
    return step != STEP_FAILED;
}
