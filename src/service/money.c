#include "service/money.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* What happened may be known only so much later: income is asked for now and then. */
#define LOOK_BACK_MS INT64_C(3600000)

/* A commit that has not come by then will not: the capture had to be dropped. */
#define COMMIT_WAIT_MS 600000

void money_start(struct money *money, const struct poller_settings *settings,
                 struct transport *transport, struct exchange_clock *clock, struct known *known)
{
    *money = (struct money){.known = known};
    poller_start(&money->poller, settings, transport, clock);
}

void money_free(struct money *money)
{
    poller_free(&money->poller);
    income_pages_end(&money->pages);
    free(money->symbols);
}

bool money_is_recorded(const struct poller_settings *settings)
{
    return settings->records[ENDPOINT_ACCOUNT] || settings->records[ENDPOINT_INCOME] ||
           settings->records[ENDPOINT_USER_TRADES];
}

void money_add_demand(const struct poller_settings *settings, struct limits_demand *demand)
{
    const struct {
        enum endpoint endpoint;
        int64_t interval_ms;
    } kinds[] = {
        {ENDPOINT_ACCOUNT, settings->account_interval_ms},
        {ENDPOINT_INCOME, settings->income_interval_ms},
        {ENDPOINT_USER_TRADES, settings->income_interval_ms},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (settings->records[kinds[i].endpoint]) {
            limits_demand_add_fixed(demand, endpoint_weight(kinds[i].endpoint),
                                    kinds[i].interval_ms);
        }
    }
}

void money_schedule(struct money *money, int64_t now_ms, bool at_once)
{
    const struct poller_settings *settings = money->poller.settings;
    money->is_scheduled = true;
    money->has_news = settings->records[ENDPOINT_USER_TRADES];
    money->looked_ms = now_ms - MONEY_FIRST_SPAN_MS;
    money->account = schedule_start(settings->account_interval_ms, now_ms, at_once);
    money->income = schedule_start(settings->income_interval_ms, now_ms, at_once);
}

void money_want_round(struct money *money, int64_t now_ms)
{
    money->has_news = money->poller.settings->records[ENDPOINT_USER_TRADES];
    money->looked_ms = now_ms - MONEY_FIRST_SPAN_MS;
    money->account_wanted = money->poller.settings->records[ENDPOINT_ACCOUNT];
    money->income_wanted = money->poller.settings->records[ENDPOINT_INCOME];
}

void money_catch_up(struct money *money, int64_t now_ms)
{
    if (now_ms >= money->next_catch_up_ms) {
        money->next_catch_up_ms = now_ms + MONEY_CATCH_UP_EVERY_MS;
        money->income_wanted = money->poller.settings->records[ENDPOINT_INCOME];
        money->income_due_ms = (struct maybe_int){0};
    }
}

static void log_failure(const struct money *money, const struct error *error)
{
    struct log_line line;
    log_begin(&line, LOG_ERROR, "money_not_asked");
    log_text(&line, "account", money->poller.settings->account);
    log_text(&line, "reason", error->text);
    log_end(&line);
}

/* A tick wants its question asked; one that still waits is not asked for twice. */
static void take_tick(struct schedule *schedule, bool is_recorded, int64_t now_ms, bool *wanted,
                      struct maybe_int *due_ms)
{
    int64_t tick_ms, skipped;
    enum schedule_step step = schedule_work(schedule, now_ms, false, &tick_ms, &skipped);
    if (step != SCHEDULE_WAIT && is_recorded) {
        *wanted = true;
        *due_ms = step == SCHEDULE_TICK ? maybe_of(tick_ms) : *due_ms;
    }
}

/* NULL for a name that no question can hold, with too many symbols, or without memory. */
static struct money_symbol *find_symbol(struct money *money, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < money->symbol_count; i++) {
        if (strcmp(money->symbols[i].name, name) == 0) {
            return &money->symbols[i];
        }
    }
    if (size >= QUESTION_NAME_SIZE || money->symbol_count == MONEY_SYMBOLS_MAX) {
        return NULL;
    }
    if (money->symbol_count == money->symbol_capacity) {
        size_t wanted = money->symbol_capacity * 2 + 8;
        void *grown = reallocarray(money->symbols, wanted, sizeof *money->symbols);
        if (grown == NULL) {
            return NULL;
        }
        money->symbols = grown;
        money->symbol_capacity = wanted;
    }
    struct money_symbol *symbol = &money->symbols[money->symbol_count++];
    *symbol = (struct money_symbol){.change_ms = INT64_MIN, .asked_ms = INT64_MIN};
    memcpy(symbol->name, name, size + 1);
    return symbol;
}

static void take_want(void *context, const struct known_want *want)
{
    struct money_symbol *symbol = find_symbol(context, want->symbol);
    if (symbol != NULL && want->change_ms > symbol->change_ms) {
        symbol->change_ms = want->change_ms;
    }
}

/* Looks what has happened since it was last looked. */
static void look(struct money *money, int64_t now_ms)
{
    const struct poller_settings *settings = money->poller.settings;
    struct error error;
    if (!money->has_news || now_ms < money->next_look_ms) {
        return;
    }
    money->next_look_ms = now_ms + MONEY_LOOK_EVERY_MS;
    int64_t back_ms = 2 * settings->income_interval_ms;
    int64_t since_ms = money->looked_ms - (back_ms > LOOK_BACK_MS ? back_ms : LOOK_BACK_MS);
    if (known_wants(money->known, settings->account, since_ms, take_want, money, &error)) {
        money->has_news = false;
        money->looked_ms = now_ms;
    } else {
        log_failure(money, &error);
    }
}

static bool is_wanted(const struct money_symbol *symbol)
{
    return symbol->change_ms > symbol->asked_ms;
}

static struct money_symbol *wanted_symbol(struct money *money, int64_t now_ms)
{
    for (size_t i = 0; i < money->symbol_count; i++) {
        if (is_wanted(&money->symbols[i]) && now_ms >= money->symbols[i].next_ms) {
            return &money->symbols[i];
        }
    }
    return NULL;
}

static bool income_question(struct money *money, int64_t now_ms, struct question *question,
                            struct error *error)
{
    if (money->page_count == 0) {
        struct maybe_int last_ms;
        if (!known_income_ms(money->known, money->poller.settings->account, now_ms, &last_ms,
                             error)) {
            return false;
        }
        income_pages_begin(&money->pages,
                           last_ms.known ? last_ms.value - MONEY_OVERLAP_MS
                                         : now_ms - MONEY_FIRST_SPAN_MS,
                           (struct maybe_int){0});
    }
    income_pages_question(&money->pages, now_ms, question);
    return true;
}

static bool trades_question(struct money *money, const struct money_symbol *symbol, int64_t now_ms,
                            struct question *question, struct error *error)
{
    struct maybe_int last_id;
    *question = (struct question){.endpoint = ENDPOINT_USER_TRADES, .limit = maybe_of(PAGE_ROWS)};
    memcpy(question->symbol, symbol->name, sizeof question->symbol);
    if (!known_trade_id(money->known, money->poller.settings->account, symbol->name, now_ms,
                        &last_id, error)) {
        return false;
    }
    if (last_id.known) {
        question->from_id = maybe_of(last_id.value + 1);
    } else {
        question->start_ms = maybe_of(now_ms - MONEY_FIRST_SPAN_MS);
    }
    return true;
}

/* The question that is due first; false when there is none. */
static bool next_question(struct money *money, int64_t now_ms, struct question *question,
                          struct maybe_int *due_ms, int64_t *interval_ms)
{
    const struct poller_settings *settings = money->poller.settings;
    struct error error;
    bool made = true;
    const struct money_symbol *symbol;
    *due_ms = (struct maybe_int){0};
    *interval_ms = settings->income_interval_ms;
    if (money->account_wanted) {
        *question = (struct question){.endpoint = ENDPOINT_ACCOUNT};
        *due_ms = money->account_due_ms;
        *interval_ms = settings->account_interval_ms;
    } else if (money->income_wanted) {
        made = income_question(money, now_ms, question, &error);
        *due_ms = money->income_due_ms;
    } else if ((symbol = wanted_symbol(money, now_ms)) != NULL) {
        made = trades_question(money, symbol, now_ms, question, &error);
    } else {
        return false;
    }
    if (!made) {
        log_failure(money, &error);
    }
    return made;
}

static bool is_busy(const struct money *money)
{
    return money->poller.phase != POLLER_IDLE || money->is_waiting;
}

void money_work(struct money *money, int64_t now_ms, struct limits *limits)
{
    const struct poller_settings *settings = money->poller.settings;
    struct question question;
    struct maybe_int due_ms;
    int64_t interval_ms;
    struct error error;
    if (money->is_scheduled) {
        take_tick(&money->account, settings->records[ENDPOINT_ACCOUNT], now_ms,
                  &money->account_wanted, &money->account_due_ms);
        take_tick(&money->income, settings->records[ENDPOINT_INCOME], now_ms, &money->income_wanted,
                  &money->income_due_ms);
    }
    if (money->is_waiting && now_ms - money->waiting_since_ms > COMMIT_WAIT_MS) {
        money->is_waiting = false;
    }
    if (is_busy(money)) {
        return;
    }
    if (!money->account_wanted && !money->income_wanted) {
        look(money, now_ms);
    }
    if (!next_question(money, now_ms, &question, &due_ms, &interval_ms) ||
        !limits_may_send_extra(limits, now_ms, endpoint_weight(question.endpoint))) {
        return;
    }
    if (poller_ask(&money->poller, &question, due_ms, maybe_of(interval_ms), &error)) {
        limits_note_sent(limits, now_ms, endpoint_weight(question.endpoint));
    } else {
        log_failure(money, &error);
    }
}

/* The question that was asked brought nothing: when it is asked again. */
static void give_up(struct money *money, int64_t now_ms, enum schedule_end end, uint64_t random)
{
    struct money_symbol *symbol;
    switch (money->poller.question.endpoint) {
    case ENDPOINT_ACCOUNT:
        money->account_wanted = false;
        schedule_note(&money->account, now_ms, end, random);
        break;
    case ENDPOINT_INCOME:
        money->income_wanted = false;
        money->page_count = 0;
        schedule_note(&money->income, now_ms, end, random);
        break;
    default:
        symbol = find_symbol(money, money->poller.question.symbol);
        if (symbol != NULL) {
            symbol->next_ms = now_ms + SCHEDULE_REFUSED_WAIT_MS;
        }
        break;
    }
}

bool money_answer(struct money *money, struct http_response *response, int64_t now_ms,
                  bool is_paused, uint64_t random)
{
    struct poller *poller = &money->poller;
    struct error error;
    poller->question_follows &= !is_paused;
    switch (poller_answer(poller, response, &error)) {
    case POLLER_CAPTURED:
        break;
    case POLLER_FAILED:
        log_failure(money, &error);
        poller->phase = POLLER_IDLE;
        give_up(money, now_ms, SCHEDULE_DONE, random);
        return false;
    case POLLER_MEASURED:
        give_up(money, now_ms, SCHEDULE_DONE, random);
        return false;
    case POLLER_WAITING:
        return false;
    }
    const struct capture *capture = &poller->capture;
    enum schedule_end end = endpoint_is_outage(capture)    ? SCHEDULE_OUTAGE
                            : endpoint_is_refused(capture) ? SCHEDULE_REFUSED
                                                           : SCHEDULE_DONE;
    if (end == SCHEDULE_REFUSED) {
        poller_log_refusal(poller->settings->account, capture);
    }
    if (!poller_continue(poller, &error)) {
        log_failure(money, &error);
    }
    money->is_waiting = capture->outcome == OUTCOME_OK && end == SCHEDULE_DONE;
    money->waiting_since_ms = now_ms;
    if (poller->phase == POLLER_IDLE && !money->is_waiting) {
        give_up(money, now_ms, end, random);
    }
    return true;
}

static void log_income(const struct money *money, const char *event, const char *reason)
{
    const struct question *question = &money->poller.question;
    struct log_line line;
    log_begin(&line, LOG_WARNING, event);
    log_text(&line, "account", money->poller.settings->account);
    log_int(&line, "from_ms", question->start_ms.value);
    if (question->income_type[0] != '\0') {
        log_text(&line, "income_type", question->income_type);
    }
    log_text(&line, "reason", reason);
    log_end(&line);
}

static void take_income(struct money *money, const struct capture *capture, int64_t row_count)
{
    const struct question *question = &money->poller.question;
    enum income_step step =
        income_pages_take(&money->pages, question, text_span(&capture->body), capture->received_ms);
    if (income_pages_is_cut_off(question, row_count)) {
        log_income(money, "income_incomplete",
                   "the exchange shows no more of one millisecond: see 'posrec report reconcile'");
    }
    if (step == INCOME_NOT_AS_ASKED) {
        log_income(money, "income_not_as_asked", "the answer has other times than were asked for");
    }
    money->income_wanted = step == INCOME_MORE && money->page_count < MONEY_PAGES_MAX;
    money->page_count = money->income_wanted ? money->page_count + 1 : 0;
    money->has_news |= money->poller.settings->records[ENDPOINT_USER_TRADES];
}

/* Whether a full page of trades leads on: the last one known is now later than what was asked for.
 */
static bool leads_on(struct money *money, int64_t now_ms)
{
    const struct question *question = &money->poller.question;
    struct maybe_int last_id;
    struct error error;
    if (!known_trade_id(money->known, money->poller.settings->account, question->symbol, now_ms,
                        &last_id, &error)) {
        log_failure(money, &error);
        return false;
    }
    return last_id.known && (!question->from_id.known || last_id.value >= question->from_id.value);
}

static void take_trades(struct money *money, const struct capture *capture, int64_t row_count)
{
    struct money_symbol *symbol = find_symbol(money, money->poller.question.symbol);
    if (symbol == NULL || (row_count >= PAGE_ROWS && leads_on(money, capture->received_ms))) {
        return;
    }
    symbol->asked_ms = capture->sent_ms.value;
    symbol->change_ms = INT64_MIN; /* what is missing still, the next look finds again */
    symbol->next_ms = capture->received_ms + money->poller.settings->income_interval_ms;
}

void money_note_recorded(struct money *money, const struct capture *capture, int64_t row_count)
{
    money->has_news |= row_count > 0 && capture->endpoint != ENDPOINT_ACCOUNT &&
                       money->poller.settings->records[ENDPOINT_USER_TRADES];
    if (!money->is_waiting || capture->endpoint != money->poller.question.endpoint) {
        return;
    }
    money->is_waiting = false;
    if (capture->outcome != OUTCOME_OK) {
        give_up(money, capture->received_ms, SCHEDULE_DONE, 0);
        return;
    }
    switch (capture->endpoint) {
    case ENDPOINT_ACCOUNT:
        money->account_wanted = false;
        break;
    case ENDPOINT_INCOME:
        take_income(money, capture, row_count);
        break;
    default:
        take_trades(money, capture, row_count);
        break;
    }
}

bool money_is_idle(const struct money *money, int64_t now_ms)
{
    bool due = money->account_wanted || money->income_wanted || money->has_news;
    for (size_t i = 0; i < money->symbol_count; i++) {
        due |= is_wanted(&money->symbols[i]) && money->symbols[i].next_ms <= now_ms;
    }
    return !is_busy(money) && !due;
}

static int64_t earlier_after(int64_t now_ms, int64_t at_ms, int64_t wake_ms)
{
    return at_ms > now_ms && at_ms < wake_ms ? at_ms : wake_ms;
}

/* What is due already waits for weight, of which the owner's next look tells. */
int64_t money_wake_ms(const struct money *money, int64_t now_ms)
{
    int64_t wake_ms = INT64_MAX;
    if (!money->is_scheduled) {
        return wake_ms;
    }
    wake_ms = earlier_after(now_ms, money->account.next_due_ms, wake_ms);
    wake_ms = earlier_after(now_ms, money->income.next_due_ms, wake_ms);
    if (money->account.retry_is_due) {
        wake_ms = earlier_after(now_ms, money->account.retry_ms, wake_ms);
    }
    if (money->income.retry_is_due) {
        wake_ms = earlier_after(now_ms, money->income.retry_ms, wake_ms);
    }
    if (money->has_news) {
        wake_ms = earlier_after(now_ms, money->next_look_ms, wake_ms);
    }
    for (size_t i = 0; i < money->symbol_count; i++) {
        if (is_wanted(&money->symbols[i])) {
            wake_ms = earlier_after(now_ms, money->symbols[i].next_ms, wake_ms);
        }
    }
    return wake_ms;
}
