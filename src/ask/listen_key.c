#include "ask/listen_key.h"

#include <openssl/crypto.h>

#include "ask/ask.h"

void listen_key_renew(struct asker *asker, struct boot_time now)
{
    asker_want(asker, now);
}

static void wipe(struct text *secret)
{
    if (secret->data != NULL) {
        OPENSSL_cleanse(secret->data, secret->capacity);
    }
    text_free(secret);
}

static void answered(struct asker *asker, const struct now *now, struct capture *capture)
{
    const struct ask_watch *watch = &ask_settings(asker)->watch;
    struct text key = {0};
    bool good =
        capture->outcome == OUTCOME_OK && endpoint_read_listen_key(text_span(&capture->body), &key);
    wipe(&capture->body);
    capture->has_body = false;
    if (good) {
        asker_want(asker, boot_after(now->boot, LISTEN_KEY_KEEP_MS));
        watch->on_listen_key(watch->context, asker->account, text_span(&key));
    } else {
        if (capture->outcome == OUTCOME_OK) {
            capture->outcome = OUTCOME_UNREADABLE;
            capture_append_detail(capture, span_of("no listen key in the answer"));
            asker_want(asker, boot_after(now->boot, ASK_REFUSED_WAIT_MS));
        }
        capture->sent_ms = (struct maybe_int){0};
        ask_hear(asker->host->ask, now, asker->account, capture);
    }
    wipe(&key);
}

const struct source SOURCE_LISTEN_KEY = {
    .endpoint = ENDPOINT_LISTEN_KEY,
    .priority = PRIORITY_KEY,
    .retry_base_ms = ASK_RETRY_BASE_MS,
    .retry_cap_ms = LISTEN_KEY_RETRY_CAP_MS,
    .answered = answered,
};
