#include "store/rows/row_checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "store/rows/hours.h"
#include "store/rows/row_statement.h"
#include "store/rows/tellings.h"

enum statement {
    SELECT_ACCOUNT,
    SELECT_CONTRACT,
    SELECT_LEG,
    STATEMENT_COUNT,
};

static const char *const SQL[STATEMENT_COUNT] = {
    [SELECT_ACCOUNT] = "SELECT name, product FROM account WHERE account_id = ?",
    [SELECT_CONTRACT] =
        ("SELECT symbol, product, pair, margin_asset, contract_type, source, delivery_ms, "
         "contract_size_e8, capture_id, since_ms FROM contract WHERE contract_id = ?"),
    [SELECT_LEG] = "SELECT position_side, account_id, contract_id FROM leg WHERE leg_id = ?",
};

struct row_checker {
    const struct database *database;
    struct row_sink sink;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int64_t from_capture_id;
    sqlite3_stmt *selects[ROW_KIND_COUNT]; /* a row by its key */
    struct tellings *tellings;
    sqlite3_stmt *hours[ROW_KIND_COUNT]; /* what sums an hour up; NULL for other kinds */
    struct row stored;                   /* scratch: the row that is compared */
    struct row hour;                     /* scratch: as it is summed up */
    struct row_counts counts;
    struct text name; /* scratch: what a finding calls the row */
    char finding[ROW_CHECKER_FINDING_SIZE];
    char told[ROW_CHECKER_FINDING_SIZE];
    bool tolerates;
};

/* Notes what is wrong; returns whether it is tolerated. */
static bool found(struct row_checker *checker, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool found(struct row_checker *checker, const char *format, ...)
{
    va_list arguments;
    if (checker->finding[0] == '\0') {
        va_start(arguments, format);
        vsnprintf(checker->finding, sizeof checker->finding, format, arguments);
        va_end(arguments);
    }
    return checker->tolerates;
}

void row_checker_tolerate(struct row_checker *checker, bool tolerates)
{
    checker->tolerates = tolerates;
}

const char *row_checker_tolerated(struct row_checker *checker)
{
    if (!checker->tolerates || checker->finding[0] == '\0') {
        return NULL;
    }
    memcpy(checker->told, checker->finding, sizeof checker->told);
    checker->finding[0] = '\0';
    return checker->told;
}

/* A text as a finding shows it. */
static struct span shown(bool known, struct span text)
{
    return known ? (struct span){text.data, text.size < 60 ? text.size : 60} : span_of("NULL");
}

/* The row that is being compared, for findings. */
struct row_name {
    const char *table;
    const char *symbol;
    const char *side;      /* "" for none */
    const struct row *row; /* whose key names it besides; NULL for none */
};

/* What an id stands for: the first column of a statement, or the id where it gives none. */
static void append_named(const struct row_checker *checker, enum statement which, int64_t id,
                         struct text *name)
{
    struct error ignored;
    sqlite3_stmt *select = checker->statements[which];
    bind_int(select, 1, id);
    if (database_step(checker->database, select, &ignored) == STEP_ROW) {
        struct span text = shown(true, column_span(select, 0));
        text_printf(name, " %.*s", (int)text.size, text.data);
    } else {
        text_printf(name, " %lld", (long long)id);
    }
    sqlite3_reset(select);
}

static void append_id(const struct row_checker *checker, const char *column, int64_t id,
                      struct text *name)
{
    if (strcmp(column, "account_id") == 0) {
        append_named(checker, SELECT_ACCOUNT, id, name);
    } else if (strcmp(column, "contract_id") == 0) {
        append_named(checker, SELECT_CONTRACT, id, name);
    } /* a leg is named by its symbol and side */
}

/* ", hour 2026-11-24T14:00:00.000Z", ", revision 2". */
static void append_number(const struct column *column, int64_t value, struct text *name)
{
    size_t size = strlen(column->name);
    char time[TIME_TEXT_SIZE];
    if (size > 3 && strcmp(column->name + size - 3, "_ms") == 0) {
        time_text_format(value, time);
        text_printf(name, ", %.*s %s", (int)size - 3, column->name, time);
    } else if (column->type != COLUMN_REVISION || value > 0) {
        text_printf(name, ", %s %lld", column->name, (long long)value);
    }
}

/* The capture that told of it is named by whoever tells of the finding. */
static void append_key(const struct row_checker *checker, const struct row *row, int index,
                       struct text *name)
{
    const struct column *column = &row->kind->columns[index];
    if (column_is_text(column)) {
        struct span text = shown(true, row_text(row, index));
        if (text.size > 0) {
            text_printf(name, ", %s %.*s", column->name, (int)text.size, text.data);
        }
    } else if (column->type == COLUMN_ID) {
        append_id(checker, column->name, row->values[index], name);
    } else if (column->type != COLUMN_CAPTURE) {
        append_number(column, row->values[index], name);
    }
}

/* What findings call the row, valid until the next is named. */
static const char *called(struct row_checker *checker, const struct row_name *row)
{
    struct text *name = &checker->name;
    text_clear(name);
    text_append_string(name, row->table);
    text_printf(name, "%s%s", row->symbol[0] != '\0' ? " " : "", row->symbol);
    text_printf(name, "%s%s", row->side[0] != '\0' ? " " : "", row->side);
    for (int i = 0; row->row != NULL && i < row->row->kind->key_count; i++) {
        append_key(checker, row->row, i, name);
    }
    return text_string(name);
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
    return found(checker, "%s: %s is %s, the bytes say %s", called(checker, row), column, is,
                 should);
}

static bool same_text(struct row_checker *checker, const struct row_name *row, const char *column,
                      bool stored_known, struct span stored, bool derived_known,
                      struct span derived)
{
    if (stored_known == derived_known && span_equal(stored, derived)) {
        return true;
    }
    struct span is = shown(stored_known, stored), should = shown(derived_known, derived);
    return found(checker, "%s: %s is %.*s, the bytes say %.*s", called(checker, row), column,
                 (int)is.size, is.data, (int)should.size, should.data);
}

/* A text column of a contract or a leg, NULL where it is empty. */
static bool same_stored_text(struct row_checker *checker, const struct row_name *row,
                             const char *column, sqlite3_stmt *select, int index,
                             struct span derived)
{
    return same_text(checker, row, column, column_maybe(select, index).known,
                     column_span(select, index), derived.size > 0, derived);
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
    const struct row_name row = {"leg", subject_symbol(&leg->subject).data,
                                 subject_side(&leg->subject).data, NULL};
    bind_int(select, 1, leg->leg_id);
    enum step step = database_step(checker->database, select, error);
    bool same = step == STEP_ROW
                    ? same_stored_text(checker, &row, "position_side", select, 0,
                                       subject_side(&leg->subject)) &&
                          same_int(checker, &row, "account_id", column_maybe(select, 1),
                                   maybe_of(account->account_id)) &&
                          same_int(checker, &row, "contract_id", column_maybe(select, 2),
                                   maybe_of(leg->contract->contract_id))
                    : step == STEP_DONE && found(checker, "leg %lld (%s %s) is missing",
                                                 (long long)leg->leg_id, row.symbol, row.side);
    sqlite3_reset(select);
    return same;
}

/* `stored` is what the table has where the bytes say `derived`. */
static bool same_columns(struct row_checker *checker, const struct row_name *name,
                         const struct row *stored, const struct row *derived)
{
    const struct row_kind *kind = derived->kind;
    bool same = true;
    for (int i = kind->key_count; i < kind->column_count && same; i++) {
        const char *column = kind->columns[i].name;
        same =
            column_is_text(&kind->columns[i])
                ? same_text(checker, name, column, row_number(stored, i).known, row_text(stored, i),
                            row_number(derived, i).known, row_text(derived, i))
                : same_int(checker, name, column, row_number(stored, i), row_number(derived, i));
    }
    return same;
}

static bool put_row(void *context, const struct row *row, const struct leg *leg,
                    struct error *error)
{
    struct row_checker *checker = context;
    const struct row_name name = {row->kind->table,
                                  leg != NULL ? subject_symbol(&leg->subject).data : "",
                                  leg != NULL ? subject_side(&leg->subject).data : "", row};
    sqlite3_stmt *select = checker->selects[row->kind - ROW_KINDS];
    row_bind_key(select, row);
    enum step step = database_step(checker->database, select, error);
    bool same = step == STEP_DONE &&
                found(checker, "%s: the row of this capture is missing", called(checker, &name));
    if (step == STEP_ROW) {
        same = row_load(select, 0, row->kind, &checker->stored)
                   ? same_columns(checker, &name, &checker->stored, row)
                   : error_no_memory(error);
    }
    sqlite3_reset(select);
    checker->counts.rows[row->kind - ROW_KINDS]++;
    return same;
}

static const struct leg *leg_of(const struct account *account, int64_t leg_id)
{
    const struct leg *leg = NULL;
    for (size_t i = 0; i < account->ledger.subjects.count && leg == NULL; i++) {
        const struct leg *other = ledger_leg_at(&account->ledger, i);
        leg = other->leg_id == leg_id ? other : NULL;
    }
    return leg;
}

static bool check_hours(struct row_checker *checker, enum row_kind_id kind,
                        const struct account *account, const struct hours_over *over,
                        struct error *error)
{
    sqlite3_stmt *select = checker->hours[kind];
    hours_bind(select, text_span(&account->name), over);
    enum step step;
    bool same = true;
    while (same && (step = database_step(checker->database, select, error)) == STEP_ROW) {
        same = row_load(select, 0, &ROW_KINDS[kind], &checker->hour) || error_no_memory(error);
        const struct leg *leg =
            kind == ROW_LEG_HOUR ? leg_of(account, checker->hour.values[0]) : NULL;
        same = same && put_row(checker, &checker->hour, leg, error);
    }
    sqlite3_reset(select);
    return same && step == STEP_DONE;
}

static bool close_hours(void *context, const struct account *account, const struct hours_over *over,
                        struct error *error)
{
    return check_hours(context, ROW_LEG_HOUR, account, over, error) &&
           check_hours(context, ROW_POLL_HOUR, account, over, error);
}

static bool find_last(void *context, const struct row *row, struct telling *last,
                      struct error *error)
{
    struct row_checker *checker = context;
    return tellings_find_last(checker->tellings, row, last, error);
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
    checker->sink = (struct row_sink){checker,     put_account, put_contract, put_leg,
                                      close_hours, put_row,     find_last};
    checker->tellings = tellings_new(database, error);
    bool ready = checker->tellings != NULL &&
                 database_prepare_all(database, SQL, STATEMENT_COUNT, checker->statements, error);
    for (int i = 0; i < ROW_KIND_COUNT && ready; i++) {
        checker->selects[i] = row_statement_by_key(database, &ROW_KINDS[i], error);
        ready = checker->selects[i] != NULL;
        if (ready && row_kind_is_hour(&ROW_KINDS[i])) {
            checker->hours[i] = hours_prepare(database, &ROW_KINDS[i], false, error);
            ready = checker->hours[i] != NULL;
        }
    }
    if (!ready) {
        row_checker_free(checker);
        return NULL;
    }
    return checker;
}

void row_checker_free(struct row_checker *checker)
{
    if (checker != NULL) {
        statements_finalize(checker->statements, STATEMENT_COUNT);
        statements_finalize(checker->selects, ROW_KIND_COUNT);
        statements_finalize(checker->hours, ROW_KIND_COUNT);
        tellings_free(checker->tellings);
        row_free(&checker->stored);
        row_free(&checker->hour);
        text_free(&checker->name);
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

struct row_counts row_checker_counts(const struct row_checker *checker)
{
    return checker->counts;
}

static bool check_contract(struct row_checker *checker, const struct contract_entry *entry,
                           struct error *error)
{
    const struct contract *contract = &entry->contract;
    const struct row_name row = {"contract", text_string(&contract->symbol), "", NULL};
    sqlite3_stmt *select = checker->statements[SELECT_CONTRACT];
    bind_int(select, 1, entry->contract_id);
    enum step step = database_step(checker->database, select, error);
    if (step == STEP_DONE) {
        return found(checker, "contract %lld (%s) is missing", (long long)entry->contract_id,
                     row.symbol);
    }
    bool same =
        step == STEP_ROW &&
        same_stored_text(checker, &row, "symbol", select, 0, text_span(&contract->symbol)) &&
        same_stored_text(checker, &row, "pair", select, 2, text_span(&contract->pair)) &&
        same_stored_text(checker, &row, "margin_asset", select, 3,
                         text_span(&contract->margin_asset)) &&
        same_stored_text(checker, &row, "contract_type", select, 4,
                         text_span(&contract->contract_type)) &&
        same_int(checker, &row, "delivery_ms", column_maybe(select, 6), contract->delivery_ms) &&
        same_int(checker, &row, "contract_size_e8", column_maybe(select, 7),
                 contract->contract_size_e8) &&
        same_int(checker, &row, "capture_id", column_maybe(select, 8),
                 maybe_of(entry->capture_id)) &&
        same_int(checker, &row, "since_ms", column_maybe(select, 9), contract_since(entry));
    if (same && !(span_is(column_span(select, 1), PRODUCT_COIN_M) &&
                  span_is(column_span(select, 5), contract_source(contract)))) {
        same = found(checker, "contract %s: product or source is not as derived", row.symbol);
    }
    sqlite3_reset(select);
    return same;
}

/* Holds the number that `sql` counts, its parameter (if it has one) the first capture that was
 * checked, against what was derived. */
static bool check_count(struct row_checker *checker, const char *sql, const char *table,
                        int64_t derived, struct error *error)
{
    int64_t stored;
    return database_integer_of(checker->database, sql, &checker->from_capture_id, 1, &stored,
                               error) &&
           (stored == derived || found(checker, "%s has %lld rows, the captures make %lld", table,
                                       (long long)stored, (long long)derived));
}

/* Since when an account's rows come from the captures that were checked: `since`, worked out once,
 * of its last capture of an endpoint before them. */
#define SINCE(endpoint, ms)                                                                        \
    "WITH RECURSIVE since (account_id, ms) AS MATERIALIZED (SELECT a.account_id, (SELECT " ms      \
    " FROM capture AS s WHERE s.account_id = a.account_id "                                        \
    "AND s.endpoint = '" endpoint "' AND +s.capture_id < ?1 AND s.payload_id IS NOT NULL "         \
    "ORDER BY s.received_ms DESC LIMIT 1) FROM account AS a), "
#define SINCE_POLL SINCE("positionRisk", "s.received_ms + 1")
#define SINCE_HOUR SINCE("positionRisk", "s.received_ms - s.received_ms % 3600000")
#define SINCE_ANSWER SINCE("account", "s.received_ms + 1")

/* Whose rows a table holds, those of nobody too: `held`, each found from the one before. */
#define HELD(table, key)                                                                           \
    "held (id) AS (SELECT min(" key ") FROM " table " UNION ALL SELECT (SELECT min(" key           \
    ") FROM " table " WHERE " key " > h.id) FROM held AS h WHERE h.id IS NOT NULL) "

/* Counts the rows of each from its account's time on. */
#define SINCE_THEN " >= coalesce(s.ms, -9223372036854775808)"
#define COUNT_OF_LEGS(table, time)                                                                 \
    HELD(table, "leg_id")                                                                          \
    "SELECT count(*) FROM held AS h LEFT JOIN leg AS l ON l.leg_id = h.id "                        \
    "LEFT JOIN since AS s ON s.account_id = l.account_id "                                         \
    "CROSS JOIN " table " AS r ON r.leg_id = h.id AND r." time SINCE_THEN

#define COUNT_OF_ACCOUNTS(table, time)                                                             \
    HELD(table, "account_id")                                                                      \
    "SELECT count(*) FROM held AS h LEFT JOIN since AS s ON s.account_id = h.id "                  \
    "CROSS JOIN " table " AS r ON r.account_id = h.id AND r." time SINCE_THEN
#define COUNT_OF_ASSETS(table, time)                                                               \
    HELD(table, "account_id")                                                                      \
    ", series (id, asset) AS (SELECT h.id, (SELECT min(asset) FROM " table                         \
    " WHERE account_id = h.id) FROM held AS h UNION ALL SELECT n.id, (SELECT min(asset) "          \
    "FROM " table " WHERE account_id = n.id AND asset > n.asset) FROM series AS n "                \
    "WHERE n.asset IS NOT NULL) SELECT count(*) FROM series AS n "                                 \
    "LEFT JOIN since AS s ON s.account_id = n.id CROSS JOIN " table                                \
    " AS r ON r.account_id = n.id AND r.asset = n.asset AND r." time SINCE_THEN

/* How rows are counted that the captures that were checked made, of kinds without such an index. */
static const char *const COUNTS_BY_TIME[ROW_KIND_COUNT] = {
    [ROW_VALUATION] = SINCE_POLL COUNT_OF_LEGS("valuation", "time_ms"),
    [ROW_BALANCE] = SINCE_ANSWER COUNT_OF_ASSETS("balance", "time_ms"),
    [ROW_LEG_MARGIN] = SINCE_ANSWER COUNT_OF_LEGS("leg_margin", "time_ms"),
    [ROW_LEG_HOUR] = SINCE_HOUR COUNT_OF_LEGS("leg_hour", "hour_ms"),
    [ROW_POLL_HOUR] = SINCE_HOUR COUNT_OF_ACCOUNTS("poll_hour", "hour_ms"),
};

/* A kind's rows that come from the captures that were checked. */
static bool check_rows(struct row_checker *checker, const struct row_kind *kind,
                       struct error *error)
{
    struct text sql = {0};
    const char *by_time = COUNTS_BY_TIME[kind - ROW_KINDS];
    bool all = checker->from_capture_id <= 1;
    if (all || by_time == NULL) {
        text_printf(&sql, "SELECT count(*) FROM %s%s", kind->table,
                    all ? "" : " WHERE capture_id >= ?");
    } else {
        text_append_string(&sql, by_time);
    }
    bool done = sql.failed ? error_no_memory(error)
                           : check_count(checker, text_string(&sql), kind->table,
                                         checker->counts.rows[kind - ROW_KINDS], error);
    text_free(&sql);
    return done;
}

bool row_checker_finish(struct row_checker *checker, struct derivation *derivation,
                        struct error *error)
{
    struct contract_book *contracts = derivation_contracts(derivation);
    for (size_t i = 0; i < contracts->count; i++) {
        if (!check_contract(checker, contracts->list[i], error)) {
            return false;
        }
    }
    bool done = check_count(checker, "SELECT count(*) FROM account", "account",
                            (int64_t)derivation_accounts(derivation)->count, error) &&
                check_count(checker, "SELECT count(*) FROM contract", "contract",
                            (int64_t)contracts->count, error) &&
                check_count(checker, "SELECT count(*) FROM leg", "leg",
                            derivation_leg_count(derivation), error);
    for (int i = 0; i < ROW_KIND_COUNT && done; i++) {
        done = check_rows(checker, &ROW_KINDS[i], error);
    }
    return done;
}
