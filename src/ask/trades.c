#include "ask/trades.h"

#include <stdlib.h>
#include <string.h>

#include "ask/ask.h"
#include "base/array.h"
#include "base/log.h"

/* What happened may be known only so much later: income is asked for now and then. */
#define LOOK_BACK_MS INT64_C(3600000)

/* Where no income can be had, no further back than this. */
#define LOOK_BACK_MS_MAX (INT64_C(86400) * 1000)

static void release(struct asker *asker)
{
    free(((struct trades *)asker)->symbols);
}

static bool is_wanted(const struct trades_symbol *symbol)
{
    return symbol->change_ms > symbol->asked_ms;
}

/* When there is something to do next. */
static void plan(struct trades *trades)
{
    struct boot_time next = trades->has_news ? trades->next_look : BOOT_NEVER;
    for (size_t i = 0; i < trades->symbol_count; i++) {
        if (is_wanted(&trades->symbols[i])) {
            next = boot_earlier(next, trades->symbols[i].next);
        }
    }
    asker_rest(&trades->asker);
    if (next.ms != BOOT_NEVER.ms) {
        asker_want(&trades->asker, next);
    }
}

void trades_note_news(struct trades *trades, struct boot_time now)
{
    if (trades->asker.source != NULL && !trades->has_news) {
        trades->has_news = true;
        asker_want(&trades->asker, boot_later(now, trades->next_look));
    }
}

/* NULL for a name that no question can hold, with too many symbols, or without memory. */
static struct trades_symbol *find_symbol(struct trades *trades, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < trades->symbol_count; i++) {
        if (strcmp(trades->symbols[i].name, name) == 0) {
            return &trades->symbols[i];
        }
    }
    if (size >= QUESTION_NAME_SIZE || trades->symbol_count == TRADES_SYMBOLS_MAX ||
        !array_grow((void **)&trades->symbols, sizeof *trades->symbols, &trades->symbol_capacity,
                    trades->symbol_count + 1)) {
        return NULL;
    }
    struct trades_symbol *symbol = &trades->symbols[trades->symbol_count++];
    *symbol = (struct trades_symbol){.change_ms = INT64_MIN, .asked_ms = INT64_MIN};
    memcpy(symbol->name, name, size + 1);
    return symbol;
}

static void take_want(void *context, const struct known_want *want)
{
    struct trades_symbol *symbol = find_symbol(context, want->symbol);
    if (symbol != NULL && want->change_ms > symbol->change_ms) {
        symbol->change_ms = want->change_ms;
    }
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What income is still to tell of may have happened before now. */
static int64_t looked_until(const struct trades *trades, const struct moment *now)
{
    const struct income *income = &trades->asker.account->income;
    return income->asker.source == NULL
               ? now->exchange.ms
               : later(income->known_ms, now->exchange.ms - LOOK_BACK_MS_MAX);
}

/* Looks what has happened since it was last looked. */
static bool look(struct trades *trades, const struct moment *now, struct error *error)
{
    const struct ask_settings *settings = ask_settings(&trades->asker);
    int64_t back_ms = 2 * trades->asker.interval_ms.value;
    if (!trades->has_news || !boot_reached(now->boot, trades->next_look)) {
        return true;
    }
    if (!trades->has_looked) {
        trades->looked_ms = now->exchange.ms - asker_first_span_ms(&trades->asker);
    }
    trades->next_look =
        settings->is_round ? now->boot : boot_after(now->boot, TRADES_LOOK_EVERY_MS);
    int64_t since_ms = trades->looked_ms - (back_ms > LOOK_BACK_MS ? back_ms : LOOK_BACK_MS);
    if (!known_wants(settings->known, asker_account(&trades->asker), since_ms, take_want, trades,
                     error)) {
        return false;
    }
    trades->has_news = false;
    trades->has_looked = true;
    trades->looked_ms = later(trades->looked_ms, looked_until(trades, now));
    return true;
}

static const struct trades_symbol *wanted_symbol(const struct trades *trades, struct boot_time now)
{
    for (size_t i = 0; i < trades->symbol_count; i++) {
        if (is_wanted(&trades->symbols[i]) && boot_reached(now, trades->symbols[i].next)) {
            return &trades->symbols[i];
        }
    }
    return NULL;
}

static bool question(struct asker *asker, const struct moment *now, struct question *question,
                     struct error *error)
{
    struct trades *trades = (struct trades *)asker;
    struct maybe_int last_id;
    if (!look(trades, now, error)) {
        return false;
    }
    const struct trades_symbol *symbol = wanted_symbol(trades, now->boot);
    if (symbol == NULL) {
        plan(trades);
        return false;
    }
    *question = (struct question){.endpoint = ENDPOINT_USER_TRADES, .limit = maybe_of(PAGE_ROWS)};
    memcpy(question->symbol, symbol->name, sizeof question->symbol);
    if (!known_trade_id(ask_settings(asker)->known, asker_account(asker), symbol->name,
                        now->exchange.ms, &last_id, error)) {
        return false;
    }
    if (last_id.known) {
        question->from_id = maybe_of(last_id.value + 1);
    } else {
        question->start_ms = maybe_of(now->exchange.ms - asker_first_span_ms(asker));
    }
    return true;
}

/* Another symbol may fare better. */
static void answered(struct asker *asker, const struct now *now, struct capture *capture)
{
    struct trades *trades = (struct trades *)asker;
    struct trades_symbol *symbol = find_symbol(trades, asker->flight->question.symbol);
    if (capture->outcome != OUTCOME_OK && !asker->clock_retried) {
        if (symbol != NULL) {
            symbol->next = boot_after(now->boot, ASK_REFUSED_WAIT_MS);
        }
        plan(trades);
    }
}

/* Whether a full page of trades leads on: the last one known is now later than what was asked for.
 */
static bool leads_on(const struct asker *asker, const struct moment *now,
                     const struct question *question)
{
    struct maybe_int last_id;
    struct error error;
    if (!known_trade_id(ask_settings(asker)->known, asker_account(asker), question->symbol,
                        now->exchange.ms, &last_id, &error)) {
        ask_log_failure(asker, ENDPOINT_USER_TRADES, &error);
        return false;
    }
    return last_id.known && (!question->from_id.known || last_id.value >= question->from_id.value);
}

static void recorded(struct asker *asker, const struct moment *now, const struct question *question,
                     const struct capture *capture, int64_t row_count)
{
    struct trades *trades = (struct trades *)asker;
    struct trades_symbol *symbol = find_symbol(trades, question->symbol);
    if (symbol != NULL && capture->outcome != OUTCOME_OK) {
        symbol->next = boot_after(now->boot, ASK_REFUSED_WAIT_MS);
    } else if (symbol != NULL && (row_count < PAGE_ROWS || !leads_on(asker, now, question))) {
        symbol->asked_ms = capture->sent_ms.value;
        symbol->change_ms = INT64_MIN; /* what is missing still, the next look finds again */
        symbol->next = boot_after(now->boot, asker->interval_ms.value);
    }
    plan(trades);
}

const struct source SOURCE_TRADES = {
    .endpoint = ENDPOINT_USER_TRADES,
    .priority = PRIORITY_MONEY,
    .is_captured = true,
    .retry_base_ms = ASK_RETRY_BASE_MS,
    .retry_cap_ms = ASK_REFUSED_WAIT_MS,
    .question = question,
    .answered = answered,
    .recorded = recorded,
    .release = release,
};
