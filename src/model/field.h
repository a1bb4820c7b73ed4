/* The value of one field of the exchange's JSON, read as what it is to be; and what a body has of
 * fields that cannot be read. Each of the readers returns what is wrong with the value, NULL when
 * nothing is: the value is JSON then. Whether one that cannot be read is JSON is asked of its body
 * or element as a whole. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"

/* Of symbols, sides, assets, types and ids, which are asked for again, shown and compared. */
#define NAME_SIZE_MAX ((size_t)63)

/* A number, or a string that says one, times ten to the power of `scale`. */
const char *field_number(struct span value, int scale, int64_t *number, bool *rounded);
const char *field_whole(struct span value, int64_t *number);

/* true or false, or a string that says so: 1 or 0. */
const char *field_flag(struct span value, int64_t *flag);

/* What a string stands for, appended to `out`, which is emptied when it cannot be read; a name is
 * of NAME_SIZE_MAX bytes at most, and an id is a name, or a number whose digits are its text. */
const char *field_string(struct span value, struct text *out);
const char *field_name(struct span value, struct text *out);
const char *field_as_given(struct span value, struct text *out);

/* Sets "field KEY: WHY: VALUE"; returns false. The key is as written, with its quotes. */
bool field_error(struct error *error, struct span key, const char *why, struct span value);

/* The fields of a body that cannot be read, each of which costs itself alone. */
struct odd_fields {
    size_t count;
    struct error first; /* what is wrong with the first one, when there is any */
};

void odd_fields_note(struct odd_fields *odd, struct span key, const char *why, struct span value);

/* Adds those of a later part of the body. */
void odd_fields_add(struct odd_fields *odd, const struct odd_fields *more);
