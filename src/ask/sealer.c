#include "ask/sealer.h"

#include "ask/engine.h"
#include "base/log.h"
#include "base/time_text.h"

#define RETRY_BASE_MS 60000
#define RETRY_CAP_MS (INT64_C(3600) * 1000)
#define EMPTY_WAIT_MS 1000 /* a new file has nothing to seal yet */

/* How long it is until the next seal is due, by the last that is recorded; 0 for now. */
static bool find_wait(const struct sealer *sealer, const struct moment *now, int64_t *wait_ms,
                      struct error *error)
{
    struct maybe_int last_ms = {0};
    if (!ask_settings(&sealer->asker)->is_round && !seals_last_ms(sealer->seals, &last_ms, error)) {
        return false;
    }
    int64_t age_ms = now->exchange.ms - last_ms.value;
    bool is_recent = last_ms.known && age_ms >= 0 && age_ms < sealer->settings.interval_ms;
    *wait_ms = is_recent ? sealer->settings.interval_ms - age_ms : 0;
    return true;
}

/* How long to wait after a failure, the sealer's own too. */
static int64_t retry_wait_ms(const struct sealer *sealer)
{
    int64_t interval_ms = sealer->settings.interval_ms;
    return limits_backoff_ms(sealer->failures, RETRY_BASE_MS,
                             interval_ms < RETRY_CAP_MS ? interval_ms : RETRY_CAP_MS,
                             random_next(&sealer->asker.host->ask->random));
}

static bool question(struct asker *asker, const struct moment *now, struct question *question,
                     struct error *error)
{
    struct sealer *sealer = (struct sealer *)asker;
    struct seal *seal = &question->seal;
    int64_t wait_ms;
    *question = (struct question){.endpoint = ENDPOINT_TIMESTAMP};
    if (!find_wait(sealer, now, &wait_ms, error) ||
        (wait_ms == 0 && !seals_stand(sealer->seals, seal, error))) {
        sealer->failures++;
        asker->not_before = boot_after(now->boot, retry_wait_ms(sealer));
        return false;
    }
    if (seal->count == 0) {
        asker_rest(asker);
        if (!ask_settings(asker)->is_round) {
            asker_want(asker, boot_after(now->boot, wait_ms > 0 ? wait_ms : EMPTY_WAIT_MS));
        }
        return false;
    }
    seal->has_nonce = true;
    seal->nonce = random_next(&asker->host->ask->random);
    memcpy(seal->policy, sealer->settings.policy, strlen(sealer->settings.policy) + 1);
    return true;
}

/* A token that is not good is none: what is wrong with it is kept in its place. */
static bool take_token(struct sealer *sealer, const struct now *now, struct capture *capture)
{
    struct asker *asker = &sealer->asker;
    const struct seal *seal = &asker->flight->question.seal;
    struct timestamp timestamp;
    struct error why;
    int64_t now_ms = exchange_clock_at(asker_clock(asker), now, now->boot).ms;
    if (!seal_verify(seal, sealer->settings.trust, text_span(&capture->body), now_ms, &timestamp,
                     &why)) {
        capture->outcome = OUTCOME_UNREADABLE;
        capture->has_body = false;
        text_clear(&capture->body);
        text_clear(&capture->detail);
        capture_append_detail(capture, span_of(why.text));
        return false;
    }
    sealer->seal = *seal;
    sealer->timestamp = timestamp;
    return true;
}

static void answered(struct asker *asker, const struct now *now, struct capture *capture)
{
    struct sealer *sealer = (struct sealer *)asker;
    bool is_good = capture->outcome == OUTCOME_OK && take_token(sealer, now, capture);
    sealer->failures = is_good ? 0 : sealer->failures + 1;
    asker_rest(asker);
    if (ask_settings(asker)->is_round) {
        return;
    }
    int64_t wait_ms = is_good ? sealer->settings.interval_ms : retry_wait_ms(sealer);
    asker_want(asker, boot_after(now->boot, wait_ms));
}

/* Nothing more is asked until the answer is recorded, so the last token that was good is this. */
static void recorded(struct asker *asker, const struct moment *now, const struct question *question,
                     const struct capture *capture, int64_t row_count)
{
    const struct sealer *sealer = (const struct sealer *)asker;
    char time[TIME_TEXT_SIZE];
    (void)now;
    (void)row_count;
    if (capture->outcome == OUTCOME_OK) {
        time_text_format(sealer->timestamp.time_ms, time);
        log_event(LOG_INFO, "sealed", LOG_INT("captures", question->seal.count),
                  LOG_TEXT("time", time), LOG_TEXT("authority", sealer->timestamp.authority));
    }
}

const struct source SOURCE_SEAL = {
    .endpoint = ENDPOINT_TIMESTAMP,
    .priority = PRIORITY_SEAL,
    .is_captured = true,
    .retry_base_ms = RETRY_BASE_MS,
    .retry_cap_ms = RETRY_CAP_MS,
    .question = question,
    .answered = answered,
    .recorded = recorded,
};
