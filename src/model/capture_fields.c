#include "model/capture_fields.h"

#include <stddef.h>

/* clang-format off */
#define FIELD(name, type, is_time, min, max) \
    {#name, CAPTURE_FIELD_##type, offsetof(struct capture, name), is_time, min, max}
#define TIME(name, type) FIELD(name, type, true, INT64_MIN, INT64_MAX)
#define WHOLE(name, type, min, max) FIELD(name, type, false, min, max)
#define TEXT(name, type) FIELD(name, type, false, 0, 0)
/* clang-format on */

const struct capture_field CAPTURE_FIELDS[CAPTURE_FIELD_COUNT] = {
    [CAPTURE_ENDPOINT] = TEXT(endpoint, NAME),
    [CAPTURE_DUE_MS] = TIME(due_ms, MAYBE),
    [CAPTURE_SENT_MS] = TIME(sent_ms, MAYBE),
    [CAPTURE_RECEIVED_MS] = TIME(received_ms, NUMBER),
    [CAPTURE_CLOCK_OFFSET_MS] =
        WHOLE(clock_offset_ms, MAYBE, -CAPTURE_CLOCK_OFFSET_MS_MAX, CAPTURE_CLOCK_OFFSET_MS_MAX),
    [CAPTURE_INTERVAL_MS] = WHOLE(interval_ms, MAYBE, 1, CAPTURE_INTERVAL_MS_MAX),
    [CAPTURE_ATTEMPT] = WHOLE(attempt, NUMBER, 1, INT32_MAX),
    [CAPTURE_OUTCOME] = TEXT(outcome, NAME),
    [CAPTURE_HTTP_STATUS] = WHOLE(http_status, MAYBE, 100, 999),
    [CAPTURE_API_CODE] = WHOLE(api_code, MAYBE, INT64_MIN, INT64_MAX),
    [CAPTURE_DETAIL] = TEXT(detail, TEXT),
    [CAPTURE_USED_WEIGHT] = WHOLE(used_weight, MAYBE, 0, INT64_MAX),
    [CAPTURE_REQUEST] = TEXT(request, TEXT),
};

struct maybe_int capture_number(const struct capture *capture, enum capture_field_id id)
{
    const struct capture_field *field = &CAPTURE_FIELDS[id];
    const void *place = (const char *)capture + field->offset;
    return field->type == CAPTURE_FIELD_NUMBER ? maybe_of(*(const int64_t *)place)
                                               : *(const struct maybe_int *)place;
}

struct span capture_text(const struct capture *capture, enum capture_field_id id)
{
    const struct capture_field *field = &CAPTURE_FIELDS[id];
    const void *place = (const char *)capture + field->offset;
    if (field->type == CAPTURE_FIELD_TEXT) {
        return text_span(place);
    }
    return span_of(id == CAPTURE_ENDPOINT ? endpoint_name(capture->endpoint)
                                          : outcome_name(capture->outcome));
}

void capture_set_number(struct capture *capture, enum capture_field_id id, struct maybe_int value)
{
    const struct capture_field *field = &CAPTURE_FIELDS[id];
    void *place = (char *)capture + field->offset;
    if (field->type == CAPTURE_FIELD_NUMBER) {
        *(int64_t *)place = value.known ? value.value : 0;
    } else {
        *(struct maybe_int *)place = value;
    }
}

bool capture_set_text(struct capture *capture, enum capture_field_id id, struct span value)
{
    const struct capture_field *field = &CAPTURE_FIELDS[id];
    if (field->type == CAPTURE_FIELD_TEXT) {
        struct text *text = (void *)((char *)capture + field->offset);
        text_set(text, value);
        return true;
    }
    return id == CAPTURE_ENDPOINT ? endpoint_from_name(value, &capture->endpoint)
                                  : outcome_from_name(value, &capture->outcome);
}
