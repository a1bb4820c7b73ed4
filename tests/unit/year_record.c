#include <stdio.h>

#include "year.h"

#define OFF_MS_MAX 2000
#define DATE_OFF_MS_MAX 3200 /* before /time has told it */
#define LATE_MS_MAX 1000
#define TICK_WAIT_MS (5 * YEAR_MINUTE)

static const char *const EXCUSES[EXCUSE_COUNT] = {"pause", "refused", "out", "weight",
                                                  "down",  "clock",   "full"};

static uint64_t digest_of(struct span body)
{
    uint64_t digest = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < body.size; i++) {
        digest = (digest ^ (unsigned char)body.data[i]) * UINT64_C(1099511628211);
    }
    return digest;
}

void expect_capture(struct year_account *account, enum endpoint endpoint, bool has_body,
                    struct span body, int64_t sent, int64_t sent_exchange_ms, bool may_lack)
{
    if (account->expected_count == account->expected_capacity) {
        account->expected_capacity = account->expected_capacity * 2 + 64;
        account->expected =
            reallocarray(account->expected, account->expected_capacity, sizeof *account->expected);
        assert_non_null(account->expected);
    }
    const struct year_route *route = &year->routes[account->route];
    account->expected[account->expected_count++] = (struct expected){
        .endpoint = endpoint,
        .has_body = has_body,
        .may_lack = may_lack,
        .is_in_doubt = route->is_in_doubt ||
                       (sent > 0 && sent < year->clock_boot), /* sent before it was set */
        .needs_time = route->needs_time,
        .is_unmeasured = !route->was_measured && route->was_slow,
        .digest = has_body ? digest_of(body) : 0,
        .sent = sent,
        .received = year->now,
        .sent_exchange_ms = sent_exchange_ms,
        .received_exchange_ms = exchange_ms(),
    };
}

static bool expects(const struct year_account *account, enum endpoint endpoint)
{
    bool found = account->out[endpoint] > 0;
    for (size_t i = 0; i < account->expected_count && !found; i++) {
        found = account->expected[i].endpoint == endpoint;
    }
    return found;
}

static void judge_tick(struct year_account *account, struct year_tick *tick)
{
    if (!tick->is_open || year->now - tick->at < TICK_WAIT_MS) {
        return;
    }
    int excuse = excuse_within(account, tick->at - 1500, tick->at + 1500);
    if (excuse >= 0) {
        year->ticks_excused[excuse]++;
        if (getenv("POSREC_YEAR_LOG") != NULL) {
            printf("excused %lld by %s at %lld\n", (long long)tick->exchange_ms, EXCUSES[excuse],
                   (long long)tick->at);
        }
        tick->is_open = false;
    } else if (!expects(account, ENDPOINT_POSITION_RISK)) {
        year_fail("%s: the tick %lld was missed at %lld", account->name,
                  (long long)tick->exchange_ms, (long long)tick->at);
    }
}

void check_tick(struct year_account *account)
{
    int64_t interval_ms = account->settings.interval_ms.value;
    for (size_t i = 0; i < account->tick_count && i < TICKS_KEPT; i++) {
        judge_tick(account, &account->ticks[i]);
    }
    struct year_tick *tick = &account->ticks[account->tick_count++ % TICKS_KEPT];
    if (tick->is_open) {
        year_fail("%s: the tick %lld was never answered", account->name,
                  (long long)tick->exchange_ms);
    }
    *tick = (struct year_tick){
        .exchange_ms = (exchange_ms() + interval_ms / 2) / interval_ms * interval_ms,
        .at = year->now,
        .is_open = true,
    };
    tick->is_open = tick->exchange_ms != account->last_due_ms; /* it is ahead by some ms */
    year->ticks++;
}

static void check_due(struct year_account *account, const struct capture *capture,
                      const struct expected *expected)
{
    int64_t due_ms = capture->due_ms.value;
    account->last_due_ms = due_ms;
    if (!year->routes[account->route].was_heard) {
        return; /* by the machine's clock */
    }
    for (size_t i = 0; i < account->tick_count && i < TICKS_KEPT; i++) {
        struct year_tick *tick = &account->ticks[i];
        if (tick->exchange_ms == due_ms) {
            tick->is_open = false;
            int64_t late_ms = expected->sent_exchange_ms - due_ms;
            if (capture->attempt == 1 && (late_ms > LATE_MS_MAX || late_ms < -LATE_MS_MAX) &&
                excuse_within(account, tick->at - 1500, expected->sent) < 0) {
                year_fail("%s: the tick %lld was asked for %lld ms late", account->name,
                          (long long)due_ms, (long long)late_ms);
            }
            return;
        }
    }
    if (account->has_polled && due_ms % account->settings.interval_ms.value != 0 &&
        excuse_within(account, expected->sent - 2 * YEAR_MINUTE, expected->sent) < 0) {
        year_fail("%s: due at %lld, which is no tick", account->name, (long long)due_ms);
    }
    if (due_ms > expected->sent_exchange_ms + DATE_OFF_MS_MAX && !expected->is_in_doubt) {
        year_fail("%s: due %lld ms after it was sent", account->name,
                  (long long)(due_ms - expected->sent_exchange_ms));
    }
}

static void check_times(struct year_account *account, const struct capture *capture,
                        const struct recorded *recorded, const struct expected *expected)
{
    const struct year_route *route = &year->routes[account->route];
    int64_t asleep_ms = year->now - route->measured_at;
    bool is_told = route->was_measured && !expected->needs_time;
    int64_t most_ms =
        (is_told ? OFF_MS_MAX : DATE_OFF_MS_MAX) + asleep_ms / 1000000 * 2 * llabs(year->clock_ppm);
    int64_t off_ms = capture->received_ms - expected->received_exchange_ms;
    int64_t sent_off_ms = capture->sent_ms.known && expected->sent > 0
                              ? capture->sent_ms.value - expected->sent_exchange_ms
                              : 0;
    if (!route->was_heard && capture->clock_offset_ms.known) {
        year_fail("the clock's offset is said to be %lld, but nothing was heard",
                  (long long)capture->clock_offset_ms.value);
    }
    year->moved += recorded->time_moved;
    if (getenv("POSREC_YEAR_LOG") != NULL) {
        printf("due %lld off %lld sent %lld age %lld%s%s%s%s\n", (long long)capture->due_ms.value,
               (long long)off_ms, (long long)sent_off_ms,
               (long long)(year->now - expected->received), recorded->time_moved ? " moved" : "",
               expected->is_in_doubt ? " doubt" : "", expected->is_unmeasured ? " unmeasured" : "",
               route->was_heard ? "" : " unheard");
    }
    bool is_moved = off_ms > 0 && capture->received_ms <= account->last_received_ms + 1;
    bool may_err =
        expected->is_in_doubt || expected->is_unmeasured || (is_moved && year->clock_serial > 1);
    if (capture->has_body) {
        account->last_received_ms = capture->received_ms;
    }
    if (!route->was_heard || may_err) {
        return;
    }
    if (llabs(off_ms) > most_ms || llabs(sent_off_ms) > most_ms) {
        year_fail(
            "capture %lld of %s: received %lld ms off%s, sent %lld; it was received %lld ms ago",
            (long long)recorded->capture_id, endpoint_name(capture->endpoint), (long long)off_ms,
            recorded->time_moved ? " (moved)" : "", (long long)sent_off_ms,
            (long long)(year->now - expected->received));
    }
}

/* The one that a capture is of: bodies keep their order, and what has none may wait for the clock
 * longer. */
static size_t find_expected(const struct year_account *account, const struct capture *capture,
                            uint64_t digest)
{
    size_t found = account->expected_count;
    int64_t least_ms = INT64_MAX;
    for (size_t i = 0; i < account->expected_count; i++) {
        const struct expected *expected = &account->expected[i];
        int64_t off_ms = llabs(capture->received_ms - expected->received_exchange_ms);
        bool is_it = expected->endpoint == capture->endpoint &&
                     expected->has_body == capture->has_body && expected->digest == digest;
        if (is_it &&
            (found == account->expected_count ||
             (off_ms < least_ms && off_ms <= OFF_MS_MAX && account->expected[found].may_lack))) {
            found = i;
            least_ms = off_ms;
        }
        if (expected->has_body && !expected->may_lack) {
            break;
        }
    }
    return found;
}

void check_recorded(const struct capture *capture, const struct recorded *recorded)
{
    struct year_account *account = year->accounts;
    while (strcmp(account->name, text_string(&capture->account)) != 0) {
        account++;
    }
    bool has_body = capture->has_body;
    uint64_t digest = has_body ? digest_of(text_span(&capture->body)) : 0;
    size_t found = find_expected(account, capture, digest);
    if (found == account->expected_count) {
        year_fail("%s: capture %lld, %s %s, is out of order or was never received: %s",
                  account->name, (long long)recorded->capture_id, endpoint_name(capture->endpoint),
                  outcome_name(capture->outcome), text_string(&capture->detail));
    }
    struct expected expected = account->expected[found];
    size_t kept = 0;
    for (size_t i = 0; i < account->expected_count; i++) {
        bool is_gone = i == found || (i < found && account->expected[i].may_lack);
        if (!is_gone) {
            account->expected[kept++] = account->expected[i];
        }
    }
    account->expected_count = kept;
    if (recorded->capture_id <= account->last_capture_id) {
        year_fail("capture %lld comes after %lld", (long long)recorded->capture_id,
                  (long long)account->last_capture_id);
    }
    account->last_capture_id = recorded->capture_id;
    year->captures++;
    check_times(account, capture, recorded, &expected);
    if (capture->endpoint == ENDPOINT_POSITION_RISK && capture->due_ms.known) {
        check_due(account, capture, &expected);
        account->has_polled = true;
    }
}

void check_finished(void)
{
    for (size_t i = 0; i < year->account_count; i++) {
        struct year_account *account = &year->accounts[i];
        for (size_t k = 0; k < account->expected_count; k++) {
            if (!account->expected[k].may_lack) {
                year_fail("%s: what was received of %s%s at %lld was never recorded", account->name,
                          endpoint_name(account->expected[k].endpoint),
                          account->expected[k].has_body ? " (a body)" : "",
                          (long long)account->expected[k].received);
            }
        }
    }
}

static int64_t count_of(const struct year_account *account, const char *what)
{
    char sql[400];
    snprintf(sql, sizeof sql, what, account->name);
    return bench_integer(year->bench, sql);
}

static void check_position(const struct year_account *account, int leg)
{
    char sql[300];
    snprintf(sql, sizeof sql,
             "SELECT coalesce((SELECT CAST(position_amount AS INTEGER) FROM position_now WHERE "
             "account = '%s' AND symbol = '%s'), 0)",
             account->name, leg_symbol(leg));
    int64_t amount = bench_integer(year->bench, sql);
    if (amount != account->legs[leg].amount) {
        year_fail("%s: %lld of %s are recorded, but it has %lld", account->name, (long long)amount,
                  leg_symbol(leg), (long long)account->legs[leg].amount);
    }
}

static void list_lost(const struct year_account *account)
{
    for (size_t i = 0; i < account->trade_count; i++) {
        const struct year_trade *trade = &account->trades[i];
        char sql[300];
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM trade_told WHERE account = '%s' AND source = 'rest' AND "
                 "symbol = '%s' AND trade_id = '%lld'",
                 account->name, leg_symbol(trade->leg), (long long)trade->id);
        if (bench_integer(year->bench, sql) == 0) {
            print_error("lost: trade %lld of %s at %lld, boot time %lld\n", (long long)trade->id,
                        leg_symbol(trade->leg), (long long)trade->time_ms,
                        (long long)boot_of_exchange(trade->time_ms));
        }
    }
}

void check_end(void)
{
    static const char INCOMES[] = "SELECT count(*) FROM income_history WHERE account = '%s'";
    static const char TRADES[] =
        "SELECT count(*) FROM trade_told WHERE account = '%s' AND source = 'rest'";
    static const char TOLD_AGAIN[] = "SELECT count(*) FROM income AS i JOIN account AS a USING "
                                     "(account_id) WHERE a.name = '%s'";
    for (size_t i = 0; i < year->account_count; i++) {
        const struct year_account *account = &year->accounts[i];
        for (int leg = 0; leg < YEAR_LEGS; leg++) {
            check_position(account, leg);
        }
        int64_t incomes = count_of(account, INCOMES), trades = count_of(account, TRADES);
        int64_t rows = count_of(account, TOLD_AGAIN);
        if (incomes != (int64_t)account->income_count || rows != incomes) {
            year_fail("%s: %lld incomes in %lld rows, of %zu", account->name, (long long)incomes,
                      (long long)rows, account->income_count);
        }
        if (trades != (int64_t)account->trade_count) {
            list_lost(account);
            year_fail("%s: %lld trades of %zu", account->name, (long long)trades,
                      account->trade_count);
        }
    }
}
