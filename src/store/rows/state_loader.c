#include "store/rows/state_loader.h"

#include "store/rows/known_spans.h"
#include "store/rows/row_statement.h"

/* Ids are given from 1 on and without holes; lists are indexed by them. */
static bool check_next(const char *table, int64_t id, size_t count, struct error *error)
{
    return id == (int64_t)count + 1 ||
           error_set(error, ERROR_FAILED, "%s %lld is not the next after %zu (run 'posrec verify')",
                     table, (long long)id, count);
}

static bool find_product(struct span name, const struct product **product, struct error *error)
{
    *product = product_find(name);
    return *product != NULL ||
           error_set(error, ERROR_FAILED, "product %.*s is none (run 'posrec verify')",
                     (int)(name.size < 20 ? name.size : 20), name.data);
}

static bool take_account(struct derivation *derivation, sqlite3_stmt *select, struct error *error)
{
    struct account_book *accounts = derivation_accounts(derivation);
    int64_t account_id = sqlite3_column_int64(select, 0);
    const struct product *product;
    return check_next("account", account_id, accounts->count, error) &&
           find_product(column_span(select, 2), &product, error) &&
           (account_book_add(accounts, account_id, column_span(select, 1), product) != NULL ||
            error_no_memory(error));
}

static bool take_contract(struct derivation *derivation, sqlite3_stmt *select, struct error *error)
{
    struct contract contract = {0};
    struct contract_book *contracts = derivation_contracts(derivation);
    if (!check_next("contract", sqlite3_column_int64(select, 0), contracts->count, error) ||
        !find_product(column_span(select, 11), &contract.product, error)) {
        return false;
    }
    struct text *const texts[] = {&contract.symbol, &contract.pair, &contract.margin_asset,
                                  &contract.contract_type};
    bool failed = false;
    for (int i = 0; i < 4; i++) {
        text_set(texts[i], column_span(select, 1 + i));
        failed |= texts[i]->failed;
    }
    contract.delivery_ms = column_maybe(select, 5);
    contract.contract_size_e8 = column_maybe(select, 6);
    contract.from_exchange_info = span_is(column_span(select, 7), "exchangeInfo");
    struct contract_entry *entry =
        failed ? NULL : contract_book_add(contracts, sqlite3_column_int64(select, 0), &contract);
    if (entry != NULL) {
        entry->capture_id = sqlite3_column_int64(select, 8);
        entry->from_ms = sqlite3_column_int64(select, 9);
        entry->latest_ms = sqlite3_column_int64(select, 10);
        return true;
    }
    contract_free(&contract);
    return error_no_memory(error);
}

static bool take_leg_count(struct derivation *derivation, sqlite3_stmt *select, struct error *error)
{
    (void)error;
    derivation_set_leg_count(derivation, sqlite3_column_int64(select, 0));
    return true;
}

/* Runs a SELECT, its first parameter (if it has one) bound to before_capture_id, over `take`. */
static bool load_rows(const struct database *database, const char *sql,
                      struct derivation *derivation, int64_t before_capture_id,
                      bool (*take)(struct derivation *, sqlite3_stmt *, struct error *),
                      struct error *error)
{
    sqlite3_stmt *select = database_prepare(database, sql, error);
    bind_int(select, 1, before_capture_id); /* of one that has none it goes nowhere */
    enum step step;
    bool taken = true;
    while (taken && (step = database_step(database, select, error)) == STEP_ROW) {
        taken = take(derivation, select, error);
    }
    sqlite3_finalize(select);
    return taken && step == STEP_DONE;
}

static void take_ms(struct maybe_int read, int64_t *ms)
{
    *ms = read.known ? read.value : *ms;
}

/* When each account's last capture of each endpoint was. */
static bool load_last_times(const struct database *database, struct derivation *derivation,
                            int64_t before_capture_id, struct error *error)
{
    sqlite3_stmt *select = database_prepare(
        database,
        "SELECT (SELECT received_ms FROM capture WHERE account_id = ?1 "
        "AND endpoint = ?2 AND +capture_id < ?3 AND payload_id IS NOT NULL "
        "ORDER BY received_ms DESC LIMIT 1), "
        "(SELECT received_ms FROM capture WHERE account_id = ?1 "
        "AND endpoint = ?2 AND +capture_id < ?3 ORDER BY received_ms DESC LIMIT 1)",
        error);
    enum step step = select != NULL ? STEP_DONE : STEP_FAILED;
    const struct account_book *accounts = derivation_accounts(derivation);
    for (size_t i = 0; i < accounts->count; i++) {
        struct account *account = accounts->list[i];
        for (int endpoint = 0; endpoint < ENDPOINT_COUNT && step != STEP_FAILED; endpoint++) {
            bind_int(select, 1, account->account_id);
            bind_span(select, 2, span_of(endpoint_name((enum endpoint)endpoint)));
            bind_int(select, 3, before_capture_id);
            step = database_step(database, select, error);
            take_ms(column_maybe(select, 0), &account->last_ms[endpoint]);
            take_ms(column_maybe(select, 1), &account->taken_ms[endpoint]);
            sqlite3_reset(select);
        }
    }
    sqlite3_finalize(select);
    return step != STEP_FAILED;
}

/* How many legs were known: they are numbered in the order they were first named, by whichever row.
 */
static bool load_leg_count(const struct database *database, struct derivation *derivation,
                           int64_t before_capture_id, struct error *error)
{
    struct text sql = {0};
    text_append_string(&sql, "SELECT coalesce(max(l.leg_id), 0) FROM leg AS l");
    const char *before = " WHERE";
    for (int i = 0; i < ROW_KIND_COUNT && before_capture_id != STATE_NOW; i++) {
        const struct row_kind *kind = &ROW_KINDS[i];
        if (strcmp(kind->columns[0].name, "leg_id") == 0 &&
            row_kind_of_type(kind, COLUMN_CAPTURE) >= 0) {
            text_printf(&sql,
                        "%s EXISTS (SELECT 1 FROM %s AS r WHERE r.leg_id = l.leg_id "
                        "AND +r.capture_id < ?1)",
                        before, kind->table);
            before = " OR";
        }
    }
    bool done = sql.failed ? error_no_memory(error)
                           : load_rows(database, text_string(&sql), derivation, before_capture_id,
                                       take_leg_count, error);
    text_free(&sql);
    return done;
}

bool state_load_accounts(const struct database *database, struct derivation *derivation,
                         int64_t before_capture_id, struct error *error)
{
    static const char ALL[] = "SELECT account_id, name, product FROM account ORDER BY account_id";
    static const char BEFORE[] = "SELECT a.account_id, a.name, a.product FROM account AS a WHERE "
                                 "EXISTS (SELECT 1 FROM capture AS s "
                                 "WHERE s.account_id = a.account_id AND +s.capture_id < ?1) "
                                 "ORDER BY a.account_id";
    return load_rows(database, before_capture_id == STATE_NOW ? ALL : BEFORE, derivation,
                     before_capture_id, take_account, error);
}

/* By what was said of each last. */
static const char CONTRACTS[] =
    "SELECT c.contract_id, c.symbol, t.pair, t.margin_asset, t.contract_type, t.delivery_ms, "
    "t.contract_size_e8, t.source, t.capture_id, t.from_ms, (SELECT max(m.from_ms) "
    "FROM contract_term AS m WHERE m.contract_id = c.contract_id AND m.capture_id < ?1), c.product "
    "FROM contract AS c CROSS JOIN contract_term AS t "
    "ON t.contract_id = c.contract_id AND t.capture_id = (SELECT max(m.capture_id) "
    "FROM contract_term AS m WHERE m.contract_id = c.contract_id AND m.capture_id < ?1) "
    "ORDER BY c.contract_id";

bool state_load(const struct database *database, struct derivation *derivation,
                int64_t before_capture_id, struct error *error)
{
    return state_load_accounts(database, derivation, before_capture_id, error) &&
           load_last_times(database, derivation, before_capture_id, error) &&
           load_rows(database, CONTRACTS, derivation, before_capture_id, take_contract, error) &&
           load_leg_count(database, derivation, before_capture_id, error);
}

static bool take_index(struct derivation *derivation, sqlite3_stmt *select, struct error *error)
{
    return index_book_take(derivation_indexes(derivation), column_span(select, 0),
                           sqlite3_column_int64(select, 1), column_maybe(select, 2)) ||
           error_no_memory(error);
}

bool state_load_indexes(const struct database *database, struct derivation *derivation,
                        struct error *error)
{
    static const char NEWEST[] =
        "WITH RECURSIVE named (symbol) AS (SELECT min(symbol) FROM asset_index UNION ALL SELECT "
        "(SELECT min(i.symbol) FROM asset_index AS i WHERE i.symbol > n.symbol) FROM named AS n "
        "WHERE n.symbol IS NOT NULL) SELECT n.symbol, i.time_ms, i.index_price_e8 FROM named AS n "
        "CROSS JOIN asset_index AS i ON i.symbol = n.symbol AND (i.time_ms, i.capture_id) = "
        "(SELECT m.time_ms, m.capture_id FROM asset_index AS m WHERE m.symbol = n.symbol "
        "AND m.index_price_e8 > 0 ORDER BY m.time_ms DESC, m.capture_id DESC LIMIT 1)";
    return load_rows(database, NEWEST, derivation, STATE_NOW, take_index, error);
}

/* The first columns of a leg's state; those of its position and its valuation follow. */
enum {
    STATE_LEG_ID,
    STATE_UPDATE_MS_MAX,
    STATE_SYMBOL,
    STATE_SIDE,
    STATE_ROWS,
};

/* Each leg of an account (?1) with its last position of captures before ?2, and the valuation that
 * held at ?3. Legs that were only ever named by other rows have neither. */
static sqlite3_stmt *prepare_legs(const struct database *database, struct error *error)
{
    static const char FROM[] =
        " FROM leg AS l JOIN contract AS c ON c.contract_id = l.contract_id "
        "LEFT JOIN position AS p ON p.leg_id = l.leg_id AND p.capture_id = "
        "(SELECT max(m.capture_id) FROM position AS m WHERE m.leg_id = l.leg_id "
        "AND m.capture_id < ?2) "
        "LEFT JOIN valuation AS v ON v.leg_id = l.leg_id AND v.time_ms = "
        "(SELECT max(m.time_ms) FROM valuation AS m WHERE m.leg_id = l.leg_id AND m.time_ms <= ?3) "
        "WHERE l.account_id = ?1 AND l.leg_id <= ?4 ORDER BY l.leg_id";
    struct text sql = {0};
    text_append_string(&sql, "SELECT l.leg_id, "
                             "(SELECT m.update_ms FROM position AS m WHERE m.leg_id = l.leg_id AND "
                             "+m.capture_id < ?2 ORDER BY m.update_ms DESC LIMIT 1), "
                             "c.symbol, l.position_side, ");
    row_statement_columns(&ROW_KINDS[ROW_POSITION], "p", &sql);
    text_append_string(&sql, ", ");
    row_statement_columns(&ROW_KINDS[ROW_VALUATION], "v", &sql);
    text_append_string(&sql, FROM);
    return database_prepare_text(database, &sql, error);
}

/* Fills what was said from the columns from `first` on: names, then rows. */
static bool fill_said(sqlite3_stmt *select, int first, const struct object_kind *kind,
                      struct object *said)
{
    struct text *const names[] = {&said->symbol, &said->side};
    bool filled = true;
    for (int i = 0; i < 2; i++) {
        text_set(names[i], column_span(select, first++));
        filled = filled && !names[i]->failed;
    }
    for (int i = 0; i < OBJECT_ROWS_MAX && kind->rows[i] != NULL; i++) {
        filled = filled && row_load(select, first, kind->rows[i], &said->rows[i]);
        first += kind->rows[i]->column_count;
    }
    int extra = row_kind_of_type(kind->rows[0], COLUMN_EXTRA);
    said->extra_keys = filled ? object_extra_keys(row_text(&said->rows[0], extra)) : 0;
    return filled;
}

static bool take_leg(struct derivation *derivation, struct account *account, sqlite3_stmt *select,
                     struct error *error)
{
    struct object state = {0};
    struct span symbol = column_span(select, STATE_SYMBOL);
    bool filled = fill_said(select, STATE_SYMBOL, account->ledger.kind, &state);
    struct leg *leg = filled ? ledger_add(&account->ledger, &state) : NULL;
    object_free(&state);
    if (leg == NULL) {
        return error_no_memory(error);
    }
    leg->leg_id = sqlite3_column_int64(select, STATE_LEG_ID);
    leg->contract = contract_book_find(derivation_contracts(derivation), account->product, symbol);
    leg->seen_before = column_maybe(select, STATE_ROWS).known;
    leg->update_ms_max = sqlite3_column_int64(select, STATE_UPDATE_MS_MAX);
    return leg->contract != NULL ||
           error_set(error, ERROR_FAILED, "leg %lld has no contract (run 'posrec verify')",
                     (long long)leg->leg_id);
}

/* What a series said last, at ?2 or before, of each asset of an account (?1), ... */
static const char LAST_BALANCES[] =
    " FROM (WITH RECURSIVE named (asset) AS (SELECT min(asset) FROM balance WHERE account_id = ?1 "
    "UNION ALL SELECT (SELECT min(asset) FROM balance WHERE account_id = ?1 AND asset > n.asset) "
    "FROM named AS n WHERE n.asset IS NOT NULL) SELECT asset FROM named WHERE asset IS NOT NULL) "
    "AS n CROSS JOIN balance AS r ON r.account_id = ?1 AND r.asset = n.asset AND r.time_ms = "
    "(SELECT max(m.time_ms) FROM balance AS m WHERE m.account_id = ?1 AND m.asset = n.asset "
    "AND m.time_ms <= ?2) ORDER BY r.asset";

/* ... and of each leg. */
static const char LAST_MARGINS[] =
    " FROM leg AS l CROSS JOIN contract AS c ON c.contract_id = l.contract_id "
    "CROSS JOIN leg_margin AS r ON r.leg_id = l.leg_id AND r.time_ms = "
    "(SELECT max(m.time_ms) FROM leg_margin AS m WHERE m.leg_id = l.leg_id AND m.time_ms <= ?2) "
    "WHERE l.account_id = ?1 ORDER BY l.leg_id";

/* ... and of each symbol. */
static const char LAST_CONFIGS[] =
    " FROM contract AS c CROSS JOIN symbol_config AS r ON r.account_id = ?1 "
    "AND r.contract_id = c.contract_id AND r.time_ms = (SELECT max(m.time_ms) FROM symbol_config "
    "AS "
    "m WHERE m.account_id = ?1 AND m.contract_id = c.contract_id AND m.time_ms <= ?2) "
    "WHERE c.product = (SELECT product FROM account WHERE account_id = ?1) ORDER BY c.contract_id";

/* ... and of the account itself. */
static const char LAST_SETTINGS[] =
    " FROM account_config AS r WHERE r.account_id = ?1 AND r.time_ms = (SELECT max(m.time_ms) "
    "FROM account_config AS m WHERE m.account_id = ?1 AND m.time_ms <= ?2)";

static bool take_said(struct element_list *series, sqlite3_stmt *select, struct error *error)
{
    struct object said = {0};
    bool done = fill_said(select, 0, series->kind, &said) && series_add(series, &said);
    object_free(&said);
    return done || error_no_memory(error);
}

static bool load_series(const struct database *database, const struct account *account,
                        enum endpoint endpoint, struct element_list *series, const char *names,
                        const char *from, struct error *error)
{
    struct text sql = {0};
    text_printf(&sql, "SELECT %s, ", names);
    row_statement_columns(series->kind->rows[0], "r", &sql);
    text_append_string(&sql, from);
    sqlite3_stmt *select = database_prepare_text(database, &sql, error);
    bind_int(select, 1, account->account_id);
    bind_int(select, 2, account->last_ms[endpoint]);
    enum step step;
    bool taken = true;
    while (taken && (step = database_step(database, select, error)) == STEP_ROW) {
        taken = take_said(series, select, error);
    }
    sqlite3_finalize(select);
    return taken && step == STEP_DONE;
}

bool state_load_ledger(const struct database *database, struct derivation *derivation,
                       struct account *account, int64_t before_capture_id, struct error *error)
{
    sqlite3_stmt *select = prepare_legs(database, error);
    bind_int(select, 1, account->account_id);
    bind_int(select, 2, before_capture_id);
    bind_int(select, 3, account->last_ms[ENDPOINT_POSITION_RISK]);
    bind_int(select, 4, derivation_leg_count(derivation));
    enum step step;
    bool taken = true;
    while (taken && (step = database_step(database, select, error)) == STEP_ROW) {
        taken = take_leg(derivation, account, select, error);
    }
    sqlite3_finalize(select);
    account->is_loaded = taken && step == STEP_DONE &&
                         load_series(database, account, ENDPOINT_ACCOUNT, &account->balances,
                                     "r.asset, ''", LAST_BALANCES, error) &&
                         load_series(database, account, ENDPOINT_ACCOUNT, &account->margins,
                                     "c.symbol, l.position_side", LAST_MARGINS, error) &&
                         load_series(database, account, ENDPOINT_SYMBOL_CONFIG, &account->configs,
                                     "c.symbol, ''", LAST_CONFIGS, error) &&
                         load_series(database, account, ENDPOINT_ACCOUNT_CONFIG, &account->settings,
                                     "'', ''", LAST_SETTINGS, error) &&
                         known_spans_load(database, account, before_capture_id, error);
    return account->is_loaded;
}
