#include "model/seal.h"

#include <stdlib.h>

#include "base/time_text.h"
#include "model/request_filter.h"

static void append_digest(struct text *out, const struct sha256_digest *digest)
{
    text_append_hex(out, (struct span){(const char *)digest->bytes, SHA256_SIZE});
}

void seal_append_request(const struct seal *seal, struct text *request)
{
    text_printf(request, "/posrec-seal-1?count=%lld&head=", (long long)seal->count);
    append_digest(request, &seal->head);
    text_append_string(request, "&root=");
    append_digest(request, &seal->root);
    text_printf(request, "&nonce=%016llx", (unsigned long long)seal->nonce);
    if (seal->policy[0] != '\0') {
        text_printf(request, "&policy=%s", seal->policy);
    }
}

static bool read_nonce(struct span hex, uint64_t *nonce)
{
    char digits[17] = "", *end;
    if (hex.size != sizeof digits - 1) {
        return false;
    }
    memcpy(digits, hex.data, hex.size);
    *nonce = strtoull(digits, &end, 16);
    return *end == '\0';
}

static bool read_parts(struct span request, struct seal *seal)
{
    struct maybe_int count = request_number(request, "count");
    struct span policy = request_parameter(request, "policy");
    if (!count.known || count.value < 1 || policy.size >= sizeof seal->policy ||
        !sha256_from_hex(request_parameter(request, "head"), &seal->head) ||
        !sha256_from_hex(request_parameter(request, "root"), &seal->root) ||
        !read_nonce(request_parameter(request, "nonce"), &seal->nonce)) {
        return false;
    }
    seal->count = count.value;
    seal->has_nonce = true;
    memcpy(seal->policy, policy.data, policy.size);
    return policy.size == 0 || timestamp_policy_is_valid(seal->policy);
}

bool seal_read_request(struct span request, struct seal *seal)
{
    struct text again = {0};
    *seal = (struct seal){0};
    bool is_seal = read_parts(request, seal);
    if (is_seal) {
        seal_append_request(seal, &again);
        is_seal = !again.failed && span_equal(request, text_span(&again));
    }
    text_free(&again);
    return is_seal;
}

bool seal_query(const struct seal *seal, struct timestamp_query *query, struct error *error)
{
    struct sha256 *sha256 = sha256_new(error);
    struct text text = {0};
    text_printf(&text, "posrec seal 1\ncount %lld\nhead ", (long long)seal->count);
    append_digest(&text, &seal->head);
    text_append_string(&text, "\nroot ");
    append_digest(&text, &seal->root);
    text_append_char(&text, '\n');
    const struct span span = text_span(&text);
    *query = (struct timestamp_query){
        .has_nonce = seal->has_nonce, .nonce = seal->nonce, .policy = seal->policy};
    bool done = sha256 != NULL && (!text.failed || error_no_memory(error)) &&
                sha256_of(sha256, &span, 1, &query->imprint, error);
    text_free(&text);
    sha256_free(sha256);
    return done;
}

bool seal_verify(const struct seal *seal, const struct timestamp_trust *trust, struct span answer,
                 int64_t received_ms, struct timestamp *timestamp, struct error *error)
{
    struct timestamp_query query;
    char said[TIME_TEXT_SIZE], here[TIME_TEXT_SIZE];
    if (!seal_query(seal, &query, error) ||
        !timestamp_verify(trust, &query, answer, timestamp, error)) {
        return false;
    }
    if (llabs(timestamp->time_ms - received_ms) <= SEAL_APART_MS_MAX) {
        return true;
    }
    time_text_format(timestamp->time_ms, said);
    time_text_format(received_ms, here);
    return error_set(error, ERROR_FAILED, "its time is %s, and it came at %s", said, here);
}
