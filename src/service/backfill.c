#include "service/backfill.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "exchange/limits.h"
#include "service/income_pages.h"

#define WAIT_MS 500
#define RETRY_BASE_MS 500
#define RETRY_CAP_MS 30000
#define SYMBOLS_MAX 1000
#define DAY_MS INT64_C(86400000)

struct symbols {
    char (*names)[QUESTION_NAME_SIZE];
    size_t count;
    bool failed;
};

struct backfill {
    const struct poller_settings *settings;
    struct recorder *recorder;
    struct known *known;
    const struct backfill_watch *watch;
    struct backfill_result *result;
    struct transport *transport;
    struct exchange_clock clock;
    struct limits limits;
    struct random random;
    struct poller poller;
    struct backfill_progress progress;
    int64_t now_ms; /* when it began: what is asked for ends there */
};

/* What a question brought. */
struct page {
    int64_t row_count;
    bool is_refused;  /* the exchange does not go so far back */
    struct text body; /* of income */
};

static int64_t now_ms(const struct backfill *backfill)
{
    return exchange_clock_at(&backfill->clock, clock_monotonic_ms());
}

static void tell(struct backfill *backfill, bool is_waiting)
{
    backfill->progress.is_waiting = is_waiting;
    backfill->watch->on_progress(backfill->watch->context, &backfill->progress);
}

/* Waits until the limits let a request of this weight out, or for `ms` at least. */
static bool wait_for(struct backfill *backfill, int64_t weight, int64_t ms, struct error *error)
{
    int64_t until_ms = clock_monotonic_ms() + ms;
    while (clock_monotonic_ms() < until_ms ||
           !limits_may_send(&backfill->limits, now_ms(backfill), weight)) {
        tell(backfill, true);
        if (!transport_poll(backfill->transport, -1, WAIT_MS, error)) {
            return false;
        }
    }
    tell(backfill, false);
    return true;
}

/* Asks once; the answer is in poller->capture, and recorded when there was one. */
static bool ask_once(struct backfill *backfill, const struct question *question,
                     struct recorded *recorded, struct error *error)
{
    struct poller *poller = &backfill->poller;
    int64_t weight = endpoint_weight(question->endpoint);
    limits_note_sent(&backfill->limits, now_ms(backfill), weight);
    if (!poller_ask(poller, question, (struct maybe_int){0}, (struct maybe_int){0}, error)) {
        return false;
    }
    while (poller->phase != POLLER_IDLE) {
        struct http_response response;
        if (!transport_poll(backfill->transport, -1, WAIT_MS, error)) {
            return false;
        }
        while (transport_take(backfill->transport, &response)) {
            enum poller_step step = poller_answer(poller, &response, error);
            http_response_free(&response);
            limits_note_answer(&backfill->limits, now_ms(backfill), &poller->capture,
                               poller->retry_after_s);
            if (step == POLLER_FAILED ||
                (step == POLLER_CAPTURED && (!recorder_record(backfill->recorder, RECORD_LIVE,
                                                              &poller->capture, recorded, error) ||
                                             !poller_continue(poller, error)))) {
                return false;
            }
        }
    }
    return true;
}

static bool fail(const struct capture *capture, struct error *error)
{
    return error_set(error, endpoint_is_refused(capture) ? ERROR_REFUSED : ERROR_FAILED,
                     "%s: %s: %s (run it again later: it goes on where it ended)",
                     endpoint_name(capture->endpoint), outcome_name(capture->outcome),
                     text_string(&capture->detail));
}

/* Whether the exchange's no is about what was asked, not about who asks. */
static bool is_about_question(const struct capture *capture)
{
    return capture->outcome == OUTCOME_API_ERROR && capture->api_code.known &&
           capture->api_code.value <= -1100 && capture->api_code.value > -2000;
}

static bool ask(struct backfill *backfill, const struct question *question, struct page *page,
                struct error *error)
{
    const struct capture *capture = &backfill->poller.capture;
    int64_t pause_ms = 0;
    for (int tries = 1;; tries++) {
        struct recorded recorded = {0};
        backfill->progress.trouble = tries > 1 ? text_string(&capture->detail) : NULL;
        if (!wait_for(backfill, endpoint_weight(question->endpoint), pause_ms, error) ||
            !ask_once(backfill, question, &recorded, error)) {
            return false;
        }
        backfill->result->requests++;
        if (capture->outcome == OUTCOME_OK) {
            *page = (struct page){.row_count = recorded.row_count};
            backfill->result->income += recorded.income_count;
            backfill->result->trades += recorded.trade_count;
            return true;
        }
        bool paused =
            capture->outcome == OUTCOME_RATE_LIMITED || capture->outcome == OUTCOME_BANNED;
        if (is_about_question(capture) && !endpoint_is_outage(capture)) {
            *page = (struct page){.is_refused = true};
            return true;
        }
        if (!(paused || endpoint_is_outage(capture)) || tries == BACKFILL_TRIES_MAX) {
            return fail(capture, error);
        }
        pause_ms =
            limits_backoff_ms(tries, RETRY_BASE_MS, RETRY_CAP_MS, random_next(&backfill->random));
    }
}

/* Has the bytes of a page of income, which the next question follows from. */
static bool keep_body(struct backfill *backfill, const struct question *question,
                      const struct known_answer *answer, struct page *page, struct error *error)
{
    struct text *body = &backfill->poller.capture.body;
    if (question->endpoint != ENDPOINT_INCOME || page->is_refused) {
        return true;
    }
    if (answer != NULL) {
        return known_body(backfill->known, answer->capture_id, &page->body, error);
    }
    page->body = *body;
    *body = (struct text){0};
    return true;
}

/* Asks for a page, unless it is recorded and can be no other by now. */
static bool get_page(struct backfill *backfill, const struct question *question, struct page *page,
                     struct error *error)
{
    const struct poller_settings *settings = backfill->settings;
    struct text url = {0}, request = {0};
    struct known_answer answer = {0};
    bool done = endpoint_ask(&settings->exchange, question, 0, &url, &request, error) &&
                known_answer(backfill->known, settings->account, question->endpoint,
                             text_string(&request), &answer, error);
    text_free(&url);
    text_free(&request);
    if (!done) {
        return false;
    }
    bool is_full = answer.row_count.known && answer.row_count.value >= PAGE_ROWS;
    bool is_over = answer.row_count.known && question->end_ms.known &&
                   answer.received_ms > question->end_ms.value + KNOWN_LATE_MS;
    if (is_full || is_over) {
        backfill->result->repeated++;
        *page = (struct page){.row_count = answer.row_count.value};
        return keep_body(backfill, question, &answer, page, error);
    }
    return ask(backfill, question, page, error) && keep_body(backfill, question, NULL, page, error);
}

/* A range of the grid that cuts time into spans; the last one has no end yet. */
struct range {
    int64_t start_ms;
    struct maybe_int end_ms;
};

static struct range range_at(const struct backfill *backfill, int64_t span_ms, int64_t from_ms,
                             int64_t number)
{
    int64_t last_start_ms = backfill->now_ms / span_ms * span_ms;
    int64_t start_ms = last_start_ms - number * span_ms;
    struct range range = {.start_ms = start_ms > from_ms ? start_ms : from_ms};
    if (number > 0) {
        range.end_ms = maybe_of(start_ms + span_ms - 1);
    }
    return range;
}

static int64_t range_count(const struct backfill *backfill, int64_t span_ms, int64_t from_ms)
{
    return from_ms > backfill->now_ms ? 0 : backfill->now_ms / span_ms - from_ms / span_ms + 1;
}

static bool get_income_range(struct backfill *backfill, const struct range *range, bool *more,
                             struct error *error)
{
    struct income_pages pages = {0};
    struct page page = {0};
    enum income_step step = INCOME_MORE;
    bool done = true;
    income_pages_begin(&pages, range->start_ms, range->end_ms);
    while (done && step == INCOME_MORE && !page.is_refused) {
        struct question question;
        income_pages_question(&pages, backfill->now_ms, &question);
        done = get_page(backfill, &question, &page, error);
        if (done && !page.is_refused) {
            step = income_pages_take(&pages, &question, text_span(&page.body), backfill->now_ms);
            backfill->result->cut_off += income_pages_is_cut_off(&question, page.row_count);
        }
        text_free(&page.body);
    }
    if (done && step == INCOME_NO_MEMORY) {
        done = error_no_memory(error);
    } else if (done && step == INCOME_NOT_AS_ASKED) {
        done = error_set(error, ERROR_FAILED,
                         "income: the exchange answers with other times than were asked for "
                         "(what it said is recorded)");
    }
    income_pages_end(&pages);
    *more = !page.is_refused;
    return done;
}

static bool get_income(struct backfill *backfill, int64_t from_ms, struct error *error)
{
    bool more = true;
    int64_t count = range_count(backfill, INCOME_SPAN_MS_MAX, from_ms);
    backfill->progress = (struct backfill_progress){.what = "income", .total = count};
    for (int64_t i = 0; i < count && more; i++) {
        const struct range range = range_at(backfill, INCOME_SPAN_MS_MAX, from_ms, i);
        if (!get_income_range(backfill, &range, &more, error)) {
            return false;
        }
        if (i == 0 && !more) { /* not even of these days: it is no end of what it has */
            return fail(&backfill->poller.capture, error);
        }
        backfill->progress.done = i + 1;
    }
    return true;
}

/* More than a page of trades in one millisecond: on by their ids until it is over. */
static bool pass_millisecond(struct backfill *backfill, const char *symbol, int64_t last_id,
                             int64_t *start_ms, struct error *error)
{
    const char *account = backfill->settings->account;
    int64_t time_ms = *start_ms;
    struct page page = {.row_count = PAGE_ROWS};
    while (page.row_count >= PAGE_ROWS && time_ms == *start_ms) {
        struct question question = {.endpoint = ENDPOINT_USER_TRADES,
                                    .from_id = maybe_of(last_id + 1),
                                    .limit = maybe_of(PAGE_ROWS)};
        memcpy(question.symbol, symbol, sizeof question.symbol);
        if (!get_page(backfill, &question, &page, error)) {
            return false;
        }
        const struct known_page end = {
            .symbol = symbol, .from_id = question.from_id, .count = page.row_count};
        if (page.row_count > 0 &&
            !known_page_end(backfill->known, account, &end, &time_ms, &last_id, error)) {
            return false;
        }
    }
    *start_ms = time_ms > *start_ms ? time_ms : *start_ms + 1;
    return true;
}

static bool get_trades_range(struct backfill *backfill, const char *symbol, struct range range,
                             bool *more, struct error *error)
{
    struct page page = {.row_count = PAGE_ROWS};
    while (page.row_count >= PAGE_ROWS) {
        struct question question = {.endpoint = ENDPOINT_USER_TRADES,
                                    .start_ms = maybe_of(range.start_ms),
                                    .end_ms = range.end_ms,
                                    .limit = maybe_of(PAGE_ROWS)};
        int64_t time_ms = 0, last_id = 0;
        memcpy(question.symbol, symbol, sizeof question.symbol);
        if (!get_page(backfill, &question, &page, error)) {
            return false;
        }
        const struct known_page end = {
            .symbol = symbol, .start_ms = range.start_ms, .count = page.row_count};
        if (page.row_count < PAGE_ROWS) {
            break;
        }
        if (!known_page_end(backfill->known, backfill->settings->account, &end, &time_ms, &last_id,
                            error)) {
            return false;
        }
        if (time_ms > range.start_ms) {
            range.start_ms = time_ms; /* that millisecond again: it may have had more */
        } else if (!pass_millisecond(backfill, symbol, last_id, &range.start_ms, error)) {
            return false;
        }
        if (range.end_ms.known && range.start_ms > range.end_ms.value) {
            break;
        }
    }
    *more = !page.is_refused;
    return true;
}

static void take_symbol(void *context, const char *symbol)
{
    struct symbols *symbols = context;
    if (symbols->count == SYMBOLS_MAX || strlen(symbol) >= QUESTION_NAME_SIZE) {
        return;
    }
    void *grown = reallocarray(symbols->names, symbols->count + 1, sizeof *symbols->names);
    if (grown == NULL) {
        symbols->failed = true;
        return;
    }
    symbols->names = grown;
    memset(symbols->names[symbols->count], 0, QUESTION_NAME_SIZE);
    memcpy(symbols->names[symbols->count++], symbol, strlen(symbol));
}

static bool get_trades(struct backfill *backfill, int64_t from_ms, struct error *error)
{
    struct symbols symbols = {0};
    /* A whole day: another run on the same day asks the same. */
    int64_t oldest_ms = (backfill->now_ms - BACKFILL_TRADES_MS) / DAY_MS * DAY_MS + DAY_MS;
    from_ms = from_ms > oldest_ms ? from_ms : oldest_ms;
    int64_t count = range_count(backfill, TRADES_SPAN_MS_MAX, from_ms);
    bool done =
        known_symbols(backfill->known, backfill->settings->account, take_symbol, &symbols, error);
    done = done && (!symbols.failed || error_no_memory(error));
    backfill->progress = (struct backfill_progress){.total = count * (int64_t)symbols.count};
    for (size_t i = 0; i < symbols.count && done; i++) {
        bool more = true;
        backfill->progress.what = symbols.names[i];
        for (int64_t j = 0; j < count && done && more; j++) {
            done =
                get_trades_range(backfill, symbols.names[i],
                                 range_at(backfill, TRADES_SPAN_MS_MAX, from_ms, j), &more, error);
            backfill->progress.done = (int64_t)i * count + j + 1;
        }
    }
    backfill->progress.what = "trades";
    free(symbols.names);
    return done;
}

bool backfill_account(const struct poller_settings *settings, int64_t from_ms,
                      struct recorder *recorder, struct known *known,
                      const struct backfill_watch *watch, struct backfill_result *result,
                      struct error *error)
{
    struct backfill backfill = {
        .settings = settings,
        .recorder = recorder,
        .known = known,
        .watch = watch,
        .result = result,
        .clock = exchange_clock_start(clock_real_ms(), clock_monotonic_ms()),
        .limits = limits_start(settings->weight_share_percent),
        .random = random_start(),
    };
    *result = (struct backfill_result){0};
    backfill.transport = transport_new(CAPTURE_BODY_SIZE_MAX, error);
    if (backfill.transport == NULL) {
        return false;
    }
    poller_start(&backfill.poller, settings, backfill.transport, &backfill.clock);
    backfill.now_ms = now_ms(&backfill);
    from_ms = from_ms > BACKFILL_EARLIEST_MS ? from_ms : BACKFILL_EARLIEST_MS;
    bool done = (!settings->records[ENDPOINT_INCOME] || get_income(&backfill, from_ms, error)) &&
                (!settings->records[ENDPOINT_USER_TRADES] || get_trades(&backfill, from_ms, error));
    poller_free(&backfill.poller);
    transport_free(backfill.transport);
    return done;
}
