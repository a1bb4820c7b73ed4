#include "store/rows/row_checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "store/rows/hours.h"
#include "store/rows/row_count.h"
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

/* A text, or NULL. */
struct maybe_text {
    bool known;
    struct span text;
};

static struct maybe_text row_maybe_text(const struct row *row, int column)
{
    return (struct maybe_text){row_number(row, column).known, row_text(row, column)};
}

static bool same_text(struct row_checker *checker, const struct row_name *row, const char *column,
                      struct maybe_text stored, struct maybe_text derived)
{
    if (stored.known == derived.known && span_equal(stored.text, derived.text)) {
        return true;
    }
    struct span is = shown(stored.known, stored.text), should = shown(derived.known, derived.text);
    return found(checker, "%s: %s is %.*s, the bytes say %.*s", called(checker, row), column,
                 (int)is.size, is.data, (int)should.size, should.data);
}

/* A text column of a contract or a leg, NULL where it is empty. */
static bool same_stored_text(struct row_checker *checker, const struct row_name *row,
                             const char *column, sqlite3_stmt *select, int index,
                             struct span derived)
{
    const struct maybe_text stored = {column_maybe(select, index).known,
                                      column_span(select, index)};
    return same_text(checker, row, column, stored, (struct maybe_text){derived.size > 0, derived});
}

static bool put_account(void *context, const struct account *account, struct error *error)
{
    struct row_checker *checker = context;
    sqlite3_stmt *select = checker->statements[SELECT_ACCOUNT];
    bind_int(select, 1, account->account_id);
    enum step step = database_step(checker->database, select, error);
    bool same = step == STEP_ROW && span_equal(column_span(select, 0), text_span(&account->name)) &&
                span_is(column_span(select, 1), account->product->name);
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
        same = column_is_text(&kind->columns[i])
                   ? same_text(checker, name, column, row_maybe_text(stored, i),
                               row_maybe_text(derived, i))
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
    for (enum row_kind_id i = 0; i < ROW_KIND_COUNT; i++) {
        if (row_kind_is_hour(&ROW_KINDS[i]) && !check_hours(context, i, account, over, error)) {
            return false;
        }
    }
    return true;
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
    if (same && !(span_is(column_span(select, 1), contract->product->name) &&
                  span_is(column_span(select, 5), contract_source(contract)))) {
        same = found(checker, "contract %s: product or source is not as derived", row.symbol);
    }
    sqlite3_reset(select);
    return same;
}

/* Holds how many rows a table has against how many were derived. */
static bool check_count(struct row_checker *checker, const char *table, int64_t stored,
                        int64_t derived)
{
    return stored == derived || found(checker, "%s has %lld rows, the captures make %lld", table,
                                      (long long)stored, (long long)derived);
}

/* Of a table whose rows are all there before and after. */
static bool check_table(struct row_checker *checker, const char *table, int64_t derived,
                        struct error *error)
{
    int64_t stored;
    return row_count_all(checker->database, table, &stored, error) &&
           check_count(checker, table, stored, derived);
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
    const struct account_book *accounts = derivation_accounts(derivation);
    bool done = check_table(checker, "account", (int64_t)accounts->count, error) &&
                check_table(checker, "contract", (int64_t)contracts->count, error) &&
                check_table(checker, "leg", derivation_leg_count(derivation), error);
    for (int i = 0; i < ROW_KIND_COUNT && done; i++) {
        const struct row_kind *kind = &ROW_KINDS[i];
        int64_t stored;
        done = row_count_from(checker->database, kind, checker->from_capture_id, &stored, error) &&
               check_count(checker, kind->table, stored, checker->counts.rows[i]);
    }
    return done;
}
