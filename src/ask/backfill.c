#include "ask/backfill.h"

#include <stdlib.h>
#include <string.h>

#include "ask/ask.h"
#include "base/calendar.h"

#define RETRY_BASE_MS 500
#define RETRY_CAP_MS 30000
#define SYMBOLS_MAX 1000
#define KNOWN_PAGES_MAX 20 /* taken in one turn */

/* What a question brought. */
struct page {
    int64_t row_count;
    bool is_refused; /* the exchange does not go so far back */
    struct span body;
};

const char *backfill_what(const struct backfill *backfill)
{
    return backfill->symbols == NULL                   ? "income"
           : backfill->symbol < backfill->symbol_count ? backfill->symbols[backfill->symbol]
                                                       : "trades";
}

static const struct product *product_of(const struct backfill *backfill)
{
    return asker_product(&backfill->asker);
}

static bool asks_income(const struct backfill *backfill)
{
    return backfill->asker.endpoint == ENDPOINT_INCOME;
}

static bool fail(struct backfill *backfill)
{
    backfill->has_failed = true;
    asker_rest(&backfill->asker);
    return false;
}

/* A grid cuts time into spans: the newest range first, which has no end yet. */
static void begin_ranges(struct backfill *backfill, int64_t from_ms, int64_t span_ms)
{
    backfill->range = 0;
    backfill->range_count =
        from_ms > backfill->now_ms ? 0 : backfill->now_ms / span_ms - from_ms / span_ms + 1;
}

static void begin_range(struct backfill *backfill, int64_t from_ms, int64_t span_ms)
{
    int64_t start_ms = (backfill->now_ms / span_ms - backfill->range) * span_ms;
    backfill->is_begun = true;
    backfill->last_id = (struct maybe_int){0};
    backfill->start_ms = start_ms > from_ms ? start_ms : from_ms;
    backfill->end_ms = (struct maybe_int){backfill->range > 0, start_ms + span_ms - 1};
}

static void end_range(struct backfill *backfill)
{
    backfill->is_begun = false;
    backfill->range++;
}

/* A whole day: another run on the same day asks the same. */
static int64_t trades_from_ms(const struct backfill *backfill)
{
    int64_t oldest_ms = (backfill->now_ms - BACKFILL_TRADES_MS) / DAY_MS * DAY_MS + DAY_MS;
    return backfill->from_ms > oldest_ms ? backfill->from_ms : oldest_ms;
}

static void take_symbol(void *context, const char *symbol)
{
    struct backfill *backfill = context;
    if (backfill->symbol_count < SYMBOLS_MAX && strlen(symbol) < QUESTION_NAME_SIZE) {
        memcpy(backfill->symbols[backfill->symbol_count++], symbol, strlen(symbol) + 1);
    }
}

static bool begin_trades(struct backfill *backfill, struct error *error)
{
    struct asker *asker = &backfill->asker;
    asker->endpoint = ENDPOINT_USER_TRADES;
    backfill->symbols = calloc(SYMBOLS_MAX, sizeof *backfill->symbols);
    begin_ranges(backfill, trades_from_ms(backfill), product_of(backfill)->trades_span_ms_max);
    if (backfill->symbols == NULL) {
        return error_no_memory(error);
    }
    return !asker_settings(asker)->records[ENDPOINT_USER_TRADES] ||
           known_symbols(ask_settings(asker)->known, asker_account(asker), take_symbol, backfill,
                         error);
}

static bool begin(struct backfill *backfill, const struct moment *now, struct error *error)
{
    backfill->now_ms = now->exchange.ms;
    if (backfill->from_ms < BACKFILL_EARLIEST_MS) {
        backfill->from_ms = BACKFILL_EARLIEST_MS;
    }
    if (!asker_settings(&backfill->asker)->records[ENDPOINT_INCOME]) {
        return begin_trades(backfill, error);
    }
    begin_ranges(backfill, backfill->from_ms, product_of(backfill)->income_span_ms_max);
    return true;
}

/* Goes on to the range, or part, that is next. */
static bool step_on(struct backfill *backfill, struct error *error)
{
    if (asks_income(backfill) && backfill->range >= backfill->range_count &&
        !begin_trades(backfill, error)) {
        return false;
    }
    if (asks_income(backfill)) {
        if (!backfill->is_begun) {
            begin_range(backfill, backfill->from_ms, product_of(backfill)->income_span_ms_max);
            income_pages_begin(&backfill->pages, product_of(backfill), backfill->start_ms,
                               backfill->end_ms);
        }
        return true;
    }
    while (backfill->symbol < backfill->symbol_count && backfill->range >= backfill->range_count) {
        backfill->symbol++;
        backfill->range = 0;
    }
    backfill->is_done = backfill->symbol >= backfill->symbol_count;
    if (!backfill->is_begun && !backfill->is_done) {
        begin_range(backfill, trades_from_ms(backfill), product_of(backfill)->trades_span_ms_max);
    }
    return true;
}

static void make_question(const struct backfill *backfill, struct question *question)
{
    if (asks_income(backfill)) {
        income_pages_question(&backfill->pages, backfill->now_ms, question);
        return;
    }
    *question = (struct question){.endpoint = ENDPOINT_USER_TRADES, .limit = maybe_of(PAGE_ROWS)};
    memcpy(question->symbol, backfill->symbols[backfill->symbol], sizeof question->symbol);
    if (backfill->last_id.known) {
        question->from_id = maybe_of(backfill->last_id.value + 1);
    } else {
        question->start_ms = maybe_of(backfill->start_ms);
        question->end_ms = backfill->end_ms;
    }
}

static bool take_income(struct backfill *backfill, const struct question *question,
                        const struct page *page, struct error *error)
{
    enum income_step step =
        income_pages_take(&backfill->pages, question, page->body, backfill->now_ms);
    backfill->cut_off += income_pages_is_cut_off(question, page->row_count);
    switch (step) {
    case INCOME_NO_MEMORY:
        return error_no_memory(error);
    case INCOME_NOT_AS_ASKED:
        return error_set(error, ERROR_FAILED,
                         "income: the exchange answers with other times than were asked for "
                         "(what it said is recorded)");
    case INCOME_DONE:
        end_range(backfill);
        return true;
    case INCOME_MORE:
        break;
    }
    return true;
}

/* On from the end of a full page; a millisecond with more than that is passed by ids. */
static bool take_trades(struct backfill *backfill, const struct question *question,
                        const struct page *page, struct error *error)
{
    const struct known_page end = {.symbol = question->symbol,
                                   .from_id = question->from_id,
                                   .start_ms = backfill->start_ms,
                                   .count = page->row_count};
    bool is_full = page->row_count >= PAGE_ROWS, by_ids = backfill->last_id.known;
    int64_t time_ms = backfill->start_ms, last_id = 0;
    if ((is_full || (by_ids && page->row_count > 0)) &&
        !known_page_end(ask_settings(&backfill->asker)->known, asker_account(&backfill->asker),
                        &end, &time_ms, &last_id, error)) {
        return false;
    }
    if (!is_full && !by_ids) {
        end_range(backfill);
        return true;
    }
    bool goes_on_by_ids = is_full && time_ms <= backfill->start_ms;
    backfill->last_id = (struct maybe_int){goes_on_by_ids, last_id};
    if (time_ms > backfill->start_ms) {
        backfill->start_ms = time_ms; /* that millisecond again: it may have had more */
    } else if (!goes_on_by_ids) {
        backfill->start_ms++;
    }
    if (backfill->end_ms.known && backfill->start_ms > backfill->end_ms.value) {
        end_range(backfill);
    }
    return true;
}

static bool take_page(struct backfill *backfill, const struct question *question,
                      const struct page *page, struct error *error)
{
    if (page->is_refused) { /* nor of what is older */
        backfill->is_begun = false;
        backfill->range = backfill->range_count;
        return true;
    }
    return asks_income(backfill) ? take_income(backfill, question, page, error)
                                 : take_trades(backfill, question, page, error);
}

/* Takes a page that is recorded and can be no other by now; *taken: whether it is. */
static bool take_known(struct backfill *backfill, const struct question *question, bool *taken,
                       struct error *error)
{
    const struct account_settings *settings = asker_settings(&backfill->asker);
    struct known *known = ask_settings(&backfill->asker)->known;
    struct text url = {0}, request = {0}, body = {0};
    struct known_answer answer = {0};
    bool done = endpoint_ask(&settings->exchange, question, (struct exchange_time){0}, &url,
                             &request, error) &&
                known_answer(known, settings->account, question->endpoint, text_string(&request),
                             &answer, error);
    text_free(&url);
    text_free(&request);
    bool is_full = answer.row_count.known && answer.row_count.value >= PAGE_ROWS;
    bool is_over = answer.row_count.known && question->end_ms.known &&
                   answer.received_ms > question->end_ms.value + KNOWN_LATE_MS;
    *taken = done && (is_full || is_over);
    if (*taken) {
        backfill->repeated++;
        done = !asks_income(backfill) || known_body(known, answer.capture_id, &body, error);
        const struct page page = {.row_count = answer.row_count.value, .body = text_span(&body)};
        done = done && take_page(backfill, question, &page, error);
        text_free(&body);
    }
    return done;
}

static bool question(struct asker *asker, const struct moment *now, struct question *question,
                     struct error *error)
{
    struct backfill *backfill = (struct backfill *)asker;
    bool taken = true;
    bool done = backfill->now_ms > 0 || begin(backfill, now, error);
    for (int pages = 0; done && taken; pages++) {
        if (pages == KNOWN_PAGES_MAX) { /* others have their turn */
            asker_rest(asker);
            asker_want(asker, boot_after(now->boot, 1));
            return false;
        }
        done = step_on(backfill, error);
        if (done && backfill->is_done) {
            asker_rest(asker);
            return false;
        }
        if (done) {
            make_question(backfill, question);
            done = take_known(backfill, question, &taken, error);
        }
    }
    if (!done) {
        backfill->error = *error;
        error->kind = ERROR_NONE;
        return fail(backfill);
    }
    return true;
}

/* Whether the exchange's no is about what was asked, not about who asks. */
static bool is_about_question(const struct capture *capture)
{
    return capture->outcome == OUTCOME_API_ERROR && capture->api_code.known &&
           capture->api_code.value <= -1100 && capture->api_code.value > -2000 &&
           !endpoint_is_outage(capture);
}

static void answered(struct asker *asker, const struct now *now, struct capture *capture)
{
    struct backfill *backfill = (struct backfill *)asker;
    const struct page refused = {.is_refused = true};
    bool is_pause = capture->outcome == OUTCOME_RATE_LIMITED || capture->outcome == OUTCOME_BANNED;
    text_clear(&backfill->trouble);
    backfill->requests++;
    asker->failures += is_pause;
    if ((capture->outcome == OUTCOME_OK && !endpoint_is_outage(capture)) || asker->clock_retried) {
        return;
    }
    /* Not even of these days: that is no end of what it has. */
    bool is_end = is_about_question(capture) && !(asks_income(backfill) && backfill->range == 0);
    if (is_end) {
        take_page(backfill, &asker->flight->question, &refused, &backfill->error);
        asker->failures = 0;
        asker_want(asker, now->boot);
    } else if ((is_pause || endpoint_is_outage(capture)) && asker->failures < BACKFILL_TRIES_MAX) {
        text_append(&backfill->trouble, capture->detail.data, capture->detail.size);
    } else {
        error_set(&backfill->error, endpoint_is_refused(capture) ? ERROR_REFUSED : ERROR_FAILED,
                  "%s: %s: %s (run it again later: it goes on where it ended)",
                  endpoint_name(capture->endpoint), outcome_name(capture->outcome),
                  text_string(&capture->detail));
        fail(backfill);
    }
}

static void recorded(struct asker *asker, const struct moment *now, const struct question *question,
                     const struct capture *capture, int64_t row_count)
{
    struct backfill *backfill = (struct backfill *)asker;
    const struct page page = {.row_count = row_count, .body = text_span(&capture->body)};
    if (capture->outcome != OUTCOME_OK) {
        error_set(&backfill->error, ERROR_FAILED,
                  "%s: %s: %s (run it again later: it goes on where it ended)",
                  endpoint_name(capture->endpoint), outcome_name(capture->outcome),
                  text_string(&capture->detail));
        fail(backfill);
    } else if (take_page(backfill, question, &page, &backfill->error)) {
        asker_want(asker, now->boot);
    } else {
        fail(backfill);
    }
}

static void release(struct asker *asker)
{
    struct backfill *backfill = (struct backfill *)asker;
    income_pages_end(&backfill->pages);
    free(backfill->symbols);
    text_free(&backfill->trouble);
}

const struct source SOURCE_BACKFILL = {
    .endpoint = ENDPOINT_INCOME,
    .priority = PRIORITY_BACKFILL,
    .is_captured = true,
    .retry_base_ms = RETRY_BASE_MS,
    .retry_cap_ms = RETRY_CAP_MS,
    .question = question,
    .answered = answered,
    .recorded = recorded,
    .release = release,
};
