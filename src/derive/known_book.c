#include "derive/known_book.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/calendar.h"
#include "model/request_filter.h"
#include "model/row_kinds.h"

/* What the exchange answers where a request does not say it otherwise (docs: income, userTrades).
 */
#define LOOK_BACK_MS (7 * DAY_MS)
#define TRADES_MS_MAX (7 * DAY_MS)
#define INCOME_ROWS 100
#define TRADES_ROWS 50
#define ROWS_MAX 1000

const char *known_kind_name(enum known_kind kind)
{
    static const char *const NAMES[KNOWN_KIND_COUNT] = {
        [KNOWN_POLLS] = "polls",   [KNOWN_ACCOUNT] = "account", [KNOWN_PRICES] = "prices",
        [KNOWN_STREAM] = "stream", [KNOWN_INCOME] = "income",   [KNOWN_TRADES] = "trades"};
    return NAMES[kind];
}

static bool ignore(void *context, const struct known_span *span, struct error *error)
{
    (void)context;
    (void)span;
    (void)error;
    return true;
}

const struct known_put KNOWN_PUT_NOWHERE = {NULL, ignore};

void known_book_free(struct known_book *book)
{
    for (size_t i = 0; i < book->money_count; i++) {
        text_free(&book->money[i].symbol);
        free(book->money[i].list);
    }
    free(book->money);
}

bool known_span_fill(struct row *row, int64_t account_id, int64_t capture_id,
                     const struct known_span *span)
{
    if (!row_begin(row, &ROW_KINDS[ROW_KNOWN_SPAN])) {
        return false;
    }
    row_set(row, KNOWN_SPAN_ACCOUNT_ID, account_id);
    row_set_text(row, KNOWN_SPAN_KIND, span_of(known_kind_name(span->kind)));
    row_set_text(row, KNOWN_SPAN_SYMBOL, span->symbol);
    row_set(row, KNOWN_SPAN_TO_MS, span->time.to_ms);
    row_set(row, KNOWN_SPAN_FROM_MS, span->time.from_ms);
    row_set(row, KNOWN_SPAN_CAPTURE_ID, capture_id);
    row_set_number(row, KNOWN_SPAN_INTERVAL_MS, span->interval_ms);
    return !row_failed(row);
}

static bool put_span(const struct known_put *put, enum known_kind kind, struct known_time time,
                     struct maybe_int interval_ms, struct error *error)
{
    const struct known_span span = {kind, {"", 0}, time, interval_ms};
    return put->put(put->context, &span, error);
}

static void state_interval(struct known_ticks *ticks, const struct capture *capture)
{
    if (capture->interval_ms.known && capture->received_ms >= ticks->stated_ms) {
        ticks->interval_ms = capture->interval_ms;
        ticks->stated_ms = capture->received_ms;
    }
}

static bool hear_tick(struct known_book *book, enum known_kind kind, const struct capture *capture,
                      const struct known_put *put, struct error *error)
{
    struct known_ticks *ticks = &book->ticks[kind];
    int64_t now_ms = capture->received_ms;
    const struct known_time time = {ticks->from_ms, ticks->last_ms};
    if (capture->has_body) { /* else its time may be the machine's */
        state_interval(ticks, capture);
    }
    if (capture->outcome != OUTCOME_OK) {
        return true;
    }
    bool is_late = ticks->has_begun && ticks->interval_ms.known &&
                   (now_ms - ticks->last_ms) * 2 > ticks->interval_ms.value * 3;
    if (!ticks->has_begun || is_late) {
        ticks->from_ms = now_ms;
    }
    ticks->has_begun = true;
    ticks->last_ms = now_ms;
    if (is_late && kind == KNOWN_POLLS) {
        book->lapse_ms = time.to_ms;
    }
    return !is_late || put_span(put, kind, time, ticks->interval_ms, error);
}

/* Puts what is over: connections up to one that has none after it, or a later one. What overlaps
 * one that is open goes on with it. */
static bool put_stream(struct known_book *book, const struct known_put *put, struct error *error)
{
    bool done = true;
    while (book->session_count > 0 && book->sessions[0].ended_ms != 0 && done) {
        struct known_time over = {book->sessions[0].opened_ms, book->sessions[0].ended_ms};
        int count = 1;
        while (count < book->session_count && book->sessions[count].opened_ms <= over.to_ms) {
            int64_t ended_ms = book->sessions[count++].ended_ms;
            if (ended_ms == 0) {
                return true;
            }
            over.to_ms = ended_ms > over.to_ms ? ended_ms : over.to_ms;
        }
        book->session_count -= count;
        memmove(book->sessions, book->sessions + count,
                (size_t)book->session_count * sizeof book->sessions[0]);
        book->stream_ms = over.to_ms;
        done = put_span(put, KNOWN_STREAM, over, (struct maybe_int){0}, error);
    }
    return done;
}

static void end_session(struct known_session *session, int64_t until_ms)
{
    session->ended_ms = until_ms > session->opened_ms ? until_ms : session->opened_ms + 1;
}

static bool end_sessions(struct known_book *book, int64_t until_ms, const struct known_put *put,
                         struct error *error)
{
    for (int i = 0; i < book->session_count; i++) {
        if (book->sessions[i].ended_ms == 0) {
            end_session(&book->sessions[i], until_ms);
        }
    }
    return put_stream(book, put, error);
}

/* Up to when a run lived that ended without a word, where no capture says when the next one began:
 * up to the silence that goes on, else to the last one that the polls show, or the last message. */
static int64_t silenced_ms(const struct known_book *book, const struct capture *capture)
{
    struct maybe_int interval_ms = book->ticks[KNOWN_POLLS].interval_ms;
    int64_t until_ms = book->heard_ms > book->lapse_ms ? book->heard_ms : book->lapse_ms;
    if (!interval_ms.known || (capture->received_ms - book->alive_ms) * 2 > interval_ms.value * 3) {
        until_ms = book->alive_ms;
    }
    return until_ms < capture->received_ms ? until_ms : capture->received_ms;
}

/* Connections are counted in each run from 1 on: a number that is not higher is of another run. */
static bool hear_opened(struct known_book *book, const struct capture *capture,
                        const struct known_put *put, struct error *error)
{
    bool is_other_run = false;
    for (int i = 0; i < book->session_count; i++) {
        is_other_run |=
            book->sessions[i].ended_ms == 0 && book->sessions[i].attempt >= capture->attempt;
    }
    if ((is_other_run || book->session_count == KNOWN_SESSIONS_MAX) &&
        !end_sessions(book, silenced_ms(book, capture), put, error)) {
        return false;
    }
    int64_t opened_ms =
        capture->received_ms > book->stream_ms ? capture->received_ms : book->stream_ms;
    book->sessions[book->session_count++] = (struct known_session){capture->attempt, opened_ms, 0};
    return true;
}

static bool hear_closed(struct known_book *book, const struct capture *capture,
                        const struct known_put *put, struct error *error)
{
    static const char *const UNTRUSTED[] = {CLOSED_UNANSWERED, CLOSED_SILENT, CLOSED_OTHER_KEY};
    int64_t until_ms = capture->received_ms;
    for (size_t i = 0; i < sizeof UNTRUSTED / sizeof UNTRUSTED[0]; i++) {
        if (span_is(text_span(&capture->detail), UNTRUSTED[i]) && book->heard_ms < until_ms) {
            until_ms = book->heard_ms;
        }
    }
    for (int i = 0; i < book->session_count; i++) {
        struct known_session *session = &book->sessions[i];
        if (session->ended_ms == 0 && session->attempt == capture->attempt) {
            end_session(session, until_ms);
            return put_stream(book, put, error);
        }
    }
    return true;
}

static bool hear_stream(struct known_book *book, const struct capture *capture,
                        const struct known_put *put, struct error *error)
{
    switch (capture->outcome) {
    case OUTCOME_OPENED:
        return hear_opened(book, capture, put, error);
    case OUTCOME_CLOSED:
        return hear_closed(book, capture, put, error);
    default:
        if (capture->has_body && capture->received_ms > book->heard_ms) {
            book->heard_ms = capture->received_ms;
        }
        return true;
    }
}

/* A run that begins shows that the one before has ended: with its last capture, where it did not
 * say so. */
static bool hear_recorder(struct known_book *book, const struct capture *capture,
                          const struct known_put *put, struct error *error)
{
    int64_t until_ms =
        book->alive_ms < capture->received_ms ? book->alive_ms : capture->received_ms;
    if (capture->outcome == OUTCOME_STARTED) {
        state_interval(&book->ticks[KNOWN_POLLS], capture);
    }
    return end_sessions(book, until_ms, put, error);
}

static struct known_times *find_times(const struct known_book *book, struct span symbol)
{
    for (size_t i = 0; i < book->money_count; i++) {
        if (span_equal(text_span(&book->money[i].symbol), symbol)) {
            return &book->money[i];
        }
    }
    return NULL;
}

static struct known_times *times_of(struct known_book *book, struct span symbol)
{
    struct known_times *times = find_times(book, symbol);
    if (times != NULL || !array_grow((void **)&book->money, sizeof *book->money,
                                     &book->money_capacity, book->money_count + 1)) {
        return times;
    }
    times = &book->money[book->money_count];
    *times = (struct known_times){0};
    text_append(&times->symbol, symbol.data, symbol.size);
    if (times->symbol.failed) {
        return NULL;
    }
    book->money_count++;
    return times;
}

/* Makes one of all that a time reaches; *is_longer: whether that was not known. */
static bool add_time(struct known_times *times, struct known_time *time, bool *is_longer)
{
    size_t kept = 0;
    for (size_t i = 0; i < times->count; i++) {
        struct known_time other = times->list[i];
        if (other.from_ms <= time->from_ms && other.to_ms >= time->to_ms) {
            *is_longer = false;
            return true;
        }
    }
    for (size_t i = 0; i < times->count; i++) {
        struct known_time other = times->list[i];
        if (other.from_ms <= time->to_ms && other.to_ms >= time->from_ms) {
            time->from_ms = other.from_ms < time->from_ms ? other.from_ms : time->from_ms;
            time->to_ms = other.to_ms > time->to_ms ? other.to_ms : time->to_ms;
        } else {
            times->list[kept++] = other;
        }
    }
    times->count = kept;
    *is_longer = array_grow((void **)&times->list, sizeof *times->list, &times->capacity, kept + 1);
    if (*is_longer) {
        times->list[times->count++] = *time;
    }
    return *is_longer;
}

static bool know(struct known_book *book, const struct known_span *span,
                 const struct known_put *put, struct error *error)
{
    struct known_span longer = *span;
    bool is_longer = false;
    if (span->time.from_ms >= span->time.to_ms) {
        return true;
    }
    struct known_times *times = times_of(book, span->symbol);
    if (times == NULL || !add_time(times, &longer.time, &is_longer)) {
        return error_no_memory(error);
    }
    return !is_longer || put->put(put->context, &longer, error);
}

bool known_book_add(struct known_book *book, const struct known_span *span, struct error *error)
{
    return know(book, span, &KNOWN_PUT_NOWHERE, error);
}

static int64_t last_stream_ms(const struct known_book *book)
{
    int64_t last_ms = book->stream_ms;
    for (int i = 0; i < book->session_count; i++) {
        int64_t ended_ms = book->sessions[i].ended_ms;
        ended_ms = ended_ms == 0 ? INT64_MAX : ended_ms;
        last_ms = ended_ms > last_ms ? ended_ms : last_ms;
    }
    return last_ms;
}

static int64_t last_income_ms(const struct known_book *book)
{
    const struct known_times *income = find_times(book, (struct span){"", 0});
    int64_t last_ms = 0;
    for (size_t i = 0; income != NULL && i < income->count; i++) {
        last_ms = income->list[i].to_ms > last_ms ? income->list[i].to_ms : last_ms;
    }
    return last_ms;
}

struct maybe_int known_book_last(const struct known_book *book, enum known_kind kind)
{
    int64_t last_ms = kind < KNOWN_TICK_COUNT ? book->ticks[kind].last_ms
                      : kind == KNOWN_STREAM  ? last_stream_ms(book)
                      : kind == KNOWN_INCOME  ? last_income_ms(book)
                                              : 0;
    return (struct maybe_int){last_ms > 0, last_ms};
}

/* From the first to the last time that the facts of a symbol, or all where it is empty, tell of. */
static struct known_time told_times(const struct facts *facts, struct span symbol)
{
    struct known_time told = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < facts->count; i++) {
        const struct object *object = &facts->list[i].object;
        const struct row *row = &object->rows[0];
        int64_t time_ms = row->values[row_kind_column(row->kind, "time_ms")];
        if (symbol.size == 0 || span_equal(text_span(&object->symbol), symbol)) {
            told.from_ms = time_ms < told.from_ms ? time_ms : told.from_ms;
            told.to_ms = time_ms > told.to_ms ? time_ms : told.to_ms;
        }
    }
    return told;
}

/* Where trades that are asked for by their ids begin: they go on from what is known. */
static int64_t from_of_ids(const struct known_book *book, struct span symbol,
                           const struct facts *facts)
{
    const struct known_times *times = find_times(book, symbol);
    int64_t from_ms = told_times(facts, symbol).from_ms, to_ms = INT64_MIN;
    for (size_t i = 0; times != NULL && i < times->count; i++) {
        to_ms = times->list[i].to_ms > to_ms ? times->list[i].to_ms : to_ms;
    }
    return to_ms != INT64_MIN && to_ms < from_ms ? to_ms : from_ms;
}

/* The range that a request asked for, up to when it was sent. */
static struct known_time asked_time(const struct known_book *book, const struct known_span *span,
                                    const struct capture *capture, const struct facts *facts)
{
    struct span request = text_span(&capture->request);
    struct maybe_int start_ms = request_number(request, "startTime"),
                     end_ms = request_number(request, "endTime");
    int64_t sent_ms = span->time.to_ms;
    struct known_time time = {sent_ms - LOOK_BACK_MS, sent_ms};
    if (start_ms.known) {
        time.from_ms = start_ms.value;
    } else if (request_number(request, "fromId").known) {
        time.from_ms = from_of_ids(book, span->symbol, facts);
    }
    if (end_ms.known && end_ms.value < sent_ms) {
        time.to_ms = end_ms.value + 1;
    } else if (span->kind == KNOWN_TRADES && start_ms.known &&
               start_ms.value < sent_ms - TRADES_MS_MAX) {
        time.to_ms = start_ms.value + TRADES_MS_MAX;
    }
    return time;
}

/* Whether there may be more in the range than an answer has: up to its last row's time it is whole,
 * but for a page after the first (of a time in which they were asked for by number). */
static void cut_full_page(struct known_span *span, const struct capture *capture,
                          const struct facts *facts)
{
    struct span request = text_span(&capture->request);
    struct maybe_int limit = request_number(request, "limit"),
                     page = request_number(request, "page");
    int64_t rows = span->kind == KNOWN_INCOME ? INCOME_ROWS : TRADES_ROWS;
    rows = limit.known && limit.value > 0 ? limit.value : rows;
    rows = rows < ROWS_MAX ? rows : ROWS_MAX;
    if ((int64_t)facts->count >= rows) {
        int64_t last_ms = told_times(facts, (struct span){"", 0}).to_ms;
        span->time.to_ms = page.known && page.value > 1 ? span->time.from_ms
                           : last_ms < span->time.to_ms ? last_ms
                                                        : span->time.to_ms;
    }
}

/* An answer that was imported without its request: of what it tells. */
static bool hear_unasked(struct known_book *book, struct known_span span, const struct facts *facts,
                         const struct known_put *put, struct error *error)
{
    int64_t sent_ms = span.time.to_ms;
    bool done = true;
    for (size_t i = 0; i < facts->count && done; i++) {
        struct span symbol = span.symbol;
        if (span.kind == KNOWN_TRADES) {
            symbol = text_span(&facts->list[i].object.symbol);
        }
        if (i == 0 || !span_equal(symbol, span.symbol)) {
            span.symbol = symbol;
            span.time = (struct known_time){told_times(facts, symbol).from_ms, sent_ms};
            done = know(book, &span, put, error);
        }
    }
    return done;
}

/* What was asked for one order, or of one type or symbol of income alone, says nothing of others.
 */
static bool hear_money(struct known_book *book, const struct capture *capture,
                       const struct facts *facts, const struct known_put *put, struct error *error)
{
    struct span request = text_span(&capture->request);
    bool is_income = capture->endpoint == ENDPOINT_INCOME;
    int64_t sent_ms = capture->sent_ms.known ? capture->sent_ms.value : capture->received_ms;
    struct known_span span = {
        .kind = is_income ? KNOWN_INCOME : KNOWN_TRADES, .symbol = {"", 0}, .time = {0, sent_ms}};
    char name[NAME_SIZE_MAX];
    struct span symbol = request_name(request, "symbol", name);
    if (capture->outcome != OUTCOME_OK) {
        return true;
    }
    if (request.size == 0) {
        return hear_unasked(book, span, facts, put, error);
    }
    if (is_income ? request_parameter(request, "symbol").size > 0 ||
                        request_parameter(request, "incomeType").size > 0
                  : symbol.size == 0 || request_parameter(request, "orderId").size > 0) {
        return true;
    }
    span.symbol = is_income ? span.symbol : symbol;
    span.time = asked_time(book, &span, capture, facts);
    cut_full_page(&span, capture, facts);
    return know(book, &span, put, error);
}

bool known_book_hear(struct known_book *book, const struct capture *capture,
                     const struct facts *facts, const struct known_put *put, struct error *error)
{
    bool done = true;
    switch (capture->endpoint) {
    case ENDPOINT_POSITION_RISK:
        done = hear_tick(book, KNOWN_POLLS, capture, put, error);
        break;
    case ENDPOINT_ACCOUNT:
        done = hear_tick(book, KNOWN_ACCOUNT, capture, put, error);
        break;
    case ENDPOINT_PREMIUM_INDEX: /* whichever the product has */
    case ENDPOINT_ASSET_INDEX:
        done = hear_tick(book, KNOWN_PRICES, capture, put, error);
        break;
    case ENDPOINT_USER_DATA:
        done = hear_stream(book, capture, put, error);
        break;
    case ENDPOINT_RECORDER:
        done = hear_recorder(book, capture, put, error);
        break;
    case ENDPOINT_INCOME:
    case ENDPOINT_USER_TRADES:
        done = hear_money(book, capture, facts, put, error);
        break;
    default:
        break;
    }
    if (capture->endpoint != ENDPOINT_TIMESTAMP && capture->received_ms > book->alive_ms) {
        book->alive_ms = capture->received_ms;
    }
    return done;
}
