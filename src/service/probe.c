#include "service/probe.h"

#include "base/clock.h"

#define POLL_WAIT_MS 1000

static bool ask(struct poller *poller, struct transport *transport, struct error *error)
{
    if (!poller_begin_tick(poller, (struct maybe_int){0}, error)) {
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

bool probe_account(const struct poller_settings *settings, struct probe_result *result,
                   struct error *error)
{
    struct exchange_clock clock = exchange_clock_start(clock_real_ms(), clock_monotonic_ms());
    struct poller poller;
    *result = (struct probe_result){0};
    struct transport *transport = transport_new(CAPTURE_BODY_SIZE_MAX, error);
    if (transport == NULL) {
        return false;
    }
    poller_start(&poller, settings, transport, &clock);
    bool done = ask(&poller, transport, error);
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
