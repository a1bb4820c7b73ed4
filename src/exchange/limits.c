#include "exchange/limits.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

#define MINUTE_MS 60000
#define DOUBLINGS_MAX 20
#define UNFORESEEN_SHARE 400 /* of the budget is kept for times, contracts and listen keys */
#define LITTLE_OF_LIMIT 20   /* so small a part of the limit, */
#define LITTLE_OF_BUDGET 4   /* and of what is to be used of it */

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

static int64_t minute_of(int64_t ms)
{
    return ms / MINUTE_MS;
}

static size_t slot_of(int64_t number)
{
    return (size_t)((number % LIMITS_MINUTES + LIMITS_MINUTES) % LIMITS_MINUTES);
}

/* The figures of a minute; those of one that is long over make room. */
static struct limits_minute *minute_at(struct limits *limits, int64_t number)
{
    struct limits_minute *minute = &limits->minutes[slot_of(number)];
    if (minute->number != number) {
        *minute = (struct limits_minute){.number = number};
    }
    return minute;
}

static int64_t used_of(const struct limits_minute *minute)
{
    return minute->told + minute->out;
}

/* The minute, one or two, that the exchange may have at a time of ours. */
struct turn {
    int64_t first, last;
};

static int64_t margin_ms(const struct moment *moment)
{
    return LIMITS_TURN_MS +
           (moment->off_ms < LIMITS_OFF_MS_MAX ? moment->off_ms : LIMITS_OFF_MS_MAX);
}

static struct turn turn_at(const struct moment *moment)
{
    return (struct turn){minute_of(moment->exchange.ms - margin_ms(moment)),
                         minute_of(moment->exchange.ms + margin_ms(moment))};
}

static bool has_room(struct limits *limits, const struct moment *now, int64_t weight)
{
    struct turn turn = turn_at(now);
    int64_t budget = limits_budget(limits);
    return used_of(minute_at(limits, turn.first)) + weight <= budget &&
           used_of(minute_at(limits, turn.last)) + weight <= budget;
}

bool limits_are_paused(const struct limits *limits, struct boot_time now)
{
    return limits->is_paused && !boot_reached(now, limits->paused_until);
}

bool limits_may_send(struct limits *limits, const struct moment *now, int64_t weight)
{
    return !limits_are_paused(limits, now->boot) && has_room(limits, now, weight);
}

bool limits_may_send_extra(struct limits *limits, const struct moment *now, int64_t weight)
{
    int64_t left_ms = MINUTE_MS - now->exchange.ms % MINUTE_MS;
    int64_t round = limits->scheduled_round > 0 ? limits->scheduled_round : 1;
    int64_t span = MINUTE_MS * round;
    int64_t rounds = (limits->scheduled_weight * left_ms + span - 1) / span;
    int64_t unforeseen = limits_budget(limits) / UNFORESEEN_SHARE;
    return limits_may_send(limits, now, weight + rounds * round + unforeseen);
}

struct boot_time limits_next(const struct limits *limits, const struct moment *now)
{
    if (limits_are_paused(limits, now->boot)) {
        return limits->paused_until;
    }
    int64_t turn_ms = (turn_at(now).first + 1) * MINUTE_MS + margin_ms(now);
    return boot_after(now->boot, turn_ms - now->exchange.ms);
}

bool limits_may_probe(const struct limits *limits, struct boot_time now)
{
    return limits_are_paused(limits, now) && boot_reached(now, limits->next_probe);
}

void limits_note_probe(struct limits *limits, struct boot_time now)
{
    limits->next_probe = boot_after(now, LIMITS_PROBE_EVERY_MS);
}

void limits_end_pause(struct limits *limits)
{
    limits->is_paused = false;
}

int64_t limits_used(const struct limits *limits, struct exchange_time now)
{
    const struct limits_minute *minute = &limits->minutes[slot_of(minute_of(now.ms))];
    return minute->number == minute_of(now.ms) ? used_of(minute) : 0;
}

int64_t limits_told(const struct limits *limits)
{
    int64_t told = 0;
    for (int i = 0; i < LIMITS_MINUTES; i++) {
        told = limits->minutes[i].told > told ? limits->minutes[i].told : told;
    }
    return told;
}

void limits_note_clock(struct limits *limits, struct exchange_time before, const struct moment *now)
{
    struct turn turn = turn_at(now);
    int64_t told = limits_used(limits, before);
    for (int64_t number = turn.first; number <= turn.last; number++) {
        struct limits_minute *minute = minute_at(limits, number);
        minute->told = minute->told > told ? minute->told : told;
    }
}

void limits_note_sent(struct limits *limits, const struct limits_sent *sent)
{
    struct turn turn = turn_at(&sent->at);
    for (int64_t number = turn.first; number <= turn.last; number++) {
        minute_at(limits, number)->out += sent->weight;
    }
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

static int64_t pause_ms(const struct capture *capture, struct exchange_time now,
                        struct maybe_int retry_after_s)
{
    if (retry_after_s.known) {
        /* Up to a second of the exchange's waiting time was rounded off. */
        return retry_after_s.value < LIMITS_PAUSE_MS_MAX / 1000 ? (retry_after_s.value + 1) * 1000
                                                                : LIMITS_PAUSE_MS_MAX;
    }
    if (capture->outcome == OUTCOME_RATE_LIMITED) {
        return MINUTE_MS - now.ms % MINUTE_MS + LIMITS_TURN_MS;
    }
    int64_t named_ms = ban_end_ms(capture);
    if (named_ms <= now.ms) {
        return LIMITS_BAN_MS_DEFAULT;
    }
    return named_ms - now.ms < LIMITS_PAUSE_MS_MAX ? named_ms - now.ms : LIMITS_PAUSE_MS_MAX;
}

/* Whether a count is of the first of the two minutes of a turn: our clock says so, unless it is
 * about what that one had; then it is of that, and else of the new one where it is less. */
static bool is_of_first(const struct limits *limits, const struct limits_minute *first,
                        const struct moment *sent, int64_t count)
{
    int64_t of_limit = limits->weight_limit / LITTLE_OF_LIMIT;
    int64_t of_budget = limits_budget(limits) / LITTLE_OF_BUDGET;
    int64_t little = (of_limit < of_budget ? of_limit : of_budget) + first->out;
    bool is_first = minute_of(sent->exchange.ms) == first->number;
    return llabs(count - first->told) <= little || (is_first && count > first->told);
}

/* What is answered is no more out, and in what was told. Near a turn it is counted for both
 * minutes: which of them the exchange means is not certain. */
static void take_count(struct limits *limits, const struct limits_sent *sent,
                       struct maybe_int count)
{
    struct turn turn = turn_at(&sent->at);
    struct limits_minute *first = minute_at(limits, turn.first);
    count.value = count.value < LIMITS_WEIGHT_MAX ? count.value : LIMITS_WEIGHT_MAX;
    bool of_first = turn.first == turn.last ||
                    (count.known && is_of_first(limits, first, &sent->at, count.value));
    for (int64_t number = turn.first; number <= turn.last; number++) {
        struct limits_minute *minute = minute_at(limits, number);
        minute->out -= minute->out < sent->weight ? minute->out : sent->weight;
        if (!count.known || (minute == first) != of_first) {
            minute->told += sent->weight;
        } else if (count.value > minute->told) {
            minute->told = count.value;
        }
    }
}

bool limits_note_answer(struct limits *limits, const struct moment *now,
                        const struct limits_sent *sent, const struct capture *capture,
                        struct maybe_int retry_after_s)
{
    take_count(limits, sent, capture->used_weight);
    if (capture->outcome != OUTCOME_RATE_LIMITED && capture->outcome != OUTCOME_BANNED) {
        return false;
    }
    struct boot_time end = boot_after(now->boot, pause_ms(capture, now->exchange, retry_after_s));
    if (!limits_are_paused(limits, now->boot)) {
        limits->is_paused = true;
        limits->paused_until = end;
        limits_note_probe(limits, now->boot);
    }
    limits->paused_until = boot_later(limits->paused_until, end);
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
