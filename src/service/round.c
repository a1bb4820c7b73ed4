#include "service/round.h"

#include "host/clock.h"

#define WAIT_MS_MAX 500

static bool send_request(void *context, const struct http_request *request, struct error *error)
{
    struct round *round = context;
    return transport_start(round->transport, request, error);
}

bool round_start(struct round *round, struct error *error)
{
    round->settings.watch.context = round;
    round->settings.watch.send = send_request;
    round->transport = transport_new(CAPTURE_BODY_SIZE_MAX, error);
    round->ask = round->transport != NULL ? ask_new(&round->settings, error) : NULL;
    return round->ask != NULL;
}

void round_end(struct round *round)
{
    ask_free(round->ask);
    transport_free(round->transport);
}

static int wait_ms(struct boot_time wake)
{
    struct boot_time now = clock_boot();
    int64_t ms = boot_reached(now, wake) ? 0 : boot_since(wake, now);
    return ms < WAIT_MS_MAX ? (int)ms : WAIT_MS_MAX;
}

/* One turn of the loop; *goes_on: whether there is to be another. */
static bool work_once(struct round *round, bool *goes_on, struct error *error)
{
    struct http_response response;
    struct now now = clock_now();
    struct boot_time wake = ask_work(round->ask, &now);
    *goes_on = round->on_turn == NULL || round->on_turn(round);
    if (*goes_on && !transport_poll(round->transport, -1, wait_ms(wake), error)) {
        return false;
    }
    while (transport_take(round->transport, &response)) {
        now = clock_now();
        ask_answer(round->ask, &now, response.owner, &response);
        http_response_free(&response);
    }
    return true;
}

bool round_work(struct round *round, struct error *error)
{
    struct now now = clock_now();
    bool goes_on = true, done = true;
    while (done && goes_on && !ask_is_idle(round->ask, &now)) {
        done = work_once(round, &goes_on, error);
        now = clock_now();
        if (ask_is_idle(round->ask, &now)) {
            ask_finish(round->ask); /* more may follow from what waited for the clock */
        }
    }
    ask_finish(round->ask);
    return done;
}
