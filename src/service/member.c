#include "service/member.h"

#include "base/log.h"

static void log_member(enum log_level level, const char *event, const struct member *member,
                       const char *key, int64_t value)
{
    struct log_line line;
    log_begin(&line, level, event);
    log_text(&line, "account", member->poller.settings->account);
    log_int(&line, key, value);
    log_end(&line);
}

static void log_not_polled(const struct member *member, const struct error *error)
{
    struct log_line line;
    log_begin(&line, LOG_ERROR, "not_polled");
    log_text(&line, "account", member->poller.settings->account);
    log_text(&line, "reason", error->text);
    log_end(&line);
}

static void skip_ticks(struct member *member, int64_t count)
{
    if (count > 0) {
        member->figures->skipped_ticks += count;
        member->ticks += count;
        log_member(LOG_WARNING, "ticks_skipped", member, "count", count);
    }
}

/* When the stream's events call for a poll, on the exchange's clock; INT64_MAX for none, also when
 * the weight is needed for ticks: the next of those sees it too. */
static int64_t event_poll_ms(const struct member *member, int64_t now_ms)
{
    if (!member->event_poll_wanted || !member->is_scheduled ||
        member->poller.phase != POLLER_IDLE ||
        !limits_may_send_extra(&member->venue->limits, now_ms,
                               endpoint_weight(ENDPOINT_POSITION_RISK))) {
        return INT64_MAX;
    }
    int64_t refused_ms = member->schedule.refused_until_ms;
    return refused_ms > member->next_event_poll_ms ? refused_ms : member->next_event_poll_ms;
}

void member_work(struct member *member, int64_t monotonic_ms)
{
    struct venue *venue = member->venue;
    int64_t now_ms = venue_now_ms(venue, monotonic_ms);
    int64_t due_ms, skipped;
    struct error error;
    bool started = true;
    if (!venue->clock_was_tried) {
        return;
    }
    if (!member->is_scheduled) {
        member->is_scheduled = true;
        member->schedule = schedule_start(member->poller.settings->interval_ms.value, now_ms,
                                          member->starts_at_once);
        money_schedule(&member->money, now_ms, member->starts_at_once);
    }
    bool is_busy = member->poller.phase != POLLER_IDLE;
    bool may_send =
        limits_may_send(&venue->limits, now_ms, endpoint_weight(ENDPOINT_POSITION_RISK));
    enum schedule_step step =
        schedule_work(&member->schedule, now_ms, is_busy || !may_send, &due_ms, &skipped);
    skip_ticks(member, skipped);
    switch (step) {
    case SCHEDULE_TICK:
        member->event_poll_wanted = false; /* this one sees it too */
        member->ticks++;
        started = poller_ask_positions(&member->poller, maybe_of(due_ms), &error);
        break;
    case SCHEDULE_RETRY:
        started = poller_retry(&member->poller, &error);
        break;
    case SCHEDULE_WAIT:
        if (event_poll_ms(member, now_ms) > now_ms) {
            return;
        }
        member->event_poll_wanted = false;
        member->next_event_poll_ms = now_ms + EVENT_POLL_EVERY_MS;
        started = poller_ask_positions(&member->poller, (struct maybe_int){0}, &error);
        break;
    }
    if (started) {
        limits_note_sent(&venue->limits, now_ms, endpoint_weight(ENDPOINT_POSITION_RISK));
    } else {
        log_not_polled(member, &error);
    }
}

static void take_poll(struct member *member, uint64_t random, int64_t monotonic_ms)
{
    struct poller *poller = &member->poller;
    const struct capture *capture = &poller->capture;
    struct venue *venue = member->venue;
    struct error error;
    bool refused = endpoint_is_refused(capture);
    venue_note_answer(venue, monotonic_ms, capture, poller->retry_after_s);
    if (capture->api_code.known && capture->api_code.value == API_CODE_TIMESTAMP &&
        poller->clock_retried) {
        venue->clock_is_off = true;
    }
    enum schedule_end end = endpoint_is_outage(capture)                     ? SCHEDULE_OUTAGE
                            : refused && capture->outcome != OUTCOME_BANNED ? SCHEDULE_REFUSED
                                                                            : SCHEDULE_DONE;
    if (end == SCHEDULE_REFUSED) {
        poller_log_refusal(member->poller.settings->account, capture);
    }
    if (venue_is_paused(venue, monotonic_ms)) {
        poller->phase = POLLER_IDLE;
    } else if (!poller_continue(poller, &error)) {
        log_not_polled(member, &error);
    }
    if (poller->phase == POLLER_IDLE) {
        schedule_note(&member->schedule, venue_now_ms(venue, monotonic_ms), end, random);
    }
}

bool member_answer(struct member *member, struct http_response *response, uint64_t random,
                   int64_t monotonic_ms)
{
    struct error error;
    member->poller.question_follows &= !venue_is_paused(member->venue, monotonic_ms);
    switch (poller_answer(&member->poller, response, &error)) {
    case POLLER_CAPTURED:
        take_poll(member, random, monotonic_ms);
        return true;
    case POLLER_MEASURED:
        venue_note_answer(member->venue, monotonic_ms, &member->poller.capture,
                          member->poller.retry_after_s);
        return false;
    case POLLER_FAILED:
        member->poller.phase = POLLER_IDLE;
        log_not_polled(member, &error);
        return false;
    case POLLER_WAITING:
        return false;
    }
    return false;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t member_wake_ms(const struct member *member, int64_t monotonic_ms)
{
    const struct schedule *schedule = &member->schedule;
    if (!member->is_scheduled) {
        return member->venue->clock_was_tried ? monotonic_ms : INT64_MAX;
    }
    int64_t now_ms = venue_now_ms(member->venue, monotonic_ms);
    int64_t wake_ms =
        monotonic_ms - now_ms + earlier(schedule->next_due_ms, event_poll_ms(member, now_ms));
    if (!schedule->retry_is_due || member->poller.phase != POLLER_IDLE) {
        return wake_ms;
    }
    int64_t retry_ms = monotonic_ms - now_ms + schedule->retry_ms;
    int64_t open_ms = venue_open_monotonic_ms(member->venue, monotonic_ms);
    return earlier(wake_ms, retry_ms > open_ms ? retry_ms : open_ms);
}

bool member_is_done(const struct member *member, struct maybe_int tick_count)
{
    return tick_count.known && member->ticks >= tick_count.value && !member->schedule.retry_is_due;
}
