#include "extension/replay_table.h"

#include "base/time_text.h"
#include "extension/replay.h"
#include "extension/table.h"

SQLITE_EXTENSION_INIT3

/* The table's columns; from POSITION_AMOUNT to CONTRACT_SIZE they are the state's. */
enum {
    STEP_MS,
    STEP,
    ACCOUNT,
    SYMBOL,
    POSITION_SIDE,
    POSITION_AMOUNT,
    CONTRACT_SIZE = POSITION_AMOUNT + STATE_CONTRACT_SIZE,
    TIME_MS,
    TIME,
    AS_OF,
    RECORDED,
    FROM,
    TO,
};

static const struct table_kind REPLAY = {
    .name = "replay",
    .declaration =
        "CREATE TABLE replay (step_ms INTEGER, step TEXT, account TEXT, symbol TEXT, "
        "position_side TEXT, position_amount REAL, entry_price REAL, mark_price REAL, "
        "unrealized_pnl REAL, margin_asset TEXT, unrealized_pnl_usd REAL, leverage INTEGER, "
        "margin_type TEXT, liquidation_price REAL, contract_size REAL, time_ms INTEGER, time TEXT, "
        "as_of TEXT, recorded INTEGER, "
        "from_ms HIDDEN, to_ms HIDDEN, every HIDDEN, of_account HIDDEN)",
    .argument_column = FROM,
    .argument_count = 4,
    .required_count = 3,
    .usage = "replay('2026-11-01', '2026-12-01', '1h')",
};

struct replay_cursor {
    sqlite3_vtab_cursor base;
    struct replay replay;
    sqlite3_int64 number;
};

static struct table *table_of(sqlite3_vtab_cursor *cursor)
{
    return (struct table *)cursor->pVtab;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    struct replay_cursor *cursor = sqlite3_malloc64(sizeof *cursor);
    if (cursor == NULL) {
        return SQLITE_NOMEM;
    }
    *cursor = (struct replay_cursor){
        .replay = {.source = &((struct table *)table)->source, .is_over = true}};
    *made = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
    replay_end(&((struct replay_cursor *)base)->replay);
    sqlite3_free(base);
    return SQLITE_OK;
}

/* NULL, and what is not given, is a bound of the record's own. */
static bool read_bound(sqlite3_value *value, const char *name, bool *has, int64_t *time_ms,
                       struct error *error)
{
    *has = sqlite3_value_type(value) != SQLITE_NULL;
    return !*has || argument_time(value, name, time_ms, error);
}

static bool begin(struct replay_cursor *cursor, sqlite3_value **arguments, struct error *error)
{
    struct source *source = &table_of(&cursor->base)->source;
    struct replay_range range = {0};
    if (!read_bound(arguments[0], "from", &range.has_from, &range.from_ms, error) ||
        !read_bound(arguments[1], "to", &range.has_to, &range.to_ms, error) ||
        !argument_step(arguments[2], "every", &range.every, error)) {
        return false;
    }
    if (range.has_from && range.has_to && range.from_ms > range.to_ms) {
        return error_set(error, ERROR_USAGE, "it ends before it begins: write %s", REPLAY.usage);
    }
    return source_check(source, error) &&
           argument_account(source, arguments[3], &range.account, error) &&
           replay_begin(&cursor->replay, &range, error);
}

static int filter(sqlite3_vtab_cursor *base, int index, const char *plan, int argc,
                  sqlite3_value **argv)
{
    (void)plan;
    (void)argc;
    struct replay_cursor *cursor = (struct replay_cursor *)base;
    sqlite3_value *arguments[TABLE_ARGUMENTS_MAX];
    struct error error = {0};
    replay_end(&cursor->replay);
    cursor->number = 0;
    table_arguments(index, argv, arguments);
    if (!begin(cursor, arguments, &error)) {
        cursor->replay.is_over = true;
        return table_fail(table_of(base), &error);
    }
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
    struct replay_cursor *cursor = (struct replay_cursor *)base;
    struct error error = {0};
    cursor->number++;
    if (!replay_next(&cursor->replay, &error)) {
        cursor->replay.is_over = true;
        return table_fail(table_of(base), &error);
    }
    return SQLITE_OK;
}

static int is_over(sqlite3_vtab_cursor *base)
{
    return ((struct replay_cursor *)base)->replay.is_over;
}

static void result_time(sqlite3_context *context, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    time_text_format(time_ms, text);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void result_value(sqlite3_context *context, const struct replay_value *value)
{
    if (value->type == SQLITE_FLOAT) {
        sqlite3_result_double(context, value->real);
    } else if (value->type == SQLITE_INTEGER) {
        sqlite3_result_int64(context, value->integer);
    } else if (value->type != SQLITE_NULL) {
        sqlite3_result_value(context, value->other);
    }
}

static int result_as_of(struct replay_cursor *cursor, sqlite3_context *context)
{
    struct error error = {0};
    int64_t as_of_ms;
    if (replay_as_of(&cursor->replay, &as_of_ms, &error)) {
        result_time(context, as_of_ms);
    }
    return error.kind == ERROR_NONE ? SQLITE_OK : table_fail(table_of(&cursor->base), &error);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
    struct replay_cursor *cursor = (struct replay_cursor *)base;
    const struct replay *replay = &cursor->replay;
    const struct replay_leg *leg = &replay->legs[replay->leg];
    switch (number) {
    case STEP_MS:
        sqlite3_result_int64(context, replay->step_ms);
        break;
    case STEP:
        result_time(context, replay->step_ms);
        break;
    case ACCOUNT:
        sqlite3_result_value(context, leg->account);
        break;
    case SYMBOL:
        sqlite3_result_value(context, leg->symbol);
        break;
    case POSITION_SIDE:
        sqlite3_result_value(context, leg->side);
        break;
    case TIME_MS:
        sqlite3_result_int64(context, leg->time_ms);
        break;
    case TIME:
        result_time(context, leg->time_ms);
        break;
    case AS_OF:
        return result_as_of(cursor, context);
    case RECORDED:
        sqlite3_result_int(context, replay_is_recorded(replay));
        break;
    case FROM:
        sqlite3_result_int64(context, replay->from_ms);
        break;
    case TO:
        sqlite3_result_int64(context, replay->to_ms);
        break;
    default:
        if (number >= POSITION_AMOUNT && number <= CONTRACT_SIZE) {
            result_value(context, &leg->values[number - POSITION_AMOUNT]);
        }
    }
    return SQLITE_OK;
}

static int row_number(sqlite3_vtab_cursor *base, sqlite3_int64 *number)
{
    *number = ((struct replay_cursor *)base)->number;
    return SQLITE_OK;
}

/* Rows come in the order of their steps. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    int code = table_best_index(table, info);
    info->orderByConsumed =
        info->nOrderBy == 1 &&
        (info->aOrderBy[0].iColumn == STEP_MS || info->aOrderBy[0].iColumn == STEP) &&
        !info->aOrderBy[0].desc;
    info->estimatedRows = 100000;
    info->estimatedCost = 100000;
    return code;
}

int replay_table_add(sqlite3 *handle)
{
    static const sqlite3_module MODULE = {.xConnect = table_connect,
                                          .xBestIndex = best_index,
                                          .xDisconnect = table_disconnect,
                                          .xOpen = open_cursor,
                                          .xClose = close_cursor,
                                          .xFilter = filter,
                                          .xNext = next,
                                          .xEof = is_over,
                                          .xColumn = column,
                                          .xRowid = row_number};
    return sqlite3_create_module_v2(handle, REPLAY.name, &MODULE, (void *)(uintptr_t)&REPLAY, NULL);
}
