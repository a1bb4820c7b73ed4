/* Any bytes as an answer or a message, through the code that acts on it: what is recorded, what is
 * asked for next, what becomes of the stream, and what the metrics say. Nothing is sent. The first
 * byte says which endpoint it is. */
#include <stdlib.h>

#include "ask/ask.h"
#include "base/log.h"
#include "derive/standing.h"
#include "store/migrate.h"
#include "store/recorder.h"
#include "stream/stream.h"

#define NOW_MS INT64_C(1795557600000)
#define QUESTIONS_MAX 50

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    struct database database;
    struct recorder *recorder;
    struct known *known;
    struct credentials credentials;
    struct account_settings settings;
    struct asker *out[ENDPOINT_ASKED_COUNT * 4];
    size_t out_count;
} world;

static const struct now NOW = {{1000}, NOW_MS};

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
    world.settings = (struct account_settings){
        .account = "main",
        .exchange = {.product = &COIN_M,
                     .base_url = "http://127.0.0.1:9",
                     .credentials = &world.credentials},
        .timeout_ms = 1000,
        .records = {true, true, true, true, true, true},
        .account_interval_ms = 1000,
        .income_interval_ms = 1000,
        .weight_share_percent = 80,
        .stream_url = "ws://127.0.0.1:9",
    };
}

static bool send_request(void *context, const struct http_request *request, struct error *error)
{
    (void)context;
    (void)error;
    if (world.out_count == sizeof world.out / sizeof world.out[0]) {
        abort();
    }
    world.out[world.out_count++] = request->owner;
    return true;
}

static void on_capture(void *context, struct ask_account *account, struct capture *capture)
{
    struct recorded recorded;
    struct error error;
    (void)context;
    if (!recorder_append(world.recorder, RECORD_LIVE, capture, &recorded, &error)) {
        abort();
    }
    ask_recorded(&NOW, account, capture, &recorded);
    capture_free(capture);
}

static void on_listen_key(void *context, struct ask_account *account, struct span key)
{
    (void)context;
    (void)account;
    (void)key;
}

static void on_stream_capture(void *context, struct stream *stream, const struct now *now,
                              struct capture *capture)
{
    struct recorded recorded;
    struct error error;
    (void)context;
    (void)stream;
    capture->received_ms = now->wall_ms;
    if (!recorder_append(world.recorder, RECORD_LIVE, capture, &recorded, &error)) {
        abort();
    }
    capture_free(capture);
}

static void on_key_gone(void *context, struct stream *stream, const struct now *now)
{
    (void)context;
    (void)stream;
    (void)now;
}

static void do_nothing(void *context, struct stream_link *link, const struct now *now)
{
    (void)context;
    (void)link;
    (void)now;
}

static uint64_t no_random(void *context)
{
    (void)context;
    return 0;
}

static void hear(struct span message)
{
    const struct stream_watch watch = {NULL, on_stream_capture, on_key_gone, do_nothing, no_random};
    struct stream stream;
    struct error error;
    if (!stream_start(&stream, "main", &watch, &error)) {
        abort();
    }
    stream_take_message(&stream.links[0], message, &NOW);
    stream_stop(&stream, NULL, &NOW);
}

/* The bytes are what is answered to each question of this endpoint. */
static void ask(enum endpoint endpoint, struct span body)
{
    const struct ask_settings settings = {
        .watch = {NULL, send_request, on_capture, on_listen_key},
        .known = world.known,
        .is_round = true,
    };
    struct ask_account account;
    struct error error;
    struct ask *ask = ask_new(&settings, &error);
    if (ask == NULL || !ask_add(ask, &account, &world.settings, &NOW, true, &error)) {
        abort();
    }
    asker_want(&account.positions, NOW.boot);
    asker_want(&account.balances, NOW.boot);
    asker_want(&account.income.asker, NOW.boot);
    trades_note_news(&account.trades, NOW.boot);
    world.out_count = 0;
    ask_work(ask, &NOW);
    for (int i = 0; i < QUESTIONS_MAX && world.out_count > 0; i++) {
        struct asker *asker = world.out[--world.out_count];
        struct http_response response = {.outcome = OUTCOME_TIMEOUT};
        if (asker->endpoint == endpoint || (i == 0 && asker->endpoint == ENDPOINT_TIME)) {
            response = (struct http_response){.status = maybe_of(200), .has_body = true};
            text_append(&response.body, body.data, body.size);
        }
        ask_answer(ask, &NOW, asker, &response);
        http_response_free(&response);
        ask_work(ask, &NOW);
    }
    ask_finish(ask);
    ask_free(ask);
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
    if (!recorder_begin(world.recorder, &error)) {
        abort();
    }
    if (endpoint == ENDPOINT_USER_DATA) {
        hear(body);
    } else {
        ask(endpoint, body);
    }
    look();
    recorder_rollback(world.recorder);
    return 0;
}
