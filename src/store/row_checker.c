#include "store/row_checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum statement {
    SELECT_ACCOUNT,
    SELECT_CONTRACT,
    SELECT_LEG,
    SELECT_POSITION,
    SELECT_VALUATION,
    SELECT_REVISION,
    STATEMENT_COUNT,
};

/* Positions and valuations: the leg's next one after those that were checked. */
static const char *const SQL[STATEMENT_COUNT] = {
    [SELECT_ACCOUNT] = "SELECT name, product FROM account WHERE account_id = ?",
    [SELECT_CONTRACT] =
        ("SELECT symbol, product, pair, margin_asset, contract_type, source, delivery_ms, "
         "contract_size_e8 FROM contract WHERE contract_id = ?"),
    [SELECT_LEG] = "SELECT position_side, account_id, contract_id FROM leg WHERE leg_id = ?",
    [SELECT_POSITION] =
        ("SELECT capture_id, update_ms, revision, present, rounded, margin_type, extra, "
         "position_amount_e8, entry_price_e8, break_even_price_e8, leverage, max_quantity_e8, "
         "auto_add_margin, isolated_wallet_e8 "
         "FROM position WHERE leg_id = ? AND capture_id > ? ORDER BY capture_id LIMIT 1"),
    [SELECT_VALUATION] =
        ("SELECT time_ms, update_ms, revision, rounded, mark_price_e8, unrealized_pnl_e8, "
         "liquidation_price_e8, isolated_margin_e8, notional_value_e8 "
         "FROM valuation WHERE leg_id = ? AND time_ms > ? ORDER BY time_ms LIMIT 1"),
    [SELECT_REVISION] = ("SELECT max(revision) FROM position "
                         "WHERE leg_id = ? AND update_ms = ? AND capture_id < ?"),
};

static const char *const POSITION_COLUMNS[POSITION_COLUMN_COUNT] = {
    "position_amount_e8", "entry_price_e8",  "break_even_price_e8", "leverage",
    "max_quantity_e8",    "auto_add_margin", "isolated_wallet_e8",
};
static const char *const VALUATION_COLUMNS[COLUMN_COUNT - POSITION_COLUMN_COUNT] = {
    "mark_price_e8",      "unrealized_pnl_e8", "liquidation_price_e8",
    "isolated_margin_e8", "notional_value_e8",
};

/* How far a leg's rows were checked. */
struct checked {
    int64_t capture_id;
    int64_t time_ms;
};

struct row_checker {
    const struct database *database;
    struct row_sink sink;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int64_t from_capture_id;
    struct checked *legs; /* by leg_id */
    size_t leg_capacity;
    struct row_checker_counts counts;
    char finding[ROW_CHECKER_FINDING_SIZE];
};

/* Notes what is wrong; returns false. */
static bool found(struct row_checker *checker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool found(struct row_checker *checker, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(checker->finding, sizeof checker->finding, format, arguments);
    va_end(arguments);
    return false;
}

/* The row that is being compared, for findings. */
struct row_name {
    const char *table;
    const char *symbol;
    const char *side; /* "" for none */
};

static const char *space_before(const char *side)
{
    return side[0] != '\0' ? " " : "";
}

static bool same_int(struct row_checker *checker, const struct row_name *row, const char *column,
                     struct maybe_int stored, struct maybe_int derived)
{
    if (maybe_equal(stored, derived)) {
        return true;
    }
    char is[32] = "NULL", should[32] = "NULL";
    if (stored.known) {
        snprintf(is, sizeof is, "%lld", (long long)stored.value);
    }
    if (derived.known) {
        snprintf(should, sizeof should, "%lld", (long long)derived.value);
    }
    return found(checker, "%s %s%s%s: %s is %s, the bytes say %s", row->table, row->symbol,
                 space_before(row->side), row->side, column, is, should);
}

/* `derived` is NULL for a NULL. */
static bool same_text(struct row_checker *checker, const struct row_name *row, const char *column,
                      sqlite3_stmt *select, int index, const struct text *derived)
{
    bool is_null = sqlite3_column_type(select, index) == SQLITE_NULL;
    struct span stored = column_span(select, index);
    if (is_null == (derived == NULL) && (is_null || span_equal(stored, text_span(derived)))) {
        return true;
    }
    return found(checker, "%s %s%s%s: %s is %s%.*s, the bytes say %s%.60s", row->table, row->symbol,
                 space_before(row->side), row->side, column, is_null ? "NULL" : "",
                 (int)(stored.size < 60 ? stored.size : 60), stored.data,
                 derived == NULL ? "NULL" : "", derived == NULL ? "" : text_string(derived));
}

static const struct text *text_or_null(const struct text *text)
{
    return text->size > 0 ? text : NULL;
}

/* Where a leg stands; new legs from the start. NULL when out of memory. */
static struct checked *checked_of(struct row_checker *checker, const struct leg *leg,
                                  struct error *error)
{
    size_t index = (size_t)leg->leg_id;
    if (index >= checker->leg_capacity) {
        size_t wanted = (index + 1) * 2;
        struct checked *grown = reallocarray(checker->legs, wanted, sizeof *grown);
        if (grown == NULL) {
            error_no_memory(error);
            return NULL;
        }
        for (size_t i = checker->leg_capacity; i < wanted; i++) {
            grown[i] = (struct checked){checker->from_capture_id - 1, INT64_MIN};
        }
        checker->legs = grown;
        checker->leg_capacity = wanted;
    }
    return &checker->legs[index];
}

static bool put_account(void *context, const struct account *account, struct error *error)
{
    struct row_checker *checker = context;
    sqlite3_stmt *select = checker->statements[SELECT_ACCOUNT];
    bind_int(select, 1, account->account_id);
    enum step step = database_step(checker->database, select, error);
    bool same = step == STEP_ROW && span_equal(column_span(select, 0), text_span(&account->name)) &&
                span_is(column_span(select, 1), PRODUCT_COIN_M);
    sqlite3_reset(select);
    if (step == STEP_FAILED) {
        return false;
    }
    return same || found(checker, "account %lld is not %s", (long long)account->account_id,
                         text_string(&account->name));
}

/* Contracts change on the way; row_checker_finish() compares how they end. */
static bool put_contract(void *context, const struct contract_entry *entry, bool is_new,
                         struct error *error)
{
    (void)context;
    (void)entry;
    (void)is_new;
    (void)error;
    return true;
}

static bool put_leg(void *context, const struct account *account, const struct leg *leg,
                    struct error *error)
{
    struct row_checker *checker = context;
    sqlite3_stmt *select = checker->statements[SELECT_LEG];
    const struct row_name row = {"leg", text_string(&leg->row.symbol),
                                 text_string(&leg->row.position_side)};
    bind_int(select, 1, leg->leg_id);
    enum step step = database_step(checker->database, select, error);
    bool same =
        step == STEP_ROW
            ? same_text(checker, &row, "position_side", select, 0, &leg->row.position_side) &&
                  same_int(checker, &row, "account_id", column_maybe(select, 1),
                           maybe_of(account->account_id)) &&
                  same_int(checker, &row, "contract_id", column_maybe(select, 2),
                           maybe_of(leg->contract->contract_id))
            : step == STEP_DONE && found(checker, "leg %lld (%s %s) is missing",
                                         (long long)leg->leg_id, row.symbol, row.side);
    sqlite3_reset(select);
    return same;
}

static bool same_position(struct row_checker *checker, const struct leg *leg, int64_t capture_id,
                          sqlite3_stmt *select)
{
    const struct position_row *row = &leg->row;
    const struct row_name name = {"position", text_string(&row->symbol),
                                  text_string(&row->position_side)};
    bool same =
        same_int(checker, &name, "capture_id", column_maybe(select, 0), maybe_of(capture_id)) &&
        same_int(checker, &name, "update_ms", column_maybe(select, 1), maybe_of(row->update_ms)) &&
        same_int(checker, &name, "revision", column_maybe(select, 2), maybe_of(leg->revision)) &&
        same_int(checker, &name, "present", column_maybe(select, 3), maybe_of(leg->present)) &&
        same_int(checker, &name, "rounded", column_maybe(select, 4),
                 maybe_of(row->position_rounded)) &&
        same_text(checker, &name, "margin_type", select, 5,
                  row->has_margin_type ? &row->margin_type : NULL) &&
        same_text(checker, &name, "extra", select, 6, text_or_null(&row->extra));
    for (int i = 0; i < POSITION_COLUMN_COUNT && same; i++) {
        same = same_int(checker, &name, POSITION_COLUMNS[i], column_maybe(select, 7 + i),
                        position_row_column(row, i));
    }
    return same;
}

static bool missing(struct row_checker *checker, const char *table, const struct leg *leg)
{
    return found(checker, "%s %s %s: the row of this capture is missing", table,
                 text_string(&leg->row.symbol), text_string(&leg->row.position_side));
}

static bool put_position(void *context, const struct leg *leg, int64_t capture_id,
                         struct error *error)
{
    struct row_checker *checker = context;
    sqlite3_stmt *select = checker->statements[SELECT_POSITION];
    struct checked *checked = checked_of(checker, leg, error);
    if (checked == NULL) {
        return false;
    }
    bind_int(select, 1, leg->leg_id);
    bind_int(select, 2, checked->capture_id);
    enum step step = database_step(checker->database, select, error);
    bool same = step == STEP_ROW ? same_position(checker, leg, capture_id, select)
                                 : step == STEP_DONE && missing(checker, "position", leg);
    sqlite3_reset(select);
    checked->capture_id = capture_id;
    checker->counts.positions++;
    return same;
}

static bool same_valuation(struct row_checker *checker, const struct leg *leg, int64_t time_ms,
                           sqlite3_stmt *select)
{
    const struct position_row *row = &leg->row;
    const struct row_name name = {"valuation", text_string(&row->symbol),
                                  text_string(&row->position_side)};
    bool same =
        same_int(checker, &name, "time_ms", column_maybe(select, 0), maybe_of(time_ms)) &&
        same_int(checker, &name, "update_ms", column_maybe(select, 1), maybe_of(row->update_ms)) &&
        same_int(checker, &name, "revision", column_maybe(select, 2), maybe_of(leg->revision)) &&
        same_int(checker, &name, "rounded", column_maybe(select, 3),
                 maybe_of(row->valuation_rounded));
    for (int i = POSITION_COLUMN_COUNT; i < COLUMN_COUNT && same; i++) {
        int index = i - POSITION_COLUMN_COUNT;
        same = same_int(checker, &name, VALUATION_COLUMNS[index], column_maybe(select, 4 + index),
                        position_row_column(row, i));
    }
    return same;
}

static bool put_valuation(void *context, const struct leg *leg, int64_t time_ms,
                          struct error *error)
{
    struct row_checker *checker = context;
    sqlite3_stmt *select = checker->statements[SELECT_VALUATION];
    struct checked *checked = checked_of(checker, leg, error);
    if (checked == NULL) {
        return false;
    }
    bind_int(select, 1, leg->leg_id);
    bind_int(select, 2, checked->time_ms);
    enum step step = database_step(checker->database, select, error);
    bool same = step == STEP_ROW ? same_valuation(checker, leg, time_ms, select)
                                 : step == STEP_DONE && missing(checker, "valuation", leg);
    sqlite3_reset(select);
    checked->time_ms = time_ms;
    checker->counts.valuations++;
    return same;
}

static bool find_revision(void *context, const struct leg *leg, int64_t capture_id,
                          int64_t *revision, struct error *error)
{
    struct row_checker *checker = context;
    sqlite3_stmt *select = checker->statements[SELECT_REVISION];
    bind_int(select, 1, leg->leg_id);
    bind_int(select, 2, leg->row.update_ms);
    bind_int(select, 3, capture_id);
    enum step step = database_step(checker->database, select, error);
    if (step == STEP_ROW) {
        struct maybe_int highest = column_maybe(select, 0);
        *revision = highest.known ? highest.value : -1;
    }
    sqlite3_reset(select);
    return step == STEP_ROW;
}

/* Rows of earlier captures are behind the legs' marks. */
static bool mark_earlier_valuations(struct row_checker *checker, struct error *error)
{
    sqlite3_stmt *select = database_prepare(checker->database,
                                            "SELECT l.leg_id, (SELECT s.received_ms FROM capture "
                                            "AS s WHERE s.account_id = l.account_id "
                                            "AND s.endpoint = 'positionRisk' AND s.capture_id < ?1 "
                                            "ORDER BY s.received_ms DESC LIMIT 1) "
                                            "FROM leg AS l",
                                            error);
    if (select == NULL) {
        return false;
    }
    bind_int(select, 1, checker->from_capture_id);
    enum step step;
    struct checked *checked = NULL;
    while ((step = database_step(checker->database, select, error)) == STEP_ROW) {
        const struct leg leg = {.leg_id = sqlite3_column_int64(select, 0)};
        struct maybe_int last_ms = column_maybe(select, 1);
        checked = leg.leg_id > 0 ? checked_of(checker, &leg, error) : NULL;
        if (checked != NULL && last_ms.known) {
            checked->time_ms = last_ms.value;
        }
    }
    sqlite3_finalize(select);
    return step == STEP_DONE;
}

struct row_checker *row_checker_new(const struct database *database, int64_t from_capture_id,
                                    struct error *error)
{
    struct row_checker *checker = calloc(1, sizeof *checker);
    if (checker == NULL) {
        error_no_memory(error);
        return NULL;
    }
    checker->database = database;
    checker->from_capture_id = from_capture_id;
    checker->sink = (struct row_sink){checker,      put_account,   put_contract, put_leg,
                                      put_position, put_valuation, find_revision};
    bool ready = true;
    for (int i = 0; i < STATEMENT_COUNT && ready; i++) {
        checker->statements[i] = database_prepare(database, SQL[i], error);
        ready = checker->statements[i] != NULL;
    }
    if (!ready || (from_capture_id > 1 && !mark_earlier_valuations(checker, error))) {
        row_checker_free(checker);
        return NULL;
    }
    return checker;
}

void row_checker_free(struct row_checker *checker)
{
    if (checker != NULL) {
        for (int i = 0; i < STATEMENT_COUNT; i++) {
            sqlite3_finalize(checker->statements[i]);
        }
        free(checker->legs);
        free(checker);
    }
}

const struct row_sink *row_checker_sink(const struct row_checker *checker)
{
    return &checker->sink;
}

const char *row_checker_finding(const struct row_checker *checker)
{
    return checker->finding[0] != '\0' ? checker->finding : NULL;
}

struct row_checker_counts row_checker_counts(const struct row_checker *checker)
{
    return checker->counts;
}

static bool check_contract(struct row_checker *checker, const struct contract_entry *entry,
                           struct error *error)
{
    const struct contract *contract = &entry->contract;
    const struct row_name row = {"contract", text_string(&contract->symbol), ""};
    sqlite3_stmt *select = checker->statements[SELECT_CONTRACT];
    bind_int(select, 1, entry->contract_id);
    enum step step = database_step(checker->database, select, error);
    if (step == STEP_DONE) {
        return found(checker, "contract %lld (%s) is missing", (long long)entry->contract_id,
                     row.symbol);
    }
    bool same =
        step == STEP_ROW && same_text(checker, &row, "symbol", select, 0, &contract->symbol) &&
        same_text(checker, &row, "pair", select, 2, text_or_null(&contract->pair)) &&
        same_text(checker, &row, "margin_asset", select, 3,
                  text_or_null(&contract->margin_asset)) &&
        same_text(checker, &row, "contract_type", select, 4,
                  text_or_null(&contract->contract_type)) &&
        same_int(checker, &row, "delivery_ms", column_maybe(select, 6), contract->delivery_ms) &&
        same_int(checker, &row, "contract_size_e8", column_maybe(select, 7),
                 contract->contract_size_e8);
    if (same && !(span_is(column_span(select, 1), PRODUCT_COIN_M) &&
                  span_is(column_span(select, 5), contract_source(contract)))) {
        same = found(checker, "contract %s: product or source is not as derived", row.symbol);
    }
    sqlite3_reset(select);
    return same;
}

static bool check_count(struct row_checker *checker, const char *sql, const char *table,
                        int64_t derived, struct error *error)
{
    int64_t stored;
    if (!database_integer(checker->database, sql, &stored, error)) {
        return false;
    }
    return stored == derived || found(checker, "%s has %lld rows, the captures make %lld", table,
                                      (long long)stored, (long long)derived);
}

/* The first row of a table that lies behind the mark of its leg. */
static bool check_no_more(struct row_checker *checker, enum statement which, const char *table,
                          struct error *error)
{
    sqlite3_stmt *select = checker->statements[which];
    enum step step = STEP_DONE;
    for (size_t i = 1; i < checker->leg_capacity && step == STEP_DONE; i++) {
        const struct checked *checked = &checker->legs[i];
        bind_int(select, 1, (int64_t)i);
        bind_int(select, 2, which == SELECT_POSITION ? checked->capture_id : checked->time_ms);
        step = database_step(checker->database, select, error);
        if (step == STEP_ROW) {
            found(checker, "%s of leg %zu at %lld: no capture makes this row", table, i,
                  (long long)sqlite3_column_int64(select, 0));
        }
    }
    sqlite3_reset(select);
    return step == STEP_DONE;
}

bool row_checker_finish(struct row_checker *checker, struct derivation *derivation,
                        struct error *error)
{
    struct contract_book *contracts = derivation_contracts(derivation);
    for (size_t i = 0; i < contract_book_size(contracts); i++) {
        if (!check_contract(checker, contract_book_at(contracts, i), error)) {
            return false;
        }
    }
    return check_count(checker, "SELECT count(*) FROM account", "account",
                       derivation_account_count(derivation), error) &&
           check_count(checker, "SELECT count(*) FROM contract", "contract",
                       (int64_t)contract_book_size(contracts), error) &&
           check_count(checker, "SELECT count(*) FROM leg", "leg", derivation_leg_count(derivation),
                       error) &&
           check_no_more(checker, SELECT_POSITION, "position", error) &&
           check_no_more(checker, SELECT_VALUATION, "valuation", error);
}
