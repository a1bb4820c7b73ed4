#include "model/field.h"

#include "base/decimal.h"
#include "model/json_span.h"

#define SHOWN_MAX ((size_t)58) /* of a key */
#define VALUE_SHOWN_MAX ((size_t)40)

/* A number's own digits, which must be JSON's, or what a string says. */
static bool number_text(struct span value, struct text *scratch, struct span *digits)
{
    if (value.data[0] != '"') {
        *digits = value;
        return json_number_is_valid(value);
    }
    *digits = (struct span){value.data + 1, value.size - 2};
    if (memchr(digits->data, '\\', digits->size) == NULL) {
        return true;
    }
    bool valid = json_unescape(value, scratch);
    *digits = text_span(scratch);
    return valid;
}

const char *field_number(struct span value, int scale, int64_t *number, bool *rounded)
{
    struct text scratch = {0};
    struct span digits;
    enum decimal_result result = DECIMAL_NOT_A_NUMBER;
    if (number_text(value, &scratch, &digits)) {
        result = decimal_parse(digits, scale, number, rounded);
    }
    text_free(&scratch);
    return result == DECIMAL_OK             ? NULL
           : result == DECIMAL_OUT_OF_RANGE ? "out of range"
                                            : "not a number";
}

const char *field_whole(struct span value, int64_t *number)
{
    bool rounded = false;
    const char *why = field_number(value, 0, number, &rounded);
    return why == NULL && rounded ? "not a whole number" : why;
}

const char *field_flag(struct span value, int64_t *flag)
{
    *flag = span_is(value, "true") || span_is(value, "\"true\"");
    return *flag == 1 || span_is(value, "false") || span_is(value, "\"false\"")
               ? NULL
               : "neither true nor false";
}

static const char *refuse(struct text *out, const char *why)
{
    text_clear(out);
    return why;
}

const char *field_string(struct span value, struct text *out)
{
    if (value.data[0] != '"' || !json_unescape(value, out)) {
        return refuse(out, "not a string");
    }
    return memchr(text_string(out), '\0', out->size) != NULL ? refuse(out, "has a NUL") : NULL;
}

const char *field_name(struct span value, struct text *out)
{
    const char *why = field_string(value, out);
    return out->size > NAME_SIZE_MAX ? refuse(out, "too long for a name") : why;
}

const char *field_as_given(struct span value, struct text *out)
{
    if (value.size > NAME_SIZE_MAX || !json_number_is_valid(value)) {
        return field_name(value, out);
    }
    text_append_span(out, value);
    return NULL;
}

bool field_error(struct error *error, struct span key, const char *why, struct span value)
{
    size_t key_size = key.size - 2 < SHOWN_MAX ? key.size - 2 : SHOWN_MAX;
    size_t value_size = value.size < VALUE_SHOWN_MAX ? value.size : VALUE_SHOWN_MAX;
    return error_set(error, ERROR_FAILED, "field %.*s: %s: %.*s", (int)key_size, key.data + 1, why,
                     (int)value_size, value.data);
}

void odd_fields_note(struct odd_fields *odd, struct span key, const char *why, struct span value)
{
    if (odd->count++ == 0) {
        field_error(&odd->first, key, why, value);
    }
}

void odd_fields_add(struct odd_fields *odd, const struct odd_fields *more)
{
    if (odd->count == 0 && more->count > 0) {
        odd->first = more->first;
    }
    odd->count += more->count;
}
