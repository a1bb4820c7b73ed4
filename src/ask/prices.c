#include "ask/prices.h"

#include <stdlib.h>
#include <string.h>

#include "ask/ask.h"
#include "base/array.h"

static void release(struct asker *asker)
{
    free(((struct prices *)asker)->pairs);
}

static struct prices_pair *find_pair(const struct prices *prices, const char *name)
{
    for (size_t i = 0; i < prices->pair_count; i++) {
        if (strcmp(prices->pairs[i].name, name) == 0) {
            return &prices->pairs[i];
        }
    }
    return NULL;
}

static struct boot_time next_of(const struct prices_pair *pair)
{
    return boot_earlier(pair->next, pair->rates_next);
}

/* The pair that is asked for next; NULL when there is nothing to ask. */
static struct prices_pair *next_pair(const struct prices *prices)
{
    struct prices_pair *next = NULL;
    for (size_t i = 0; i < prices->pair_count; i++) {
        struct prices_pair *pair = &prices->pairs[i];
        if (next == NULL || next_of(pair).ms < next_of(next).ms) {
            next = pair;
        }
    }
    return next == NULL || next_of(next).ms == BOOT_NEVER.ms ? NULL : next;
}

static bool wants_rates(const struct prices_pair *pair)
{
    return pair->rates_next.ms < pair->next.ms;
}

/* When there is something to ask next, and what. */
static void plan(struct prices *prices)
{
    const struct prices_pair *pair = next_pair(prices);
    asker_rest(&prices->asker);
    if (pair != NULL) {
        prices->asker.endpoint =
            wants_rates(pair) ? ENDPOINT_FUNDING_RATE : asker_product(&prices->asker)->prices;
        asker_want(&prices->asker, next_of(pair));
    }
    ask_touch(&prices->asker);
}

/* What is held now is new, or is held still. */
static void note(struct prices *prices, const struct prices_pair *held)
{
    struct prices_pair *pair = find_pair(prices, held->name);
    if (pair == NULL) {
        if (prices->pair_count == PRICES_PAIRS_MAX ||
            !array_grow((void **)&prices->pairs, sizeof *prices->pairs, &prices->pair_capacity,
                        prices->pair_count + 1)) {
            return; /* the next answer tells of it again */
        }
        pair = &prices->pairs[prices->pair_count++];
        *pair = *held;
        prices->asker.host->way->is_judged = false;
        if (prices->asker.flight == NULL) {
            plan(prices);
        }
    }
    pair->seen = held->seen;
}

void prices_note_pair(struct prices *prices, const char *name, struct boot_time now)
{
    struct prices_pair pair = {.next = now, .rates_next = BOOT_NEVER, .seen = now};
    if (strlen(name) < QUESTION_NAME_SIZE) {
        memcpy(pair.name, name, strlen(name) + 1);
        note(prices, &pair);
    }
}

void prices_note_symbol(struct prices *prices, const char *symbol, struct boot_time now)
{
    struct prices_pair pair = {.next = BOOT_NEVER, .rates_next = now, .seen = now};
    if (strlen(symbol) < QUESTION_NAME_SIZE) {
        memcpy(pair.name, symbol, strlen(symbol) + 1);
        memcpy(pair.perpetual, pair.name, sizeof pair.perpetual);
        note(prices, &pair);
    }
}

/* The prices, and when it is: what is told is held. */
struct holding {
    struct prices *prices;
    struct boot_time now;
};

static void take_pair(void *context, const char *name)
{
    const struct holding *holding = context;
    prices_note_pair(holding->prices, name, holding->now);
}

static void take_symbol(void *context, const char *symbol)
{
    const struct holding *holding = context;
    prices_note_symbol(holding->prices, symbol, holding->now);
}

/* Has what the account holds noted, as its product asks for it. */
static bool note_held(struct holding *holding, const char *account, struct error *error)
{
    const struct asker *asker = &holding->prices->asker;
    struct known *known = ask_settings(asker)->known;
    if (asker_product(asker)->prices_by_pair) {
        return known_pairs(known, account, take_pair, holding, error);
    }
    prices_note_pair(holding->prices, "", holding->now);
    return known_funded(known, account, take_symbol, holding, error);
}

/* Whether a pair was held of late. */
static bool is_held(const struct prices *prices, const struct prices_pair *pair,
                    struct boot_time now)
{
    int64_t forget_ms = 3 * prices->asker.interval_ms.value;
    forget_ms = forget_ms > PRICES_FORGET_MS ? forget_ms : PRICES_FORGET_MS;
    return boot_since(now, pair->seen) <= forget_ms;
}

void prices_note_holdings(struct ask_account *account, const struct now *now)
{
    struct prices *prices = &account->host->prices;
    struct holding holding = {prices, now->boot};
    struct error error;
    size_t kept = 0;
    if (prices->asker.source == NULL || !account_records_prices(account->settings)) {
        return;
    }
    if (!note_held(&holding, account->settings->account, &error)) {
        ask_log_failure(&prices->asker, asker_product(&prices->asker)->prices, &error);
    }
    for (size_t i = 0; i < prices->pair_count; i++) {
        if (is_held(prices, &prices->pairs[i], now->boot)) {
            prices->pairs[kept++] = prices->pairs[i];
        }
    }
    if (kept < prices->pair_count) { /* what was to be asked next may be gone */
        prices->pair_count = kept;
        if (prices->asker.flight == NULL) {
            plan(prices);
        }
    }
}

/* What came after the last funding whose rate is known, or the last ones. */
static bool ask_rates(const struct prices *prices, const struct prices_pair *pair,
                      const struct moment *now, struct question *question, struct error *error)
{
    struct maybe_int last_ms;
    if (!known_rate_ms(ask_settings(&prices->asker)->known, asker_product(&prices->asker)->name,
                       pair->perpetual, now->exchange.ms, &last_ms, error)) {
        return false;
    }
    memcpy(question->symbol, pair->perpetual, sizeof question->symbol);
    question->start_ms = (struct maybe_int){last_ms.known, last_ms.value + 1};
    question->limit = maybe_of(last_ms.known ? PAGE_ROWS : PRICES_FUNDINGS);
    return true;
}

static bool question(struct asker *asker, const struct moment *now, struct question *question,
                     struct error *error)
{
    struct prices *prices = (struct prices *)asker;
    const struct prices_pair *pair = next_pair(prices);
    if (pair == NULL || !boot_reached(now->boot, next_of(pair))) {
        plan(prices);
        return false;
    }
    *question = (struct question){.endpoint = asker->endpoint};
    memcpy(prices->asked, pair->name, sizeof prices->asked);
    if (wants_rates(pair)) {
        return ask_rates(prices, pair, now, question, error);
    }
    memcpy(question->pair, pair->name, sizeof question->pair);
    return true;
}

/* When funding comes next has moved on: it was paid. */
static void note_funding(struct prices_pair *pair, struct span body, struct boot_time now)
{
    int64_t next_ms;
    if (endpoint_read_next_funding(body, pair->perpetual, &next_ms) &&
        next_ms != pair->next_funding_ms) {
        pair->next_funding_ms = next_ms;
        pair->rates_next = now;
    }
}

/* When rates are asked for again that were told now: when prices tell that funding was paid, or
 * after the next full hour, in which it may have been. */
static struct boot_time rates_after(const struct asker *asker, const struct now *now)
{
    const struct exchange_clock *clock = asker_clock(asker);
    if (asker_product(asker)->prices_by_pair || ask_settings(asker)->is_round) {
        return BOOT_NEVER;
    }
    struct exchange_time time = exchange_clock_at(clock, now, now->boot);
    time.ms -= PRICES_RATES_LATE_MS;
    time = schedule_next(PRICES_RATES_EVERY_MS, time);
    time.ms += PRICES_RATES_LATE_MS;
    return exchange_clock_boot(clock, now, time);
}

static void answered(struct asker *asker, const struct now *now, struct capture *capture)
{
    struct prices *prices = (struct prices *)asker;
    struct prices_pair *pair = find_pair(prices, prices->asked);
    bool is_good = capture->outcome == OUTCOME_OK;
    bool is_prices = asker->flight->question.endpoint != ENDPOINT_FUNDING_RATE;
    if (pair != NULL && (is_good || !asker->clock_retried)) {
        struct boot_time *next = is_prices ? &pair->next : &pair->rates_next;
        *next = !is_good     ? boot_after(now->boot, ASK_REFUSED_WAIT_MS)
                : !is_prices ? rates_after(asker, now)
                : ask_settings(asker)->is_round
                    ? BOOT_NEVER
                    : boot_after(asker->asked_at, asker->interval_ms.value);
        if (is_good && is_prices) {
            note_funding(pair, text_span(&capture->body), now->boot);
        }
    }
    plan(prices);
}

int64_t prices_weight(const struct prices *prices)
{
    const struct exchange_account *exchange = &prices->asker.host->settings->exchange;
    size_t count = exchange->product->prices_by_pair ? prices->pair_count : 1;
    return (int64_t)count * endpoint_weight(exchange, exchange->product->prices);
}

const struct source SOURCE_PRICES = {
    .endpoint = ENDPOINT_PREMIUM_INDEX,
    .priority = PRIORITY_PRICES,
    .is_captured = true,
    .retry_base_ms = ASK_RETRY_BASE_MS,
    .retry_cap_ms = ASK_REFUSED_WAIT_MS,
    .question = question,
    .answered = answered,
    .release = release,
};
