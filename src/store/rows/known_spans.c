#include "store/rows/known_spans.h"

#include <stdlib.h>

#include "model/money_answer.h"
#include "model/row_kinds.h"
#include "store/evidence/capture_reader.h"
#include "store/rows/row_statement.h"

#define IS_BEFORE " AND +s.capture_id < ?3"
#define OF_ENDPOINT " FROM capture AS s WHERE s.account_id = ?1 AND s.endpoint = ?2" IS_BEFORE
#define IS_GOOD                                                                                    \
    " AND coalesce((SELECT r.outcome FROM reading AS r WHERE r.capture_id = s.capture_id), "       \
    "s.outcome) = 'ok'"
#define LAST_SPAN(what)                                                                            \
    "(SELECT s." what " FROM known_span AS s WHERE s.account_id = ?1 AND s.kind = ?4 "             \
    "AND s.symbol = ''" IS_BEFORE " ORDER BY s.to_ms DESC LIMIT 1)"

/* The end of the last span of the kind (?4), and the first good answer after it and the last. */
static const char TICKS[] = "SELECT " LAST_SPAN(
    "to_ms") ", (SELECT s.received_ms" OF_ENDPOINT
             " AND s.received_ms > coalesce(" LAST_SPAN(
                 "to_ms") ", -1)" IS_GOOD
                          " ORDER BY s.received_ms LIMIT 1), (SELECT s.received_ms" OF_ENDPOINT
                              IS_GOOD " ORDER BY s.received_ms DESC LIMIT 1)";

/* The interval that was stated last, by an answer or, for polls, by a run's start. */
static const char INTERVAL[] =
    "SELECT interval_ms, received_ms FROM (SELECT * FROM (SELECT s.*" OF_ENDPOINT
    " AND s.payload_id IS NOT NULL AND s.interval_ms IS NOT NULL "
    "ORDER BY s.received_ms DESC LIMIT 1) UNION ALL SELECT * FROM (SELECT s.* FROM capture AS s "
    "WHERE s.account_id = ?1 AND ?4 = 'polls' AND s.endpoint = 'recorder' AND s.outcome = 'started'"
    " AND s.interval_ms IS NOT NULL" IS_BEFORE " ORDER BY s.received_ms DESC LIMIT 1)) "
    "ORDER BY received_ms DESC, capture_id DESC LIMIT 1";

/* What became of connections since the last span of the stream, with the last message before each.
 */
static const char SESSIONS[] =
    "SELECT s.outcome, s.received_ms, s.attempt, s.detail, (SELECT m.received_ms FROM capture AS m "
    "WHERE m.account_id = ?1 AND m.endpoint = ?2 AND m.payload_id IS NOT NULL "
    "AND +m.capture_id < s.capture_id ORDER BY m.received_ms DESC LIMIT 1) "
    "FROM capture AS s INDEXED BY capture_of_session WHERE s.account_id = ?1 "
    "AND s.outcome IN ('opened', 'closed') AND s.capture_id < ?3 "
    "AND (s.received_ms > coalesce(" LAST_SPAN("to_ms") ", -1) "
                                                        "OR s.capture_id >= " LAST_SPAN(
                                                            "capture_id") ") ORDER BY s.capture_id";

/* The widest of the spans that end before ?5, of a symbol, and the next symbol. */
static const char WIDEST[] =
    "SELECT s.from_ms, s.to_ms FROM known_span AS s WHERE s.account_id = ?1 AND s.kind = ?4 "
    "AND s.symbol = ?2 AND s.to_ms < ?5" IS_BEFORE " ORDER BY s.to_ms DESC, s.from_ms LIMIT 1";
static const char NEXT_SYMBOL[] =
    "SELECT min(symbol) FROM known_span WHERE account_id = ?1 AND kind = 'trades' AND symbol > ?2";

/* Whose book is loaded. */
struct loading {
    const struct database *database;
    struct account *account;
    int64_t before_capture_id;
};

static sqlite3_stmt *prepare(const struct loading *loading, const char *sql, struct span second,
                             enum known_kind kind, struct error *error)
{
    sqlite3_stmt *select = database_prepare(loading->database, sql, error);
    if (select != NULL) {
        bind_int(select, 1, loading->account->account_id);
        bind_span(select, 2, second);
        if (sqlite3_bind_parameter_count(select) > 2) {
            bind_int(select, 3, loading->before_capture_id);
            bind_span(select, 4, span_of(known_kind_name(kind)));
        }
    }
    return select;
}

static bool load_interval(const struct loading *loading, enum endpoint endpoint,
                          enum known_kind kind, struct known_ticks *ticks, struct error *error)
{
    sqlite3_stmt *select =
        prepare(loading, INTERVAL, span_of(endpoint_name(endpoint)), kind, error);
    enum step step = database_step(loading->database, select, error);
    if (step == STEP_ROW) {
        ticks->interval_ms = column_maybe(select, 0);
        ticks->stated_ms = sqlite3_column_int64(select, 1);
    }
    sqlite3_finalize(select);
    return step != STEP_FAILED;
}

static bool load_ticks(const struct loading *loading, enum endpoint endpoint, enum known_kind kind,
                       struct error *error)
{
    struct known_ticks *ticks = &loading->account->known.ticks[kind];
    sqlite3_stmt *select = prepare(loading, TICKS, span_of(endpoint_name(endpoint)), kind, error);
    enum step step = database_step(loading->database, select, error);
    if (step == STEP_ROW) {
        struct maybe_int from_ms = column_maybe(select, 1);
        *ticks = (struct known_ticks){.has_begun = from_ms.known,
                                      .from_ms = from_ms.value,
                                      .last_ms = sqlite3_column_int64(select, 2)};
        if (kind == KNOWN_POLLS) {
            loading->account->known.lapse_ms = sqlite3_column_int64(select, 0);
        }
    }
    sqlite3_finalize(select);
    return step != STEP_FAILED && load_interval(loading, endpoint, kind, ticks, error);
}

static bool hear_session(struct known_book *book, sqlite3_stmt *select, struct error *error)
{
    struct capture capture = {.endpoint = ENDPOINT_USER_DATA,
                              .received_ms = sqlite3_column_int64(select, 1),
                              .attempt = sqlite3_column_int64(select, 2)};
    struct span detail = column_span(select, 3);
    capture.outcome = span_is(column_span(select, 0), "opened") ? OUTCOME_OPENED : OUTCOME_CLOSED;
    book->heard_ms = sqlite3_column_int64(select, 4);
    text_append(&capture.detail, detail.data, detail.size);
    bool done = capture.detail.failed
                    ? error_no_memory(error)
                    : known_book_hear(book, &capture, NULL, &KNOWN_PUT_NOWHERE, error);
    capture_free(&capture);
    return done;
}

static bool load_stream(const struct loading *loading, struct error *error)
{
    struct known_book *book = &loading->account->known;
    const struct account *account = loading->account;
    sqlite3_stmt *end = prepare(loading, TICKS, (struct span){"", 0}, KNOWN_STREAM, error);
    enum step step = database_step(loading->database, end, error);
    book->stream_ms = step == STEP_ROW ? sqlite3_column_int64(end, 0) : 0;
    sqlite3_finalize(end);
    sqlite3_stmt *select =
        step == STEP_FAILED ? NULL
                            : prepare(loading, SESSIONS, span_of("userData"), KNOWN_STREAM, error);
    bool heard = select != NULL;
    while (heard && (step = database_step(loading->database, select, error)) == STEP_ROW) {
        heard = hear_session(book, select, error);
    }
    sqlite3_finalize(select);
    int64_t heard_ms = account->last_ms[ENDPOINT_USER_DATA];
    book->heard_ms = heard_ms > 0 ? heard_ms : 0;
    book->alive_ms = 0;
    for (int i = 0; i < ENDPOINT_COUNT; i++) {
        int64_t taken_ms = i == ENDPOINT_TIMESTAMP ? 0 : account->taken_ms[i];
        book->alive_ms = taken_ms > book->alive_ms ? taken_ms : book->alive_ms;
    }
    return heard && step != STEP_FAILED;
}

static bool load_times(const struct loading *loading, enum known_kind kind, struct span symbol,
                       struct error *error)
{
    sqlite3_stmt *select = prepare(loading, WIDEST, symbol, kind, error);
    enum step step = select != NULL ? STEP_ROW : STEP_FAILED;
    struct known_span span = {.kind = kind, .symbol = symbol, .time = {INT64_MAX, 0}};
    while (step == STEP_ROW) {
        bind_int(select, 5, span.time.from_ms);
        step = database_step(loading->database, select, error);
        if (step == STEP_ROW) {
            span.time = (struct known_time){sqlite3_column_int64(select, 0),
                                            sqlite3_column_int64(select, 1)};
            sqlite3_reset(select);
            step = known_book_add(&loading->account->known, &span, error) ? STEP_ROW : STEP_FAILED;
        }
    }
    sqlite3_finalize(select);
    return step == STEP_DONE;
}

static bool load_trades(const struct loading *loading, struct error *error)
{
    sqlite3_stmt *select = prepare(loading, NEXT_SYMBOL, (struct span){"", 0}, KNOWN_TRADES, error);
    struct text symbol = {0};
    bool loaded = select != NULL, more = loaded;
    while (loaded && more) {
        bind_span(select, 2, text_span(&symbol));
        enum step step = database_step(loading->database, select, error);
        more = step == STEP_ROW && column_maybe(select, 0).known;
        struct span next = more ? column_span(select, 0) : (struct span){"", 0};
        struct text copy = {0};
        text_append(&copy, next.data, next.size);
        sqlite3_reset(select);
        text_free(&symbol);
        symbol = copy;
        loaded = step != STEP_FAILED && (!symbol.failed || error_no_memory(error)) &&
                 (!more || load_times(loading, KNOWN_TRADES, text_span(&symbol), error));
    }
    sqlite3_finalize(select);
    text_free(&symbol);
    return loaded;
}

bool known_spans_load(const struct database *database, struct account *account,
                      int64_t before_capture_id, struct error *error)
{
    const struct loading loading = {database, account, before_capture_id};
    return load_ticks(&loading, ENDPOINT_POSITION_RISK, KNOWN_POLLS, error) &&
           load_ticks(&loading, ENDPOINT_ACCOUNT, KNOWN_ACCOUNT, error) &&
           load_ticks(&loading, account->product->prices, KNOWN_PRICES, error) &&
           load_stream(&loading, error) &&
           load_times(&loading, KNOWN_INCOME, (struct span){"", 0}, error) &&
           load_trades(&loading, error);
}

/* What fills the table. */
struct filling {
    const struct database *database;
    struct capture_reader *reader;
    struct stored_capture stored;
    struct known_book *books; /* by account_id, from 1 on */
    int64_t book_count;
    struct capture capture; /* the one at hand, without its body */
    struct facts facts;
    sqlite3_stmt *insert;
    struct row row;
    int64_t account_id, capture_id;
};

static bool put_row(void *context, const struct known_span *span, struct error *error)
{
    struct filling *filling = context;
    if (!known_span_fill(&filling->row, filling->account_id, filling->capture_id, span)) {
        return error_no_memory(error);
    }
    row_bind(filling->insert, &filling->row);
    return database_write_row(filling->database, filling->insert, error);
}

/* What an answer about money told. One that cannot be read any more is verify's to tell of. */
static bool read_facts(struct filling *filling, struct error *error)
{
    struct capture *capture = &filling->capture;
    struct error why;
    facts_clear(&filling->facts);
    if (capture->outcome != OUTCOME_OK || !money_answer_has(capture->endpoint)) {
        return true;
    }
    bool is_read = capture_reader_get(filling->reader, filling->capture_id, &filling->stored,
                                      &why) == STEP_ROW;
    if (is_read) {
        is_read = money_answer_read(capture->endpoint, text_span(&filling->stored.capture.body),
                                    &filling->facts, &why);
    }
    capture->outcome = is_read ? OUTCOME_OK : OUTCOME_UNREADABLE;
    if (!is_read && why.kind != ERROR_FAILED && why.kind != ERROR_USAGE) {
        *error = why;
        return false;
    }
    return true;
}

static const char CAPTURES[] =
    "SELECT s.capture_id, s.account_id, s.endpoint, coalesce(r.outcome, s.outcome), s.received_ms, "
    "s.sent_ms, s.interval_ms, s.attempt, s.payload_id IS NOT NULL, s.detail, s.request "
    "FROM capture AS s LEFT JOIN reading AS r ON r.capture_id = s.capture_id "
    "ORDER BY s.capture_id";

static bool hear_capture(struct filling *filling, sqlite3_stmt *select, struct error *error)
{
    struct capture *capture = &filling->capture;
    struct span detail = column_span(select, 9), request = column_span(select, 10);
    const struct known_put put = {filling, put_row};
    capture_clear(capture);
    filling->capture_id = sqlite3_column_int64(select, 0);
    filling->account_id = sqlite3_column_int64(select, 1);
    if (filling->account_id < 1 || filling->account_id > filling->book_count ||
        !endpoint_from_name(column_span(select, 2), &capture->endpoint) ||
        !outcome_from_name(column_span(select, 3), &capture->outcome)) {
        return error_set(error, ERROR_FAILED, "capture %lld cannot be (run 'posrec verify')",
                         (long long)filling->capture_id);
    }
    capture->received_ms = sqlite3_column_int64(select, 4);
    capture->sent_ms = column_maybe(select, 5);
    capture->interval_ms = column_maybe(select, 6);
    capture->attempt = sqlite3_column_int64(select, 7);
    capture->has_body = sqlite3_column_int(select, 8) != 0;
    text_append(&capture->detail, detail.data, detail.size);
    text_append(&capture->request, request.data, request.size);
    return (!capture_failed(capture) || error_no_memory(error)) && read_facts(filling, error) &&
           known_book_hear(&filling->books[filling->account_id - 1], capture, &filling->facts, &put,
                           error);
}

static bool hear_all(struct filling *filling, struct error *error)
{
    sqlite3_stmt *select = database_prepare(filling->database, CAPTURES, error);
    enum step step = STEP_FAILED;
    bool heard = select != NULL;
    while (heard && (step = database_step(filling->database, select, error)) == STEP_ROW) {
        heard = hear_capture(filling, select, error);
    }
    sqlite3_finalize(select);
    return heard && step == STEP_DONE;
}

static bool open_filling(struct filling *filling, struct error *error)
{
    if (!database_integer(filling->database, "SELECT max(account_id) FROM account",
                          &filling->book_count, error)) {
        return false;
    }
    filling->books = calloc((size_t)filling->book_count + 1, sizeof *filling->books);
    if (filling->books == NULL) {
        return error_no_memory(error);
    }
    filling->reader = capture_reader_new(filling->database, error);
    filling->insert =
        filling->reader != NULL
            ? row_statement_insert(filling->database, &ROW_KINDS[ROW_KNOWN_SPAN], error)
            : NULL;
    return filling->insert != NULL;
}

bool known_spans_fill(const struct database *database, struct error *error)
{
    struct filling filling = {.database = database};
    bool done = open_filling(&filling, error) && hear_all(&filling, error);
    for (int64_t i = 0; i < filling.book_count && filling.books != NULL; i++) {
        known_book_free(&filling.books[i]);
    }
    free(filling.books);
    capture_reader_free(filling.reader);
    stored_capture_free(&filling.stored);
    capture_free(&filling.capture);
    facts_free(&filling.facts);
    sqlite3_finalize(filling.insert);
    row_free(&filling.row);
    return done;
}
