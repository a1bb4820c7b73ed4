#include "extension/moment_table.h"

#include "extension/table.h"
#include "host/clock.h"

SQLITE_EXTENSION_INIT3

/* A table whose rows are those of one statement. */
struct moment_kind {
    struct table_kind table;
    struct source_question question;
    const char *answers; /* of which the moment is known or not: NULL for polls */
};

struct moment_cursor {
    sqlite3_vtab_cursor base;
    sqlite3_stmt *statement;
    int64_t at_ms;
    sqlite3_int64 number;
    bool is_over;
};

static const struct moment_kind POSITION_AT = {
    .table = {.name = "position_at",
              .declaration =
                  "CREATE TABLE position_at (account TEXT, symbol TEXT, position_side TEXT, "
                  "position_amount REAL, entry_price REAL, mark_price REAL, unrealized_pnl REAL, "
                  "margin_asset TEXT, unrealized_pnl_usd REAL, leverage INTEGER, margin_type TEXT, "
                  "liquidation_price REAL, time TEXT, as_of TEXT, recorded INTEGER, "
                  "at HIDDEN, of_account HIDDEN, all_legs HIDDEN)",
              .argument_column = 15,
              .argument_count = 3,
              .required_count = 1,
              .usage = "position_at('2026-11-01T00:00:00Z')"},
    .question = {(const char *const[]){"capture_read", "interval_stated", "known_running",
                                       "leg_range", "valuation_history", "pnl_history",
                                       "margin_history", NULL},
                 (const char *const[]){"with_moment", "positions", NULL}},
};

static const struct moment_kind EQUITY_AT = {
    .table = {.name = "equity_at",
              .declaration =
                  "CREATE TABLE equity_at (account TEXT, asset TEXT, wallet_balance REAL, "
                  "unrealized_pnl REAL, margin_balance REAL, maintenance_margin REAL, "
                  "margin_ratio REAL, price REAL, wallet_balance_usd REAL, "
                  "unrealized_pnl_usd REAL, margin_balance_usd REAL, time TEXT, as_of TEXT, "
                  "recorded INTEGER, at HIDDEN, of_account HIDDEN)",
              .argument_column = 14,
              .argument_count = 2,
              .required_count = 1,
              .usage = "equity_at('2026-11-01T00:00:00Z')"},
    .question = {(const char *const[]){"capture_read", "interval_stated", "known_running",
                                       "asset_of_account", "asset_source", "equity_history", NULL},
                 (const char *const[]){"with_moment", "equity_at", NULL}},
    .answers = "account",
};

static struct table *table_of(sqlite3_vtab_cursor *cursor)
{
    return (struct table *)cursor->pVtab;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    (void)table;
    struct moment_cursor *cursor = sqlite3_malloc64(sizeof *cursor);
    if (cursor == NULL) {
        return SQLITE_NOMEM;
    }
    *cursor = (struct moment_cursor){.is_over = true};
    *made = &cursor->base;
    return SQLITE_OK;
}

/* The next cursor takes the statement over: preparing one costs as much as running it. */
static void put_back(struct moment_cursor *cursor)
{
    struct table *table = table_of(&cursor->base);
    if (cursor->statement != NULL && table->idle == NULL) {
        sqlite3_reset(cursor->statement);
        sqlite3_clear_bindings(cursor->statement);
        table->idle = cursor->statement;
    } else {
        sqlite3_finalize(cursor->statement);
    }
    cursor->statement = NULL;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    put_back((struct moment_cursor *)base);
    sqlite3_free(base);
    return SQLITE_OK;
}

static int step(sqlite3_vtab_cursor *base)
{
    struct moment_cursor *cursor = (struct moment_cursor *)base;
    struct error error = {0};
    int code = sqlite3_step(cursor->statement);
    cursor->is_over = code != SQLITE_ROW;
    cursor->number++;
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        return SQLITE_OK;
    }
    source_error(&table_of(base)->source, &error);
    return table_fail(table_of(base), &error);
}

/* Reads the arguments and makes a statement ready that has them bound. */
static bool begin(struct moment_cursor *cursor, sqlite3_value **arguments, struct error *error)
{
    struct table *table = table_of(&cursor->base);
    const struct moment_kind *kind = (const struct moment_kind *)table->kind;
    const char *account = NULL;
    if (!argument_time(arguments[0], "time", &cursor->at_ms, error) ||
        !source_check(&table->source, error) ||
        !argument_account(&table->source, arguments[1], &account, error)) {
        return false;
    }
    cursor->statement = table->idle;
    table->idle = NULL;
    if (cursor->statement == NULL) {
        cursor->statement = source_prepare(&table->source, &kind->question, error);
    }
    if (cursor->statement == NULL) {
        return false;
    }
    bind_named_int(cursor->statement, ":to_ms", cursor->at_ms + 1);
    bind_named_int(cursor->statement, ":now_ms", clock_wall_ms());
    bind_named_int(cursor->statement, ":all",
                   arguments[2] != NULL && sqlite3_value_int(arguments[2]) != 0);
    bind_named_text(cursor->statement, ":account", account);
    bind_named_text(cursor->statement, ":answers", kind->answers);
    return true;
}

static int filter(sqlite3_vtab_cursor *base, int index, const char *plan, int argc,
                  sqlite3_value **argv)
{
    (void)plan;
    (void)argc;
    struct moment_cursor *cursor = (struct moment_cursor *)base;
    sqlite3_value *arguments[TABLE_ARGUMENTS_MAX];
    struct error error = {0};
    put_back(cursor);
    cursor->number = 0;
    cursor->is_over = true;
    table_arguments(index, argv, arguments);
    return begin(cursor, arguments, &error) ? step(base) : table_fail(table_of(base), &error);
}

static int is_over(sqlite3_vtab_cursor *base)
{
    return ((struct moment_cursor *)base)->is_over;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
    struct moment_cursor *cursor = (struct moment_cursor *)base;
    int argument_column = table_of(base)->kind->argument_column;
    if (number < argument_column) {
        sqlite3_result_value(context, sqlite3_column_value(cursor->statement, number));
    } else if (number == argument_column) {
        sqlite3_result_int64(context, cursor->at_ms);
    }
    return SQLITE_OK;
}

static int row_number(sqlite3_vtab_cursor *base, sqlite3_int64 *number)
{
    *number = ((struct moment_cursor *)base)->number;
    return SQLITE_OK;
}

int moment_tables_add(sqlite3 *handle)
{
    static const sqlite3_module MODULE = {.xConnect = table_connect,
                                          .xBestIndex = table_best_index,
                                          .xDisconnect = table_disconnect,
                                          .xOpen = open_cursor,
                                          .xClose = close_cursor,
                                          .xFilter = filter,
                                          .xNext = step,
                                          .xEof = is_over,
                                          .xColumn = column,
                                          .xRowid = row_number};
    static const struct moment_kind *const KINDS[] = {&POSITION_AT, &EQUITY_AT};
    int code = SQLITE_OK;
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0] && code == SQLITE_OK; i++) {
        code = sqlite3_create_module_v2(handle, KINDS[i]->table.name, &MODULE,
                                        (void *)(uintptr_t)KINDS[i], NULL);
    }
    return code;
}
