#include "service/probe.h"

#include <string.h>

#include "base/time_text.h"
#include "host/clock.h"
#include "service/fleet.h"
#include "service/round.h"

#define POLL_WAIT_MS 100
#define STREAM_WAIT_MS 20000

struct probe {
    struct round round; /* the first */
    struct ask_account asked;
    struct capture capture; /* the first that came; of a stream, what it came to */
    bool is_done;
};

static void keep(struct probe *probe, struct capture *capture)
{
    capture_free(&probe->capture);
    probe->capture = *capture;
    *capture = (struct capture){0};
    probe->is_done = true;
}

static void on_capture(void *context, struct ask_account *asked, struct capture *capture)
{
    (void)asked;
    keep(context, capture);
}

static bool question(struct asker *asker, const struct moment *now, struct question *question,
                     struct error *error)
{
    (void)now;
    (void)error;
    *question = (struct question){.endpoint = asker->endpoint};
    if (asker->endpoint == ENDPOINT_INCOME || asker->endpoint == ENDPOINT_USER_TRADES) {
        question->limit = maybe_of(1);
    }
    if (asker->endpoint == ENDPOINT_USER_TRADES || asker->endpoint == ENDPOINT_PREMIUM_INDEX) {
        const char *symbol = asker_product(asker)->usual_symbol;
        memcpy(question->symbol, symbol, strlen(symbol) + 1);
    }
    return true;
}

static const struct source SOURCE_PROBE = {
    .priority = PRIORITY_TICK,
    .is_captured = true,
    .question = question,
};

/* Why nothing was asked. */
static void note_pause(struct probe *probe, const struct now *now)
{
    const struct ask_host *host = probe->asked.host;
    char until[TIME_TEXT_SIZE];
    if (!probe->is_done && limits_are_paused(&host->way->limits, now->boot)) {
        time_text_format(exchange_clock_at(&host->clock, now, host->way->limits.paused_until).ms,
                         until);
        probe->capture.outcome = OUTCOME_BANNED;
        text_printf(&probe->capture.detail, "no requests from this address until %s", until);
    }
}

/* All that this asked itself are the time and the question. */
static struct maybe_int others_weight(const struct probe *probe, enum endpoint endpoint)
{
    const struct account_settings *settings = probe->asked.settings;
    int64_t own = endpoint_weight(&settings->exchange, ENDPOINT_TIME) +
                  endpoint_weight(&settings->exchange, endpoint);
    int64_t used = limits_told(&probe->asked.host->way->limits);
    return (struct maybe_int){probe->capture.used_weight.known, used > own ? used - own : 0};
}

bool probe_endpoint(const struct account_settings *settings, enum endpoint endpoint,
                    struct probe_result *result, struct error *error)
{
    struct probe probe = {0};
    struct asker asker = {0};
    *result = (struct probe_result){0};
    probe.round.settings = (struct ask_settings){.watch.on_capture = on_capture, .is_round = true};
    bool done = round_start(&probe.round, error) &&
                ask_add_one(probe.round.ask, &probe.asked, settings, &asker, &SOURCE_PROBE, error);
    if (done) {
        asker.endpoint = endpoint;
        asker_want(&asker, clock_boot());
        done = round_work(&probe.round, error);
        const struct now now = clock_now();
        note_pause(&probe, &now);
        if (done && !probe.is_done && probe.capture.outcome == OUTCOME_OK) {
            done = error_set(error, ERROR_FAILED, "it could not be asked");
        }
        result->clock_offset_ms = exchange_clock_offset_ms(&probe.asked.host->clock, &now);
        result->clock_off_ms = exchange_clock_moment(&probe.asked.host->clock, &now).off_ms;
        result->others_weight = others_weight(&probe, endpoint);
    }
    result->capture = probe.capture;
    result->is_refused = endpoint_is_refused(&result->capture);
    round_end(&probe.round);
    return done;
}

void probe_result_free(struct probe_result *result)
{
    capture_free(&result->capture);
}

bool probe_key_rights(const struct account_settings *settings, struct probe_result *result,
                      struct key_rights *rights, struct error *error)
{
    struct account_settings spot = *settings;
    spot.exchange.product = &SPOT;
    spot.exchange.base_url = settings->spot_url;
    *rights = (struct key_rights){0};
    bool done = probe_endpoint(&spot, ENDPOINT_KEY_RIGHTS, result, error);
    struct capture *capture = &result->capture;
    if (done && capture->outcome == OUTCOME_OK &&
        !key_rights_read(text_span(&capture->body), rights)) {
        capture->outcome = OUTCOME_UNREADABLE;
        capture_append_detail(capture, span_of("it does not say what the key may do"));
    }
    return done;
}

/* What the stream came to: opened, and then whatever ended it. */
static void on_stream_capture(void *context, struct capture *capture)
{
    struct probe *probe = context;
    if (!probe->is_done && capture->endpoint == ENDPOINT_USER_DATA &&
        capture->outcome != OUTCOME_OK) {
        keep(probe, capture);
        probe->is_done = probe->capture.outcome != OUTCOME_OPENED;
    }
    capture_free(capture);
}

/* Every step of it has a time limit of its own; where it is not even begun, this is the limit. */
static bool run_stream(struct probe *probe, struct fleet *fleet, int64_t timeout_ms,
                       struct error *error)
{
    struct boot_time end = boot_after(clock_boot(), 2 * timeout_ms + STREAM_WAIT_MS);
    bool is_pinged = false;
    while (!probe->is_done && !boot_reached(clock_boot(), end)) {
        fleet_work(fleet);
        if (!fleet_wait(fleet, -1, POLL_WAIT_MS, error)) {
            return false;
        }
        if (probe->capture.outcome == OUTCOME_OPENED && !is_pinged) {
            is_pinged = true;
            fleet_ping_streams(fleet);
        }
        probe->is_done |= is_pinged && !fleet_pings_wait(fleet);
    }
    fleet_finish(fleet);
    if (!probe->is_done) {
        probe->capture.outcome = OUTCOME_TIMEOUT;
        text_append_string(&probe->capture.detail,
                           is_pinged ? CLOSED_UNANSWERED : "it was not opened in time");
    }
    return true;
}

bool probe_stream(const struct account_settings *settings, struct capture *capture,
                  struct error *error)
{
    struct probe probe = {0};
    struct account_settings alone = *settings; /* nothing else is asked */
    alone.interval_ms = (struct maybe_int){0};
    memset(alone.records, 0, sizeof alone.records);
    struct fleet *fleet = fleet_new(on_stream_capture, &probe, NULL, NULL, error);
    bool done = fleet != NULL &&
                fleet_configure(fleet, &alone, 1, (struct maybe_int){0}, false, error) &&
                run_stream(&probe, fleet, settings->timeout_ms, error);
    *capture = probe.capture;
    probe = (struct probe){.is_done = true};
    fleet_free(fleet);
    return done;
}
