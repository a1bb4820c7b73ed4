#include "service/probe.h"

#include "base/clock.h"
#include "service/stream.h"

#define POLL_WAIT_MS 1000

/* A symbol that there always is, to ask for trades of. */
#define SYMBOL "BTCUSD_PERP"

static bool ask(struct poller *poller, enum endpoint endpoint, struct transport *transport,
                struct error *error)
{
    struct question question = {.endpoint = endpoint};
    if (endpoint == ENDPOINT_INCOME || endpoint == ENDPOINT_USER_TRADES) {
        question.limit = maybe_of(1);
    }
    if (endpoint == ENDPOINT_USER_TRADES) {
        memcpy(question.symbol, SYMBOL, sizeof SYMBOL);
    }
    if (!poller_ask(poller, &question, (struct maybe_int){0}, (struct maybe_int){0}, error)) {
        return false;
    }
    while (poller->phase != POLLER_IDLE) {
        struct http_response response;
        if (!transport_poll(transport, -1, POLL_WAIT_MS, error)) {
            return false;
        }
        while (transport_take(transport, &response)) {
            enum poller_step step = poller_answer(poller, &response, error);
            http_response_free(&response);
            if (step == POLLER_MEASURED) {
                return true; /* the capture says why there is no signed call */
            }
            if (step == POLLER_FAILED ||
                (step == POLLER_CAPTURED && !poller_continue(poller, error))) {
                return false;
            }
        }
    }
    return true;
}

bool probe_endpoint(const struct poller_settings *settings, enum endpoint endpoint,
                    struct probe_result *result, struct error *error)
{
    struct exchange_clock clock = exchange_clock_start(clock_real_ms(), clock_monotonic_ms());
    struct poller poller;
    *result = (struct probe_result){0};
    struct transport *transport = transport_new(CAPTURE_BODY_SIZE_MAX, error);
    if (transport == NULL) {
        return false;
    }
    poller_start(&poller, settings, transport, &clock);
    bool done = ask(&poller, endpoint, transport, error);
    result->clock_offset_ms = clock.offset_ms;
    result->capture = poller.capture;
    result->is_refused = endpoint_is_refused(&result->capture);
    poller.capture = (struct capture){0};
    poller_free(&poller);
    transport_free(transport);
    return done;
}

void probe_result_free(struct probe_result *result)
{
    capture_free(&result->capture);
}

/* What the stream came to first. */
struct stream_probe {
    struct capture capture;
    bool is_done;
};

static void on_capture(void *context, struct stream *stream, struct capture *capture)
{
    struct stream_probe *probe = context;
    (void)stream;
    if (!probe->is_done) {
        probe->is_done = true;
        probe->capture = *capture;
        *capture = (struct capture){0};
    }
}

static void on_refused(void *context, struct stream *stream, const struct capture *capture)
{
    (void)context;
    (void)stream;
    (void)capture; /* it comes to on_capture() too */
}

static uint64_t no_random(void *context)
{
    (void)context;
    return 0;
}

/* Every step of it has a time limit of its own, so the first capture comes. */
static bool run_stream(struct transport *transport, struct stream *stream,
                       const struct stream_probe *probe, struct error *error)
{
    while (!probe->is_done) {
        struct http_response response;
        void *link;
        stream_work(stream, clock_monotonic_ms(), true);
        if (!transport_poll(transport, -1, POLL_WAIT_MS, error)) {
            return false;
        }
        while (transport_take(transport, &response)) {
            stream_answer(stream, &response, clock_monotonic_ms());
            http_response_free(&response);
        }
        while ((link = transport_ready(transport)) != NULL) {
            stream_read(link, clock_monotonic_ms());
        }
    }
    return true;
}

bool probe_stream(const struct poller_settings *settings, struct capture *capture,
                  struct error *error)
{
    struct stream_probe probe = {0};
    const struct stream_watch watch = {&probe, on_capture, on_refused, no_random};
    struct exchange_clock clock = exchange_clock_start(clock_real_ms(), clock_monotonic_ms());
    struct stream stream = {0};
    struct transport *transport = transport_new(CAPTURE_BODY_SIZE_MAX, error);
    if (transport == NULL) {
        return false;
    }
    bool done = stream_start(&stream, settings, transport, &clock, &watch, error) &&
                run_stream(transport, &stream, &probe, error);
    stream_stop(&stream, NULL);
    transport_free(transport);
    *capture = probe.capture;
    return done;
}
