/* Any line: reading it must be safe, and a capture that it gives must survive being written and
 * read again. */
#include <stdlib.h>
#include <string.h>

#include "model/capture_line.h"

#define NOW_MS INT64_C(1795557600000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same_text(const struct text *a, const struct text *b)
{
    return span_equal(text_span(a), text_span(b));
}

static bool same_capture(const struct capture *a, const struct capture *b)
{
    return same_text(&a->account, &b->account) && a->endpoint == b->endpoint &&
           maybe_equal(a->due_ms, b->due_ms) && maybe_equal(a->sent_ms, b->sent_ms) &&
           a->received_ms == b->received_ms &&
           maybe_equal(a->clock_offset_ms, b->clock_offset_ms) &&
           maybe_equal(a->interval_ms, b->interval_ms) && a->attempt == b->attempt &&
           a->outcome == b->outcome && maybe_equal(a->http_status, b->http_status) &&
           maybe_equal(a->api_code, b->api_code) && maybe_equal(a->used_weight, b->used_weight) &&
           same_text(&a->detail, &b->detail) && same_text(&a->request, &b->request) &&
           a->has_body == b->has_body && same_text(&a->body, &b->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct capture first = {0}, second = {0};
    struct text line = {0};
    struct error error;
    capture_clear(&first);
    capture_clear(&second);
    if (capture_line_parse((struct span){(const char *)data, size}, NOW_MS, &first, &error)) {
        capture_line_append(&line, &first);
        if (line.failed || !capture_line_parse(text_span(&line), NOW_MS, &second, &error) ||
            !same_capture(&first, &second)) {
            abort();
        }
    }
    capture_free(&first);
    capture_free(&second);
    text_free(&line);
    return 0;
}
