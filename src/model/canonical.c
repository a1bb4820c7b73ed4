#include "model/canonical.h"

#include <stdio.h>

#include "base/decimal.h"
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

void canonical_reading_free(struct canonical_reading *reading)
{
    text_free(&reading->product);
    capture_free(&reading->capture);
}

static bool read_int(struct span digits, int64_t *number)
{
    bool rounded = false;
    return decimal_parse(digits, 0, number, &rounded) == DECIMAL_OK && !rounded;
}

/* Takes the next netstring off the text's front; its data is NULL for NULL. */
static bool next_string(struct span *text, struct span *value)
{
    int64_t size = -1;
    const char *mark = text->size > 0 ? memchr(text->data, ':', text->size) : NULL;
    *value = (struct span){0};
    if (text->size >= 2 && memcmp(text->data, "-,", 2) == 0) {
        *text = (struct span){text->data + 2, text->size - 2};
        return true;
    }
    if (mark == NULL || !read_int((struct span){text->data, (size_t)(mark - text->data)}, &size)) {
        return false;
    }
    size_t left = (size_t)(text->data + text->size - mark) - 1;
    if (size < 0 || (uint64_t)size >= left || mark[1 + size] != ',') {
        return false;
    }
    *value = (struct span){mark + 1, (size_t)size};
    *text = (struct span){mark + 2 + size, left - (size_t)size - 1};
    return true;
}

static bool next_int(struct span *text, int64_t *number)
{
    struct span value;
    return next_string(text, &value) && value.data != NULL && read_int(value, number);
}

static bool next_field(struct span *text, struct capture *capture, enum capture_field_id id)
{
    struct span value;
    struct maybe_int number = {0};
    if (!next_string(text, &value)) {
        return false;
    }
    if (capture_field_is_text(id)) {
        return capture_set_text(capture, id, value.data != NULL ? value : span_of(""));
    }
    if (value.data != NULL) {
        number.known = true;
        if (!read_int(value, &number.value)) {
            return false;
        }
    }
    capture_set_number(capture, id, number);
    return true;
}

static bool read_all(struct span text, struct canonical_reading *reading)
{
    struct capture *capture = &reading->capture;
    struct span mark, account, product;
    capture_clear(capture);
    if (!next_string(&text, &mark) || !span_is(mark, MARK) ||
        !next_int(&text, &reading->capture_id) || !next_string(&text, &account) ||
        !next_string(&text, &product) || account.data == NULL || product.data == NULL) {
        return false;
    }
    text_set(&capture->account, account);
    text_set(&reading->product, product);
    for (int i = 0; i < CAPTURE_FIELD_COUNT; i++) {
        if (!next_field(&text, capture, (enum capture_field_id)i)) {
            return false;
        }
    }
    return next_int(&text, &reading->row_count) && text.size == 0;
}

bool canonical_read(struct span text, struct canonical_reading *reading, struct error *error)
{
    struct text again = {0};
    bool done = true, same = read_all(text, reading);
    if (reading->product.failed || capture_failed(&reading->capture)) {
        return error_no_memory(error);
    }
    const struct canonical canonical = {reading->capture_id, text_string(&reading->product),
                                        reading->row_count, &reading->capture};
    if (same) {
        done = canonical_write(&canonical, &again, error);
        same = span_equal(text, text_span(&again));
        text_free(&again);
    }
    return done && (same || error_set(error, ERROR_FAILED, "no capture's canonical text"));
}
