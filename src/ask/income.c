#include "ask/income.h"

#include "ask/ask.h"
#include "base/log.h"

void income_catch_up(struct income *income, struct boot_time now)
{
    if (income->asker.source != NULL && !income->asker.is_wanted &&
        boot_reached(now, income->next_catch_up)) {
        income->next_catch_up = boot_after(now, INCOME_CATCH_UP_EVERY_MS);
        income->asker.due = (struct due){0};
        asker_want(&income->asker, now);
    }
}

static bool question(struct asker *asker, const struct moment *now, struct question *question,
                     struct error *error)
{
    struct income *income = (struct income *)asker;
    struct maybe_int last_ms;
    if (income->page_count == 0) {
        if (!known_income_ms(ask_settings(asker)->known, asker_account(asker), now->exchange.ms,
                             &last_ms, error)) {
            return false;
        }
        income_pages_begin(&income->pages, asker_product(asker),
                           last_ms.known ? last_ms.value - INCOME_OVERLAP_MS
                                         : now->exchange.ms - asker_first_span_ms(asker),
                           (struct maybe_int){0});
    }
    income_pages_question(&income->pages, now->exchange.ms, question);
    return true;
}

static void answered(struct asker *asker, const struct now *now, struct capture *capture)
{
    struct income *income = (struct income *)asker;
    (void)now;
    if (capture->outcome != OUTCOME_OK) {
        income->page_count = 0; /* the next try begins with what is known by then */
    }
}

/* Says of a question what is not as it should be. */
static void say(const struct asker *asker, const struct question *question, const char *event,
                const char *reason)
{
    const char *type = question->income_type;
    log_event(LOG_WARNING, event, LOG_TEXT("account", asker_account(asker)),
              LOG_INT("from_ms", question->start_ms.value),
              LOG_TEXT("income_type", type[0] != '\0' ? type : NULL), LOG_TEXT("reason", reason));
}

static void recorded(struct asker *asker, const struct moment *now, const struct question *question,
                     const struct capture *capture, int64_t row_count)
{
    struct income *income = (struct income *)asker;
    enum income_step step = INCOME_DONE;
    if (capture->outcome == OUTCOME_OK) {
        step = income_pages_take(&income->pages, question, text_span(&capture->body),
                                 capture->received_ms);
    }
    if (income_pages_is_cut_off(question, row_count)) {
        say(asker, question, "income_incomplete",
            "the exchange shows no more of one millisecond: see "
            "'posrec report reconcile'");
    }
    if (step == INCOME_NOT_AS_ASKED) {
        say(asker, question, "income_not_as_asked",
            "the answer has other times than were asked for");
    }
    if (step == INCOME_MORE && income->page_count < INCOME_PAGES_MAX) {
        income->page_count++;
        asker_want(asker, now->boot);
    } else {
        income->page_count = 0;
        income->known_ms = step == INCOME_DONE && capture->outcome == OUTCOME_OK
                               ? capture->sent_ms.value
                               : income->known_ms;
    }
}

static void release(struct asker *asker)
{
    income_pages_end(&((struct income *)asker)->pages);
}

const struct source SOURCE_INCOME = {
    .endpoint = ENDPOINT_INCOME,
    .priority = PRIORITY_MONEY,
    .is_captured = true,
    .retry_base_ms = ASK_RETRY_BASE_MS,
    .question = question,
    .answered = answered,
    .recorded = recorded,
    .release = release,
};
