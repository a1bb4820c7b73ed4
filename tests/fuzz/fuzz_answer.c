/* Any bytes as an answer or a message, through the code that acts on it: what is recorded, what is
 * asked for next, what becomes of the stream, and what the metrics say. Nothing is sent: the
 * transport is never polled. The first byte says which endpoint it is. */
#include <stdlib.h>

#include "base/log.h"
#include "service/income_pages.h"
#include "service/money.h"
#include "service/stream.h"
#include "store/migrate.h"
#include "store/recorder.h"
#include "store/standing.h"

#define NOW_MS INT64_C(1795557600000)
#define QUESTIONS_MAX 50

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    struct database database;
    struct recorder *recorder;
    struct known *known;
    struct credentials credentials;
    struct poller_settings settings;
    struct exchange_clock clock;
} world;

static void make_world(void)
{
    struct error error;
    const struct credentials_source source = {.api_key = "key", .secret = "secret"};
    log_set_level(LOG_ERROR);
    if (!database_open_memory(&world.database, &error) ||
        !migrate_apply(&world.database, 0, NULL, &error) ||
        (world.recorder = recorder_new(&world.database, true, &error)) == NULL ||
        (world.known = known_new(&world.database, &error)) == NULL ||
        !credentials_load(&source, &world.credentials, &error)) {
        abort();
    }
    world.settings = (struct poller_settings){
        .account = "main",
        .exchange = {.base_url = "http://127.0.0.1:9", .credentials = &world.credentials},
        .timeout_ms = 1000,
        .records = {true, true, true, true, true, true},
        .account_interval_ms = 1000,
        .income_interval_ms = 1000,
        .weight_share_percent = 80,
        .stream_url = "ws://127.0.0.1:9",
    };
    world.clock = exchange_clock_start(NOW_MS, 0);
    exchange_clock_measure(&world.clock, 0, 0, NOW_MS);
}

static void record(struct capture *capture, struct recorded *recorded)
{
    struct error error;
    if (!recorder_append(world.recorder, RECORD_LIVE, capture, recorded, &error)) {
        abort();
    }
}

static void on_capture(void *context, struct stream *stream, struct capture *capture)
{
    (void)context;
    (void)stream;
    struct recorded recorded;
    record(capture, &recorded);
}

static void on_refused(void *context, struct stream *stream, const struct capture *capture)
{
    (void)context;
    (void)stream;
    (void)capture;
}

static uint64_t no_random(void *context)
{
    (void)context;
    return 0;
}

static void hear(struct transport *transport, struct span message)
{
    const struct stream_watch watch = {NULL, on_capture, on_refused, no_random};
    struct stream stream;
    struct error error;
    if (!stream_start(&stream, &world.settings, transport, &world.clock, &watch, &error)) {
        abort();
    }
    stream_take_message(&stream.links[0], message);
    stream_stop(&stream, NULL);
}

/* The bytes are what was answered to a question of this endpoint. */
static void ask(struct transport *transport, enum endpoint endpoint, struct span body)
{
    struct capture capture = {0};
    struct recorded recorded;
    struct money money;
    struct limits limits = limits_start(80);
    capture_clear(&capture);
    text_append_string(&capture.account, "main");
    capture.endpoint = endpoint;
    capture.sent_ms = maybe_of(NOW_MS);
    capture.received_ms = NOW_MS;
    capture.http_status = maybe_of(200);
    capture.has_body = true;
    text_append(&capture.body, body.data, body.size);
    money_start(&money, &world.settings, transport, &world.clock, world.known);
    money_want_round(&money, NOW_MS);
    money.account_wanted = false;
    money.income_wanted = endpoint == ENDPOINT_INCOME;
    money_work(&money, NOW_MS, &limits);
    capture_judge(&capture);
    record(&capture, &recorded);
    for (int i = 0; i < QUESTIONS_MAX; i++) { /* the same answer to each question that follows */
        money.poller.phase = POLLER_IDLE;
        money.is_waiting = true;
        money_note_recorded(&money, &capture, recorded.row_count);
        money_work(&money, NOW_MS, &limits);
    }
    money_free(&money);
    capture_free(&capture);
}

static void look(void)
{
    struct standing standing = {0};
    const struct account *account = recorder_account(world.recorder, span_of("main"));
    struct maybe_int untold_ms;
    struct error error;
    if ((account != NULL && !standing_add(&standing, account)) ||
        !known_untold(world.known, "main", 0, NOW_MS, &untold_ms, &error)) {
        abort();
    }
    standing_free(&standing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    if (size == 0) {
        return 0;
    }
    if (world.recorder == NULL) {
        make_world();
    }
    enum endpoint endpoint = (enum endpoint)(data[0] % ENDPOINT_COUNT);
    struct span body = {(const char *)data + 1, size - 1};
    struct transport *transport = transport_new(CAPTURE_BODY_SIZE_MAX, &error);
    if (transport == NULL || !recorder_begin(world.recorder, &error)) {
        abort();
    }
    if (endpoint == ENDPOINT_USER_DATA) {
        hear(transport, body);
    } else {
        ask(transport, endpoint, body);
    }
    look();
    recorder_rollback(world.recorder);
    transport_free(transport);
    return 0;
}
