#include "ask/exchange_clock.h"

#define DATE_STEP_MS 1000     /* Date has whole seconds, */
#define DATE_SLACK_MS 1000    /* some servers write the one before, or the one to come, */
#define DATE_LATE_MS_MAX 1000 /* and all of them when they answer, not when they were asked */
#define OFF_MS_MAX 2200       /* Date alone tells it to 2 seconds */
#define DRIFT_PER_MILLION 200 /* a machine's clock goes so wrong at worst */

static struct clock_interval known(const struct exchange_clock *clock, struct boot_time now)
{
    int64_t drift_ms = boot_since(now, clock->read_at) / (1000000 / DRIFT_PER_MILLION);
    return (struct clock_interval){clock->ahead.low_ms - drift_ms, clock->ahead.high_ms + drift_ms};
}

static bool overlap(struct clock_interval a, struct clock_interval b)
{
    return a.low_ms <= b.high_ms && b.low_ms <= a.high_ms;
}

static void narrow(struct exchange_clock *clock, struct clock_interval by, struct boot_time now)
{
    struct clock_interval before = known(clock, now);
    clock->ahead.low_ms = before.low_ms > by.low_ms ? before.low_ms : by.low_ms;
    clock->ahead.high_ms = before.high_ms < by.high_ms ? before.high_ms : by.high_ms;
    clock->read_at = now;
}

/* What the machine's own clock says. */
static struct clock_interval walls_of(const struct now *now)
{
    int64_t ahead_ms = now->wall_ms - now->boot.ms;
    return (struct clock_interval){ahead_ms, ahead_ms};
}

/* Another time than before; the machine's own where that is one of those that it can be. */
static void replace(struct exchange_clock *clock, struct clock_interval by, const struct now *now)
{
    struct clock_interval walls = walls_of(now);
    clock->is_walls = overlap(by, walls);
    clock->ahead = clock->is_walls ? walls : by;
    clock->read_at = now->boot;
    clock->epoch += clock->was_heard || !clock->is_walls;
    clock->was_heard = true;
    clock->was_measured = false;
}

void exchange_clock_measure(struct exchange_clock *clock, const struct exchange_reading *reading,
                            struct exchange_time said)
{
    struct boot_time now = reading->received.boot;
    struct clock_interval interval = {said.ms - now.ms, said.ms - reading->sent.ms};
    bool agrees = clock->was_heard && overlap(known(clock, now), interval);
    clock->date_is_wrong |= clock->has_other && agrees;
    if (!agrees) {
        replace(clock, interval, &reading->received);
    }
    if (clock->was_measured) {
        narrow(clock, interval, now);
    } else {
        clock->ahead = interval;
        clock->read_at = now;
        clock->epoch++; /* up to a second and a half from what Date told */
    }
    clock->was_measured = true;
    clock->is_walls = clock->is_doubted = clock->has_other = false;
}

void exchange_clock_hear(struct exchange_clock *clock, const struct exchange_reading *reading,
                         struct exchange_time said)
{
    struct boot_time now = reading->received.boot;
    int64_t took_ms = boot_since(now, reading->sent);
    int64_t late_ms = took_ms < DATE_LATE_MS_MAX ? took_ms : DATE_LATE_MS_MAX;
    int64_t last_ms = said.ms + DATE_STEP_MS + DATE_SLACK_MS - now.ms;
    struct clock_interval interval = {said.ms - DATE_SLACK_MS - now.ms, last_ms + late_ms};
    struct clock_interval possible = {interval.low_ms, last_ms + took_ms};
    struct clock_interval walls = walls_of(&reading->received);
    if (clock->date_is_wrong) {
        return;
    }
    if (clock->was_heard && overlap(known(clock, now), possible)) {
        clock->is_walls = clock->is_walls && overlap(possible, walls);
        if (clock->is_walls) {
            clock->ahead = walls;
            clock->read_at = now;
        } else {
            narrow(clock, possible, now);
        }
    } else if (clock->was_measured) {
        clock->is_doubted = clock->has_other = true; /* unless /time agrees, it stays as it is */
        clock->other = interval;
    } else {
        replace(clock, interval, &reading->received);
    }
}

void exchange_clock_doubt(struct exchange_clock *clock)
{
    clock->is_doubted = true;
    clock->date_is_wrong = false;
}

void exchange_clock_settle(struct exchange_clock *clock, const struct now *now)
{
    if (clock->has_other) {
        replace(clock, clock->other, now);
    }
    clock->is_doubted = clock->has_other = false;
}

static int64_t off_ms(const struct exchange_clock *clock, struct boot_time now)
{
    struct clock_interval ahead = known(clock, now);
    return (ahead.high_ms - ahead.low_ms) / 2;
}

bool exchange_clock_is_known(const struct exchange_clock *clock, struct boot_time now)
{
    return clock->was_heard && !clock->is_doubted && off_ms(clock, now) <= OFF_MS_MAX;
}

static int64_t middle_ms(const struct exchange_clock *clock, const struct now *now)
{
    struct clock_interval ahead = clock->was_heard ? clock->ahead : walls_of(now);
    return ahead.low_ms + (ahead.high_ms - ahead.low_ms) / 2;
}

struct exchange_time exchange_clock_at(const struct exchange_clock *clock, const struct now *now,
                                       struct boot_time time)
{
    return (struct exchange_time){time.ms + middle_ms(clock, now)};
}

struct moment exchange_clock_moment(const struct exchange_clock *clock, const struct now *now)
{
    return (struct moment){now->boot, exchange_clock_at(clock, now, now->boot),
                           clock->was_heard ? off_ms(clock, now->boot) : 0};
}

struct exchange_time exchange_clock_timestamp(const struct exchange_clock *clock,
                                              const struct now *now)
{
    int64_t half_ms = clock->was_heard ? (clock->ahead.high_ms - clock->ahead.low_ms) / 2 : 0;
    return (struct exchange_time){now->boot.ms + middle_ms(clock, now) - half_ms};
}

struct boot_time exchange_clock_boot(const struct exchange_clock *clock, const struct now *now,
                                     struct exchange_time time)
{
    return (struct boot_time){time.ms - middle_ms(clock, now)};
}

struct maybe_int exchange_clock_offset_ms(const struct exchange_clock *clock, const struct now *now)
{
    bool is_told = clock->was_heard && !clock->is_walls;
    return is_told ? maybe_of(now->boot.ms + middle_ms(clock, now) - now->wall_ms)
                   : (struct maybe_int){0};
}
