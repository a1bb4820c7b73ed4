#include "exchange/limits.h"

#include <string.h>

#include "base/decimal.h"

#define MINUTE_MS 60000
#define DOUBLINGS_MAX 20

struct limits limits_start(int64_t share_percent)
{
    return (struct limits){.weight_limit = LIMITS_WEIGHT_DEFAULT, .share_percent = share_percent};
}

int64_t limits_budget(const struct limits *limits)
{
    return limits->weight_limit * limits->share_percent / 100;
}

void limits_demand_add(struct limits_demand *demand, int64_t weight, int64_t interval_ms)
{
    demand->weight += (double)weight * MINUTE_MS / (double)interval_ms;
    demand->weight_each += (double)weight;
}

void limits_demand_add_fixed(struct limits_demand *demand, int64_t weight, int64_t interval_ms)
{
    double a_minute = (double)weight * MINUTE_MS / (double)interval_ms;
    demand->weight += a_minute;
    demand->fixed += a_minute;
}

int64_t limits_fitting_interval_ms(const struct limits *limits, const struct limits_demand *demand)
{
    double left = (double)limits_budget(limits) - demand->fixed;
    return left < 1 ? 0 : (int64_t)(demand->weight_each * MINUTE_MS / left) + 1;
}

static void turn_minute(struct limits *limits, int64_t now_ms)
{
    if (now_ms / MINUTE_MS != limits->minute) {
        limits->minute = now_ms / MINUTE_MS;
        limits->used_weight = 0;
    }
}

bool limits_may_send(struct limits *limits, int64_t now_ms, int64_t weight)
{
    turn_minute(limits, now_ms);
    return now_ms >= limits->paused_until_ms &&
           limits->used_weight + weight <= limits_budget(limits);
}

bool limits_may_send_extra(struct limits *limits, int64_t now_ms, int64_t weight)
{
    int64_t left_ms = MINUTE_MS - now_ms % MINUTE_MS;
    int64_t round = limits->scheduled_round > 0 ? limits->scheduled_round : 1;
    int64_t span = MINUTE_MS * round;
    int64_t rounds = (limits->scheduled_weight * left_ms + span - 1) / span;
    return limits_may_send(limits, now_ms, weight + rounds * round);
}

int64_t limits_next_ms(struct limits *limits, int64_t now_ms, int64_t weight)
{
    if (now_ms < limits->paused_until_ms) {
        return limits->paused_until_ms;
    }
    return limits_may_send(limits, now_ms, weight) ? now_ms : (limits->minute + 1) * MINUTE_MS;
}

void limits_note_sent(struct limits *limits, int64_t now_ms, int64_t weight)
{
    turn_minute(limits, now_ms);
    limits->used_weight += weight;
}

/* "... IP banned until 1499827319559. ..." */
static int64_t ban_end_ms(const struct capture *capture)
{
    static const char MARK[] = "until ";
    const char *found = strstr(text_string(&capture->detail), MARK);
    int64_t end_ms = 0;
    bool rounded;
    if (found == NULL) {
        return 0;
    }
    const char *digits = found + sizeof MARK - 1;
    struct span number = {digits, strspn(digits, "0123456789")};
    return decimal_parse(number, 0, &end_ms, &rounded) == DECIMAL_OK ? end_ms : 0;
}

static int64_t pause_end_ms(const struct capture *capture, int64_t now_ms,
                            struct maybe_int retry_after_s)
{
    const int64_t latest_ms = now_ms + LIMITS_PAUSE_MS_MAX;
    if (retry_after_s.known) {
        /* Up to a second of the exchange's waiting time was rounded off. */
        return retry_after_s.value < LIMITS_PAUSE_MS_MAX / 1000
                   ? now_ms + (retry_after_s.value + 1) * 1000
                   : latest_ms;
    }
    if (capture->outcome == OUTCOME_RATE_LIMITED) {
        return (now_ms / MINUTE_MS + 1) * MINUTE_MS;
    }
    int64_t named_ms = ban_end_ms(capture);
    return named_ms > latest_ms ? latest_ms
           : named_ms > now_ms  ? named_ms
                                : now_ms + LIMITS_BAN_MS_DEFAULT;
}

bool limits_note_answer(struct limits *limits, int64_t now_ms, const struct capture *capture,
                        struct maybe_int retry_after_s)
{
    turn_minute(limits, now_ms);
    if (capture->used_weight.known && capture->used_weight.value > limits->used_weight) {
        limits->used_weight = capture->used_weight.value;
    }
    if (capture->outcome != OUTCOME_RATE_LIMITED && capture->outcome != OUTCOME_BANNED) {
        return false;
    }
    int64_t end_ms = pause_end_ms(capture, now_ms, retry_after_s);
    if (end_ms > limits->paused_until_ms) {
        limits->paused_until_ms = end_ms;
    }
    return true;
}

int64_t limits_backoff_ms(int failures, int64_t base_ms, int64_t cap_ms, uint64_t random)
{
    int doublings = failures < DOUBLINGS_MAX ? failures : DOUBLINGS_MAX;
    int64_t span_ms = base_ms << doublings;
    if (span_ms > cap_ms) {
        span_ms = cap_ms;
    }
    return (int64_t)(random % (uint64_t)(span_ms + 1));
}
