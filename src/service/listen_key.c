#include "service/listen_key.h"

#include <openssl/crypto.h>

void listen_key_start(struct listen_key *key, const struct poller_settings *settings,
                      struct transport *transport, void *owner)
{
    *key = (struct listen_key){.settings = settings, .transport = transport, .owner = owner};
}

void listen_key_forget(struct listen_key *key)
{
    if (key->text.data != NULL) {
        OPENSSL_cleanse(key->text.data, key->text.capacity);
    }
    text_free(&key->text);
    key->phase = KEY_NONE;
    key->due_ms = 0;
}

bool listen_key_is_known(const struct listen_key *key)
{
    return key->phase == KEY_KNOWN;
}

/* POST gives the key that is alive, and keeps it so. */
static bool ask(struct listen_key *key)
{
    const struct poller_settings *settings = key->settings;
    struct text url = {0};
    struct error error;
    bool sent = endpoint_listen_key(&settings->exchange, &url, &error);
    const struct http_request request = {
        .method = "POST",
        .url = text_string(&url),
        .api_key = text_string(&settings->exchange.credentials->api_key),
        .ca_file = settings->ca_file,
        .proxy = settings->proxy,
        .timeout_ms = settings->timeout_ms,
        .owner = key->owner,
    };
    sent = sent && transport_start(key->transport, &request, &error);
    text_free(&url);
    return sent;
}

int64_t listen_key_work(struct listen_key *key, int64_t now_ms)
{
    bool is_kept = key->phase == KEY_KNOWN;
    if (now_ms < key->due_ms || !(is_kept || key->phase == KEY_NONE)) {
        return 0;
    }
    key->due_ms = now_ms + LISTEN_KEY_REFUSED_WAIT_MS;
    if (!ask(key)) {
        return 0;
    }
    key->phase = is_kept ? KEY_KEEPING : KEY_ASKING;
    return WEIGHT_LISTEN_KEY;
}

int64_t listen_key_wake_ms(const struct listen_key *key)
{
    return key->phase == KEY_NONE || key->phase == KEY_KNOWN ? key->due_ms : INT64_MAX;
}

/* What kept the exchange from a good answer. */
static enum listen_key_step take_failure(struct http_response *response, struct capture *capture)
{
    int64_t received_ms = capture->received_ms;
    text_append_string(&capture->request, "/dapi/v1/listenKey");
    endpoint_fill_capture(response, capture);
    capture->received_ms = received_ms;
    bool outage = endpoint_is_outage(capture);
    if (capture->outcome == OUTCOME_OK) {
        capture->outcome = OUTCOME_UNREADABLE;
        capture_append_detail(capture, span_of("no listen key in the answer"));
    }
    capture->has_body = false;
    text_free(&capture->body);
    return outage ? LISTEN_KEY_OUTAGE : LISTEN_KEY_REFUSED;
}

/* Takes the key over, if there is one in the answer. */
static bool take_key(struct listen_key *key, struct http_response *response, bool *is_other)
{
    struct text given = {0};
    bool good = response->status.value == 200 &&
                endpoint_read_listen_key(text_span(&response->body), &given);
    if (good) {
        struct text before = key->text;
        *is_other = !span_equal(text_span(&given), text_span(&before));
        key->text = given;
        given = before;
        if (response->body.data != NULL) {
            OPENSSL_cleanse(response->body.data, response->body.capacity);
        }
    }
    if (given.data != NULL) {
        OPENSSL_cleanse(given.data, given.capacity);
    }
    text_free(&given);
    return good;
}

enum listen_key_step listen_key_answer(struct listen_key *key, struct http_response *response,
                                       int64_t now_ms, struct capture *capture)
{
    bool was_kept = key->phase == KEY_KEEPING, is_other = false;
    bool good = take_key(key, response, &is_other);
    key->phase = good || was_kept ? KEY_KNOWN : KEY_NONE;
    key->due_ms = now_ms + (good ? LISTEN_KEY_KEEP_MS : LISTEN_KEY_REFUSED_WAIT_MS);
    if (!good) {
        return take_failure(response, capture);
    }
    return was_kept && is_other ? LISTEN_KEY_OTHER : LISTEN_KEY_GOOD;
}
