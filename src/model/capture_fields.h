/* What a capture says of itself, field by field, each described once: its name, where it stands in
 * struct capture, and what it can be. The store's columns, the chain's canonical text and the lines
 * of export walk this description. Whose capture it is, its number and its body are no fields. */
#pragma once

#include "model/capture.h"

/* The fields, in the order of the table's columns and of the chain's canonical text. */
enum capture_field_id {
    CAPTURE_ENDPOINT,
    CAPTURE_DUE_MS,
    CAPTURE_SENT_MS,
    CAPTURE_RECEIVED_MS,
    CAPTURE_CLOCK_OFFSET_MS,
    CAPTURE_INTERVAL_MS,
    CAPTURE_ATTEMPT,
    CAPTURE_OUTCOME,
    CAPTURE_HTTP_STATUS,
    CAPTURE_API_CODE,
    CAPTURE_DETAIL,
    CAPTURE_USED_WEIGHT,
    CAPTURE_REQUEST,
    CAPTURE_FIELD_COUNT,
};

enum capture_field_type {
    CAPTURE_FIELD_NUMBER, /* int64_t, always known */
    CAPTURE_FIELD_MAYBE,  /* struct maybe_int */
    CAPTURE_FIELD_TEXT,   /* struct text; empty is unknown */
    CAPTURE_FIELD_NAME,   /* of the endpoint or the outcome, always known */
};

struct capture_field {
    const char *name; /* of the column, and of the member of a line */
    enum capture_field_type type;
    size_t offset; /* in struct capture */
    bool is_time;  /* which capture_check_time() knows the bounds of */
    int64_t min, max;
};

extern const struct capture_field CAPTURE_FIELDS[CAPTURE_FIELD_COUNT];

/* Whether the field is a text, to others than the capture itself. */
static inline bool capture_field_is_text(enum capture_field_id id)
{
    return CAPTURE_FIELDS[id].type >= CAPTURE_FIELD_TEXT;
}

/* What a field that is a number says. */
struct maybe_int capture_number(const struct capture *capture, enum capture_field_id id);

/* What a field that is a text says, until the capture changes; empty when it is unknown. */
struct span capture_text(const struct capture *capture, enum capture_field_id id);

/* Sets a field that is a number: to 0 where it is unknown and the capture always knows it. */
void capture_set_number(struct capture *capture, enum capture_field_id id, struct maybe_int value);

/* Sets a field that is a text. False when it is no name of an endpoint or outcome, and should be;
 * see capture_failed() for the others. */
bool capture_set_text(struct capture *capture, enum capture_field_id id, struct span value);
