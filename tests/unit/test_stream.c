/* The life of a stream and its listen key on a clock of the test's own, against the simulated
 * exchange. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask/ask.h"
#include "host/clock.h"
#include "stream/wire.h"

#define MINUTE_MS INT64_C(60000)
#define WAIT_MS_MAX 60000

struct life {
    struct ask_account asked; /* the first */
    char folder[64];
    char base_url[64], stream_url[64];
    pid_t exchange;
    struct credentials credentials;
    struct account_settings settings;
    struct transport *transport;
    struct ask *ask;
    struct stream_watch watch;
    struct stream stream;
    int64_t passed_ms; /* the test's clock, which stands still while the machine is slow */
    int64_t weight;    /* of all listen key requests */

    int opened, closed, messages;
    int commands; /* to the exchange, that are out */
    char last_detail[CAPTURE_DETAIL_SIZE_MAX + 1];
};

static struct now now_of(const struct life *life)
{
    return (struct now){{life->passed_ms}, clock_wall_ms()};
}

static bool send_request(void *context, const struct http_request *request, struct error *error)
{
    struct life *life = context;
    const struct asker *asker = request->owner;
    life->weight += asker->endpoint == ENDPOINT_LISTEN_KEY;
    return transport_start(life->transport, request, error);
}

static void on_asked(void *context, struct ask_account *account, struct capture *capture)
{
    (void)context;
    (void)account;
    capture_free(capture);
}

static void on_listen_key(void *context, struct ask_account *account, struct span key)
{
    struct life *life = context;
    const struct now now = now_of(life);
    (void)account;
    stream_take_key(&life->stream, key, &now);
}

static void on_capture(void *context, struct stream *stream, const struct now *now,
                       struct capture *capture)
{
    struct life *life = context;
    (void)stream;
    (void)now;
    life->opened += capture->outcome == OUTCOME_OPENED;
    life->closed += capture->outcome == OUTCOME_CLOSED;
    life->messages += capture->outcome == OUTCOME_OK;
    snprintf(life->last_detail, sizeof life->last_detail, "%s", text_string(&capture->detail));
    capture_free(capture);
}

static void on_key_gone(void *context, struct stream *stream, const struct now *now)
{
    struct life *life = context;
    (void)stream;
    listen_key_renew(&life->asked.listen_key, now->boot);
}

static void connect_link(void *context, struct stream_link *link, const struct now *now)
{
    struct life *life = context;
    wire_connect(link, &life->settings, life->transport, now);
}

static uint64_t no_random(void *context)
{
    (void)context;
    return 0;
}

static void step(struct life *life)
{
    struct http_response response;
    struct error error;
    struct stream_link *link;
    const struct now now = now_of(life);
    ask_work(life->ask, &now);
    stream_work(&life->stream, &now, true);
    assert_true(transport_poll(life->transport, -1, 5, &error));
    while (transport_take(life->transport, &response)) {
        if (response.is_channel) {
            wire_take(response.owner, &response, &life->settings, &now);
        } else if (response.owner != NULL) {
            ask_answer(life->ask, &now, response.owner, &response);
        } else {
            assert_int_equal(response.status.value, 200);
            life->commands--;
        }
        http_response_free(&response);
    }
    while ((link = transport_ready(life->transport)) != NULL) {
        while (wire_read(link, &now)) {
        }
    }
}

#define WAIT_FOR(life, condition)                                                                  \
    for (struct boot_time wait_end = boot_after(clock_boot(), WAIT_MS_MAX); !(condition);          \
         step(life)) {                                                                             \
        if (boot_reached(clock_boot(), wait_end)) {                                                \
            fail_msg("waited in vain for: %s (%s)", #condition, (life)->last_detail);              \
        }                                                                                          \
    }

static struct stream_link *current(struct life *life)
{
    return &life->stream.links[life->stream.current];
}

static bool is_calm(struct life *life)
{
    return life->stream.key.size > 0 && life->asked.listen_key.flight == NULL &&
           current(life)->phase == LINK_OPEN && !current(life)->is_pinged;
}

/* So much time goes by, and what that calls for is done. */
static void pass(struct life *life, int64_t ms)
{
    life->passed_ms += ms;
    step(life);
    WAIT_FOR(life, is_calm(life));
}

/* Asks one of the exchange's admin paths. */
static void tell_exchange(struct life *life, const char *path)
{
    char url[256];
    struct error error;
    snprintf(url, sizeof url, "%s/sim/%s", life->base_url, path);
    const struct http_request request = {
        .url = url, .timeout_ms = WAIT_MS_MAX, .idle_ms_max = WAIT_MS_MAX};
    life->commands++;
    assert_true(transport_start(life->transport, &request, &error));
    WAIT_FOR(life, life->commands == 0);
}

static void start_exchange(struct life *life)
{
    char accounts[96];
    int out[2];
    snprintf(life->folder, sizeof life->folder, "/tmp/posrec-unit.XXXXXX");
    assert_non_null(mkdtemp(life->folder));
    snprintf(accounts, sizeof accounts, "%s/accounts", life->folder);
    FILE *file = fopen(accounts, "w");
    assert_non_null(file);
    fputs("main hedge key secret\n", file);
    fclose(file);
    assert_int_equal(pipe(out), 0);
    life->exchange = fork();
    if (life->exchange == 0) {
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execl(TEST_BUILD "/dapi-sim", "dapi-sim", "--accounts", accounts, "--steady",
              /* hours of pings go by in a second */
              "--message-limit", "1000000", NULL);
        _exit(127);
    }
    close(out[1]);
    int port = 0;
    FILE *said = fdopen(out[0], "r");
    assert_int_equal(fscanf(said, "%d", &port), 1);
    fclose(said);
    unlink(accounts);
    snprintf(life->base_url, sizeof life->base_url, "http://127.0.0.1:%d", port);
    snprintf(life->stream_url, sizeof life->stream_url, "ws://127.0.0.1:%d", port);
}

static int life_setup(void **state)
{
    struct life *life = calloc(1, sizeof *life);
    struct error error = {0};
    start_exchange(life);
    const struct credentials_source source = {.api_key = "key", .secret = "secret"};
    assert_true(credentials_load(&source, &life->credentials, &error));
    life->settings = (struct account_settings){
        .account = "main",
        .exchange = {.product = &COIN_M,
                     .base_url = life->base_url,
                     .credentials = &life->credentials},
        .timeout_ms = 10000,
        .weight_share_percent = 80,
        .stream_url = life->stream_url,
    };
    life->transport = transport_new(CAPTURE_BODY_SIZE_MAX, &error);
    const struct ask_settings settings = {.watch = {life, send_request, on_asked, on_listen_key}};
    life->passed_ms = clock_boot().ms;
    life->ask = ask_new(&settings, &error);
    life->watch = (struct stream_watch){life, on_capture, on_key_gone, connect_link, no_random};
    const struct now now = now_of(life);
    assert_true(ask_add(life->ask, &life->asked, &life->settings, &now, true, &error));
    assert_true(stream_start(&life->stream, "main", &life->watch, &error));
    WAIT_FOR(life, is_calm(life));
    assert_int_equal(life->opened, 1);
    assert_int_equal(life->weight, 1);
    *state = life;
    return 0;
}

static int life_teardown(void **state)
{
    struct life *life = *state;
    const struct now now = now_of(life);
    stream_stop(&life->stream, NULL, &now);
    transport_free(life->transport);
    ask_free(life->ask);
    credentials_free(&life->credentials);
    kill(life->exchange, SIGTERM);
    waitpid(life->exchange, NULL, 0);
    rmdir(life->folder);
    free(life);
    return 0;
}

static void the_listen_key_is_kept_every_10_minutes(void **state)
{
    struct life *life = *state;
    for (int minute = 1; minute < 10; minute++) {
        pass(life, MINUTE_MS);
    }
    assert_int_equal(life->weight, 1);
    for (int minute = 10; minute < 190; minute++) {
        pass(life, MINUTE_MS);
    }
    assert_int_equal(life->weight, 1 + 18);
    assert_int_equal(life->opened, 1);
    assert_int_equal(life->closed, 0);
}

/* Another program deletes the key, or it expires unseen: the connection stays up and says nothing.
 */
static void a_key_that_is_gone_unseen_is_replaced_when_it_is_to_be_kept(void **state)
{
    struct life *life = *state;
    tell_exchange(life, "stream?account=main&forget=1");
    tell_exchange(life, "trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=1");
    for (int minute = 1; minute < 10; minute++) {
        pass(life, MINUTE_MS);
    }
    assert_int_equal(life->messages, 0);
    life->passed_ms += MINUTE_MS;
    WAIT_FOR(life, life->closed == 1);
    assert_string_equal(life->last_detail, "another listen key is alive");
    WAIT_FOR(life, life->opened == 2 && is_calm(life));
    tell_exchange(life, "trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=1");
    WAIT_FOR(life, life->messages == 3);
    assert_int_equal(life->weight, 2);
}

static void
a_connection_is_replaced_before_its_day_is_over_and_nothing_is_lost_or_doubled(void **state)
{
    struct life *life = *state;
    for (int minute = 0; minute < 23 * 60 + 49; minute++) {
        pass(life, MINUTE_MS);
    }
    assert_int_equal(life->opened, 1);
    pass(life, MINUTE_MS + 1000);
    WAIT_FOR(life, life->opened == 2);
    assert_int_equal(life->closed, 0); /* both are read now */
    tell_exchange(life, "trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=1");
    WAIT_FOR(life, life->messages >= 3);
    life->passed_ms += STREAM_OVERLAP_MS;
    WAIT_FOR(life, life->closed == 1);
    assert_string_equal(life->last_detail, "a new connection took over");
    assert_int_equal(life->messages, 3);
    tell_exchange(life, "trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=1");
    WAIT_FOR(life, life->messages >= 6);
    assert_int_equal(life->messages, 6);
    assert_true(stream_is_open(&life->stream));
    assert_int_equal(life->weight, 1 + 143); /* the key is asked for each ten minutes */
}

/* A connection whose key is gone says nothing more: it ends, and one with a new key is made at
 * once. The time of the message may be a text. */
static void a_key_that_expires_is_replaced_at_once(void **state)
{
    struct life *life = *state;
    for (int i = 1; i <= 2; i++) {
        tell_exchange(life,
                      i == 1 ? "stream?account=main&expire=1" : "stream?account=main&expire=2");
        WAIT_FOR(life, life->opened == 1 + i && is_calm(life));
        assert_int_equal(life->closed, i);
        assert_int_equal(life->weight, 1 + i);
        assert_int_equal(life->messages, i); /* that it expired is kept as it came */
    }
}

static void a_key_that_expires_while_two_connections_are_read_ends_both(void **state)
{
    struct life *life = *state;
    for (int minute = 0; minute < 23 * 60 + 50; minute++) {
        pass(life, MINUTE_MS);
    }
    WAIT_FOR(life, life->opened == 2);
    assert_int_equal(life->closed, 0);
    int64_t weight = life->weight;
    tell_exchange(life, "stream?account=main&expire=1");
    WAIT_FOR(life, life->closed == 2);
    WAIT_FOR(life, life->opened == 3 && is_calm(life));
    assert_int_equal(life->weight, weight + 1);
    assert_int_equal(life->messages, 2); /* by each of the two */
    tell_exchange(life, "trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=1");
    WAIT_FOR(life, life->messages == 5);
}

/* A renewed connection hears what the one before it did not; the exchange gives the same key. */
static void a_renewed_connection_takes_over(void **state)
{
    struct life *life = *state;
    const struct now now = now_of(life);
    stream_renew(&life->stream, &now);
    WAIT_FOR(life, life->opened == 2);
    assert_int_equal(life->closed, 0);
    life->passed_ms += STREAM_OVERLAP_MS;
    WAIT_FOR(life, life->closed == 1 && is_calm(life));
    assert_string_equal(life->last_detail, "a new connection took over");
    tell_exchange(life, "trade?account=main&symbol=BTCUSD_PERP&side=LONG&amount=1");
    WAIT_FOR(life, life->messages == 3);
    assert_int_equal(life->weight, 2);
}

/* What comes late by a connection of an old key says nothing of the new one. */
static void a_stale_connections_word_never_drops_a_newer_key(void **state)
{
    static const char EXPIRED[] = "{\"e\":\"listenKeyExpired\",\"E\":\"soon\",\"listenKey\":";
    struct life *life = *state;
    struct stream_link *old = current(life);
    const struct now now = now_of(life);
    stream_renew(&life->stream, &now);
    WAIT_FOR(life, life->opened == 2 && is_calm(life));
    stream_take_message(old, (struct span){EXPIRED, sizeof EXPIRED - 1}, &now);
    assert_true(life->stream.key.size > 0);
    assert_true(old->is_deaf);
    stream_take_message(&life->stream.links[old == &life->stream.links[0]],
                        (struct span){EXPIRED, sizeof EXPIRED - 1}, &now);
    assert_int_equal(life->stream.key.size, 0);
}

static void a_silent_connection_is_pinged_and_given_up_when_that_is_not_answered(void **state)
{
    struct life *life = *state;
    pass(life, STREAM_QUIET_MS + 1);
    assert_int_equal(life->closed, 0); /* it answered */
    tell_exchange(life, "stream?account=main&stall=1");
    life->passed_ms += STREAM_QUIET_MS + 1;
    step(life);
    assert_true(current(life)->is_pinged);
    life->passed_ms += STREAM_PONG_MS - 1000;
    step(life);
    assert_int_equal(life->closed, 0);
    life->passed_ms += 1001;
    WAIT_FOR(life, life->closed == 1);
    assert_string_equal(life->last_detail, "a ping was not answered");
    WAIT_FOR(life, life->opened == 2);
}

#define LIFE_TEST(test) cmocka_unit_test_setup_teardown(test, life_setup, life_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE_TEST(the_listen_key_is_kept_every_10_minutes),
        LIFE_TEST(a_key_that_is_gone_unseen_is_replaced_when_it_is_to_be_kept),
        LIFE_TEST(a_connection_is_replaced_before_its_day_is_over_and_nothing_is_lost_or_doubled),
        LIFE_TEST(a_key_that_expires_is_replaced_at_once),
        LIFE_TEST(a_key_that_expires_while_two_connections_are_read_ends_both),
        LIFE_TEST(a_renewed_connection_takes_over),
        LIFE_TEST(a_stale_connections_word_never_drops_a_newer_key),
        LIFE_TEST(a_silent_connection_is_pinged_and_given_up_when_that_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
