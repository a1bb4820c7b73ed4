#include <stdio.h>

#include "year.h"

static int64_t until(int64_t most_ms)
{
    return year->now + draw_span(YEAR_MINUTE, most_ms);
}

static void pause_way(struct year_way *way)
{
    way->pause = (enum pause_kind)draw(PAUSE_KINDS);
    int64_t most_ms = year->ends - year->started > 10 * YEAR_DAY ? 4 * YEAR_DAY : 8 * YEAR_HOUR;
    int64_t for_ms = draw_span(YEAR_MINUTE, way->pause < PAUSE_418 ? 10 * YEAR_MINUTE : most_ms);
    way->says_until = year->now + for_ms;
    way->bans_until = one_in(2) ? way->says_until : year->now + draw(for_ms);
}

static void suspend(void)
{
    year->suspended_until = year->now + draw_span(10 * YEAR_SECOND, 10 * YEAR_HOUR);
    event_add(year->suspended_until, EVENT_NOTHING, 0, 0);
}

static void expire_key(struct year_account *account)
{
    char message[120];
    snprintf(message, sizeof message, "{\"e\":\"listenKeyExpired\",\"E\":%lld,\"listenKey\":\"x\"}",
             (long long)exchange_ms());
    network_push(account, message);
    account->key_is_alive = false;
}

static void inflict(enum fault fault, struct year_account *account)
{
    struct year_route *route = &year->routes[account->route];
    struct year_way *way = &year->ways[way_of(account->route)];
    switch (fault) {
    case FAULT_WALL:
        year->wall_ahead_ms = exchange_ms() - year->now + draw(20 * YEAR_HOUR) - 10 * YEAR_HOUR;
        break;
    case FAULT_EXCHANGE_CLOCK:
        exchange_set_clock((one_in(2) ? 1 : -1) * draw_span(YEAR_SECOND, 5 * YEAR_MINUTE));
        break;
    case FAULT_SUSPEND:
        suspend();
        break;
    case FAULT_OUTAGE:
        route->outage = (enum outage)draw(OUTAGE_COUNT);
        route->outage_until = until(6 * YEAR_HOUR);
        break;
    case FAULT_PAUSE:
        pause_way(way);
        break;
    case FAULT_SLOW:
        route->slow_until = until(3 * YEAR_HOUR);
        route->was_slow |= !route->was_measured;
        break;
    case FAULT_KEY_EXPIRED:
        expire_key(account);
        break;
    case FAULT_KEY_DELETED:
        account->key_is_alive = false;
        break;
    case FAULT_WIRE_BREAKS:
    case FAULT_WIRE_SILENT:
        network_break(account, fault == FAULT_WIRE_SILENT);
        break;
    case FAULT_SWALLOW:
        route->swallows_until = until(YEAR_HOUR);
        break;
    case FAULT_REFUSED:
        account->refuses_until = until(YEAR_HOUR);
        break;
    case FAULT_BUSY:
        way->busy_until = until(YEAR_HOUR);
        break;
    case FAULT_KILL:
        year_kill(draw_span(YEAR_SECOND, YEAR_HOUR));
        break;
    case FAULT_RELOAD:
    case FAULT_STOP:
        year_reload(fault == FAULT_STOP);
        break;
    default:
        route->time_fails_until = until(3 * YEAR_HOUR);
    }
}

void fault_draw(void)
{
    static const int64_t RARE[FAULT_COUNT] = {
        [FAULT_EXCHANGE_CLOCK] = 4, [FAULT_SUSPEND] = 3, [FAULT_PAUSE] = 2};
    enum fault fault = (enum fault)draw(FAULT_COUNT);
    struct year_account *account = &year->accounts[draw((int64_t)year->account_count)];
    if (year->is_quiet) {
        return;
    }
    event_add(year->now + 1 + draw(2 * year->fault_every_ms), EVENT_FAULT, 0, 0);
    if (year->faults[fault] && year->now >= year->suspended_until &&
        (RARE[fault] == 0 || one_in(RARE[fault]))) {
        year->fault_counts[fault]++;
        if (getenv("POSREC_YEAR_LOG") != NULL) {
            printf("%lld.%03d fault %d %s\n", (long long)(year->now / 1000),
                   (int)(year->now % 1000), (int)fault, account->name);
        }
        inflict(fault, account);
    }
}

void fault_start(void)
{
    if (year->seed % 10 == 0) {
        return; /* all is well */
    }
    for (int i = 0; i < FAULT_COUNT; i++) {
        year->faults[i] = year->seed % 10 <= 3 ? one_in(4) : one_in(2) || one_in(2);
    }
    year->fault_every_ms = draw_span(10 * YEAR_MINUTE, 4 * YEAR_HOUR);
    event_add(year->now + draw(YEAR_HOUR), EVENT_FAULT, 0, 0);
    for (int i = 0; i < YEAR_ROUTES; i++) {
        if (year->faults[FAULT_TIME] && one_in(3)) {
            year->routes[i].time_fails_until = until(3 * YEAR_HOUR);
        }
    }
    if (year->faults[FAULT_WALL]) {
        inflict(FAULT_WALL, &year->accounts[0]);
    }
}

void fault_end(void)
{
    year->is_quiet = true;
    for (int i = 0; i < YEAR_ROUTES; i++) {
        struct year_route *route = &year->routes[i];
        route->outage_until = route->slow_until = route->time_fails_until = 0;
        route->swallows_until = 0;
    }
    for (int i = 0; i < YEAR_WAYS; i++) {
        year->ways[i].bans_until = year->ways[i].busy_until = 0;
    }
    for (size_t i = 0; i < year->account_count; i++) {
        year->accounts[i].refuses_until = 0;
    }
}
