#include "store/known.h"

#include <stdlib.h>

#include "store/evidence/capture_reader.h"

enum statement {
    SELECT_ACCOUNT,
    SELECT_INCOME_MS,
    SELECT_TRADE_ID,
    SELECT_WANTS,
    SELECT_ANSWER,
    SELECT_PAGE_BY_TIME,
    SELECT_PAGE_BY_ID,
    SELECT_SYMBOLS,
    SELECT_PAIRS,
    SELECT_FUNDED,
    SELECT_RATE_MS,
    SELECT_UNTOLD,
    STATEMENT_COUNT,
};

#define ACCOUNT "(SELECT account_id FROM account WHERE name = ?1)"

/* Whether there is something in a leg. */
#define IS_OPEN                                                                                    \
    "(SELECT p.position_amount_e8 FROM position AS p WHERE p.leg_id = l.leg_id "                   \
    "ORDER BY p.capture_id DESC LIMIT 1) <> 0"

/* An account's legs of a symbol (?2), and their trades that userTrades told, each once; ids that no
 * question can go on from are passed over. */
#define TRADES_OF_SYMBOL                                                                           \
    " FROM contract AS c JOIN leg AS l ON l.contract_id = c.contract_id AND l.account_id "         \
    "= " ACCOUNT                                                                                   \
    " JOIN trade AS t ON t.leg_id = l.leg_id AND t.source = 'rest' AND t.revision = 0 "            \
    "WHERE c.symbol = ?2 AND length(t.trade_id) <= 18 "

static const char *const SQL[STATEMENT_COUNT] = {
    [SELECT_ACCOUNT] = "SELECT " ACCOUNT,
    [SELECT_INCOME_MS] =
        "SELECT max(time_ms) FROM income WHERE account_id = " ACCOUNT " AND time_ms <= ?2",
    [SELECT_TRADE_ID] =
        ("SELECT max(CAST(t.trade_id AS INTEGER))" TRADES_OF_SYMBOL
         "AND t.time_ms = (SELECT x.time_ms FROM trade AS x WHERE x.leg_id = l.leg_id "
         "AND x.source = 'rest' AND x.time_ms <= ?3 ORDER BY x.time_ms DESC LIMIT 1)"),
    [SELECT_WANTS] =
        ("SELECT c.symbol, max(x.change_ms) FROM (SELECT p.leg_id, p.update_ms AS change_ms "
         "FROM leg AS l JOIN position AS p ON p.leg_id = l.leg_id AND p.update_ms >= ?2 "
         "WHERE l.account_id = " ACCOUNT " AND coalesce(p.position_amount_e8, 0) <> "
         "(SELECT coalesce(q.position_amount_e8, 0) FROM position AS q WHERE q.leg_id = p.leg_id "
         "AND q.capture_id < p.capture_id ORDER BY q.capture_id DESC LIMIT 1) "
         /* flat, because it is listed no more: when is not told */
         "UNION ALL SELECT l.leg_id, s.received_ms FROM leg AS l "
         "JOIN position AS p ON p.leg_id = l.leg_id AND p.capture_id = (SELECT max(q.capture_id) "
         "FROM position AS q WHERE q.leg_id = l.leg_id) AND p.present = 0 "
         "AND p.position_amount_e8 = 0 "
         "JOIN capture AS s ON s.capture_id = p.capture_id AND s.received_ms >= ?2 "
         "WHERE l.account_id = " ACCOUNT " "
         "UNION ALL SELECT t.leg_id, t.time_ms + ?3 FROM leg AS l "
         "JOIN trade AS t ON t.leg_id = l.leg_id AND t.time_ms >= ?2 "
         "WHERE l.account_id = " ACCOUNT " AND t.source = 'stream' AND NOT EXISTS "
         "(SELECT 1 FROM trade AS o INDEXED BY trade_by_id WHERE o.leg_id = t.leg_id "
         "AND o.trade_id = t.trade_id "
         "AND o.source = 'rest')) AS x JOIN leg AS l ON l.leg_id = x.leg_id "
         "JOIN contract AS c ON c.contract_id = l.contract_id GROUP BY c.symbol "
         "UNION ALL SELECT i.symbol, max(i.time_ms) + ?3 FROM income AS i "
         "WHERE i.account_id = " ACCOUNT " AND i.time_ms >= ?2 AND i.trade_id <> '' "
         "AND i.symbol <> '' AND NOT EXISTS (SELECT 1 FROM contract AS c "
         "JOIN leg AS l ON l.contract_id = c.contract_id AND l.account_id = i.account_id "
         "JOIN trade AS o INDEXED BY trade_by_id ON o.leg_id = l.leg_id AND o.trade_id = "
         "i.trade_id "
         "AND o.source = 'rest' WHERE c.symbol = i.symbol) GROUP BY i.symbol ORDER BY 1, 2"),
    [SELECT_ANSWER] =
        ("SELECT row_count, received_ms, capture_id FROM capture_read "
         "WHERE account_id = " ACCOUNT " AND endpoint = ?2 AND outcome = 'ok' AND request = ?3 "
         "ORDER BY received_ms DESC LIMIT 1"),
    [SELECT_PAGE_BY_TIME] = ("SELECT t.time_ms, CAST(t.trade_id AS INTEGER)" TRADES_OF_SYMBOL
                             "AND t.time_ms >= ?3 ORDER BY 1, 2 LIMIT 1 OFFSET ?4"),
    [SELECT_PAGE_BY_ID] = ("SELECT t.time_ms, CAST(t.trade_id AS INTEGER)" TRADES_OF_SYMBOL
                           "AND CAST(t.trade_id AS INTEGER) >= ?3 ORDER BY 2, 1 LIMIT 1 OFFSET ?4"),
    [SELECT_SYMBOLS] =
        ("SELECT DISTINCT symbol FROM income WHERE account_id = " ACCOUNT
         " AND symbol <> '' UNION SELECT c.symbol FROM leg AS l JOIN trade AS t "
         "ON t.leg_id = l.leg_id JOIN contract AS c ON c.contract_id = l.contract_id "
         "WHERE l.account_id = " ACCOUNT " ORDER BY 1"),
    [SELECT_PAIRS] =
        ("WITH RECURSIVE named (asset) AS (SELECT (SELECT min(asset) FROM balance "
         "WHERE account_id = " ACCOUNT ") UNION ALL SELECT (SELECT min(b.asset) FROM balance AS b "
         "WHERE b.account_id = " ACCOUNT " AND b.asset > n.asset) FROM named AS n "
         "WHERE n.asset IS NOT NULL) "
         "SELECT c.pair FROM named AS n CROSS JOIN balance AS b ON b.account_id = " ACCOUNT
         " AND b.asset = n.asset AND b.time_ms = (SELECT max(x.time_ms) FROM balance AS x "
         "WHERE x.account_id = b.account_id AND x.asset = n.asset) "
         "AND (b.wallet_balance_e8 <> 0 OR b.margin_balance_e8 <> 0) "
         "CROSS JOIN contract AS c ON c.margin_asset = n.asset AND c.pair IS NOT NULL "
         "UNION SELECT c.pair FROM leg AS l JOIN contract AS c ON c.contract_id = l.contract_id "
         "WHERE l.account_id = " ACCOUNT " AND c.pair IS NOT NULL AND " IS_OPEN " ORDER BY 1"),
    [SELECT_FUNDED] =
        ("SELECT c.symbol FROM leg AS l JOIN contract AS c ON c.contract_id = l.contract_id "
         "WHERE l.account_id = " ACCOUNT " AND c.contract_type LIKE '%PERPETUAL' AND " IS_OPEN
         " ORDER BY 1"),
    [SELECT_RATE_MS] = ("SELECT max(r.time_ms) FROM contract AS c JOIN funding_rate AS r "
                        "ON r.contract_id = c.contract_id AND r.time_ms <= ?3 "
                        "WHERE c.product = ?1 AND c.symbol = ?2"),
    [SELECT_UNTOLD] =
        ("SELECT min(p.update_ms) FROM leg AS l JOIN position AS p ON p.leg_id = l.leg_id "
         "AND p.update_ms BETWEEN ?2 AND ?3 WHERE l.account_id = " ACCOUNT
         " AND p.present = 1 AND coalesce(p.position_amount_e8, 0) <> "
         "(SELECT coalesce(q.position_amount_e8, 0) FROM position AS q WHERE q.leg_id = p.leg_id "
         "AND q.capture_id < p.capture_id ORDER BY q.capture_id DESC LIMIT 1) "
         "AND NOT EXISTS (SELECT 1 FROM position_update AS u WHERE u.leg_id = p.leg_id "
         "AND u.transaction_ms = p.update_ms)"),
};

struct known {
    const struct database *database;
    struct capture_reader *reader;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

struct known *known_new(const struct database *database, struct error *error)
{
    struct known *known = calloc(1, sizeof *known);
    if (known == NULL) {
        error_no_memory(error);
        return NULL;
    }
    known->database = database;
    known->reader = capture_reader_new(database, error);
    if (known->reader == NULL ||
        !database_prepare_all(database, SQL, STATEMENT_COUNT, known->statements, error)) {
        known_free(known);
        return NULL;
    }
    return known;
}

void known_free(struct known *known)
{
    if (known != NULL) {
        statements_finalize(known->statements, STATEMENT_COUNT);
        capture_reader_free(known->reader);
        free(known);
    }
}

static sqlite3_stmt *bind_account(struct known *known, enum statement which, const char *account)
{
    sqlite3_stmt *select = known->statements[which];
    bind_span(select, 1, span_of(account));
    return select;
}

/* The first row's integers; unknown where there is no row. */
static bool read_row(struct known *known, sqlite3_stmt *select, struct maybe_int *values, int count,
                     struct error *error)
{
    enum step step = database_step(known->database, select, error);
    for (int i = 0; i < count; i++) {
        values[i] = step == STEP_ROW ? column_maybe(select, i) : (struct maybe_int){0};
    }
    sqlite3_reset(select);
    return step != STEP_FAILED;
}

bool known_has_account(struct known *known, const char *account, bool *has, struct error *error)
{
    sqlite3_stmt *select = bind_account(known, SELECT_ACCOUNT, account);
    struct maybe_int account_id;
    bool done = read_row(known, select, &account_id, 1, error);
    *has = done && account_id.known;
    return done;
}

bool known_income_ms(struct known *known, const char *account, int64_t now_ms,
                     struct maybe_int *last_ms, struct error *error)
{
    sqlite3_stmt *select = bind_account(known, SELECT_INCOME_MS, account);
    bind_int(select, 2, now_ms);
    return read_row(known, select, last_ms, 1, error);
}

bool known_trade_id(struct known *known, const char *account, const char *symbol, int64_t now_ms,
                    struct maybe_int *last_id, struct error *error)
{
    sqlite3_stmt *select = bind_account(known, SELECT_TRADE_ID, account);
    bind_span(select, 2, span_of(symbol));
    bind_int(select, 3, now_ms);
    return read_row(known, select, last_id, 1, error);
}

bool known_wants(struct known *known, const char *account, int64_t since_ms,
                 void (*take)(void *context, const struct known_want *want), void *context,
                 struct error *error)
{
    sqlite3_stmt *select = bind_account(known, SELECT_WANTS, account);
    enum step step;
    bind_int(select, 2, since_ms);
    bind_int(select, 3, KNOWN_LATE_MS);
    while ((step = database_step(known->database, select, error)) == STEP_ROW) {
        const struct known_want want = {(const char *)sqlite3_column_text(select, 0),
                                        sqlite3_column_int64(select, 1)};
        take(context, &want);
    }
    return step == STEP_DONE;
}

bool known_answer(struct known *known, const char *account, enum endpoint endpoint,
                  const char *request, struct known_answer *answer, struct error *error)
{
    sqlite3_stmt *select = bind_account(known, SELECT_ANSWER, account);
    struct maybe_int values[3];
    bind_span(select, 2, span_of(endpoint_name(endpoint)));
    bind_span(select, 3, span_of(request));
    bool done = read_row(known, select, values, 3, error);
    *answer = (struct known_answer){values[0], values[1].value, values[2].value};
    return done;
}

bool known_body(struct known *known, int64_t capture_id, struct text *body, struct error *error)
{
    struct stored_capture stored = {0};
    bool found = capture_reader_get(known->reader, capture_id, &stored, error) == STEP_ROW;
    if (found) {
        *body = stored.capture.body;
        stored.capture.body = (struct text){0};
    }
    stored_capture_free(&stored);
    return found;
}

bool known_page_end(struct known *known, const char *account, const struct known_page *page,
                    int64_t *time_ms, int64_t *trade_id, struct error *error)
{
    sqlite3_stmt *select =
        bind_account(known, page->from_id.known ? SELECT_PAGE_BY_ID : SELECT_PAGE_BY_TIME, account);
    struct maybe_int values[2];
    bind_span(select, 2, span_of(page->symbol));
    bind_int(select, 3, page->from_id.known ? page->from_id.value : page->start_ms);
    bind_int(select, 4, page->count - 1);
    if (!read_row(known, select, values, 2, error)) {
        return false;
    }
    *time_ms = values[0].value;
    *trade_id = values[1].value;
    return values[0].known || error_set(error, ERROR_FAILED,
                                        "%s: a page of trades is not recorded whole", page->symbol);
}

static bool take_names(struct known *known, sqlite3_stmt *select,
                       void (*take)(void *context, const char *name), void *context,
                       struct error *error)
{
    enum step step;
    while ((step = database_step(known->database, select, error)) == STEP_ROW) {
        take(context, (const char *)sqlite3_column_text(select, 0));
    }
    return step == STEP_DONE;
}

bool known_symbols(struct known *known, const char *account,
                   void (*take)(void *context, const char *symbol), void *context,
                   struct error *error)
{
    return take_names(known, bind_account(known, SELECT_SYMBOLS, account), take, context, error);
}

bool known_pairs(struct known *known, const char *account,
                 void (*take)(void *context, const char *pair), void *context, struct error *error)
{
    return take_names(known, bind_account(known, SELECT_PAIRS, account), take, context, error);
}

bool known_funded(struct known *known, const char *account,
                  void (*take)(void *context, const char *symbol), void *context,
                  struct error *error)
{
    return take_names(known, bind_account(known, SELECT_FUNDED, account), take, context, error);
}

bool known_rate_ms(struct known *known, const char *product, const char *symbol, int64_t now_ms,
                   struct maybe_int *last_ms, struct error *error)
{
    sqlite3_stmt *select = known->statements[SELECT_RATE_MS];
    bind_span(select, 1, span_of(product));
    bind_span(select, 2, span_of(symbol));
    bind_int(select, 3, now_ms);
    return read_row(known, select, last_ms, 1, error);
}

bool known_untold(struct known *known, const char *account, int64_t from_ms, int64_t to_ms,
                  struct maybe_int *update_ms, struct error *error)
{
    sqlite3_stmt *select = bind_account(known, SELECT_UNTOLD, account);
    bind_int(select, 2, from_ms);
    bind_int(select, 3, to_ms);
    return read_row(known, select, update_ms, 1, error);
}
