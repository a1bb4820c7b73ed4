#include "model/canonical.h"

#include <stdio.h>

#include "model/capture_fields.h"

#define MARK "posrec-poll-1"

static void add_span(struct text *out, struct span value)
{
    text_append_int(out, (int64_t)value.size);
    text_append_char(out, ':');
    text_append_span(out, value);
    text_append_char(out, ',');
}

static void add_string(struct text *out, const char *value)
{
    add_span(out, span_of(value));
}

static void add_null(struct text *out)
{
    text_append(out, "-,", 2);
}

static void add_int(struct text *out, int64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
    add_span(out, (struct span){digits, (size_t)length});
}

static void add_maybe(struct text *out, struct maybe_int value)
{
    if (value.known) {
        add_int(out, value.value);
    } else {
        add_null(out);
    }
}

static void add_field(struct text *out, const struct capture *capture, enum capture_field_id id)
{
    struct span text = {0};
    if (!capture_field_is_text(id)) {
        add_maybe(out, capture_number(capture, id));
    } else if (text = capture_text(capture, id), text.size > 0) {
        add_span(out, text);
    } else {
        add_null(out);
    }
}

bool canonical_write(const struct canonical *canonical, struct text *out, struct error *error)
{
    const struct capture *capture = canonical->capture;
    text_clear(out);
    add_string(out, MARK);
    add_int(out, canonical->capture_id);
    add_span(out, text_span(&capture->account));
    add_string(out, canonical->product);
    for (int i = 0; i < CAPTURE_FIELD_COUNT; i++) {
        add_field(out, capture, (enum capture_field_id)i);
    }
    add_int(out, canonical->row_count);
    return !out->failed || error_no_memory(error);
}
