/* Where JSON values begin and end in their own text.
 *
 * posrec owes a number's digits and a string's NULs, so nothing is parsed into a tree: this walks
 * over the punctuation of an object or array and hands out each value's own bytes. Whether all of
 * them are JSON is asked once, of json_value_is_valid; what a string stands for, of json_unescape.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "base/text.h"

enum json_step {
    JSON_ITEM,    /* the outputs hold the next member or element */
    JSON_END,     /* the object or array is complete */
    JSON_INVALID, /* not JSON at `at` */
};

/* A walk over one object or array. `at` is the offset of what comes next, for error texts. */
struct json_walk {
    struct span text;
    size_t at;
    bool begun;
};

/* The offset of the first byte at or after `at` that is not JSON white space. */
size_t json_skip_space(struct span text, size_t at);

/* The bytes without the white space around them. */
struct span json_trim(struct span text);

/* The offset just after the value that starts at `at`; `at` itself when no value can start or end
 * there. Checks brackets, strings and that scalars are not empty, not what a scalar says. */
size_t json_skip_value(struct span text, size_t at);

/* Starts a walk over an object's members (or array's elements): `text` from offset `at` must start
 * with `{` (`[`), after white space; otherwise the first step is JSON_INVALID. */
struct json_walk json_walk_at(struct span text, size_t at);

/* The next member: its key as written, quotes included, and its value's bytes. */
enum json_step json_next_member(struct json_walk *walk, struct span *key, struct span *value);

/* The same in two steps, for a value that is better taken another way: the next key, after which
 * the walk stands at the value, ... */
enum json_step json_next_key(struct json_walk *walk, struct span *key);

/* ... and the value's bytes, false when there is none, ... */
bool json_take_value(struct json_walk *walk, struct span *value);

/* ... or what a string value stands for, appended to `out` in one pass; false, with the walk where
 * it was, when the value is no string or no valid one. */
bool json_take_string(struct json_walk *walk, struct text *out);

/* The next element's bytes. */
enum json_step json_next_element(struct json_walk *walk, struct span *value);

/* True when nothing but white space follows the walk's end. */
bool json_walk_at_end(const struct json_walk *walk);

/* True when a key as written says `name`. */
bool json_key_is(struct span key, const char *name);

/* Appends the bytes that a string as written (quotes included) stands for, NULs too. False when it
 * is no valid JSON string: a bad escape, half a surrogate pair. */
bool json_unescape(struct span string, struct text *out);

/* Whether the bytes are one number as JSON writes them: no zeros or plus in front, digits on both
 * sides of a point (RFC 8259, section 6). */
bool json_number_is_valid(struct span number);

/* Reads a whole number that is written as JSON's number or as a string: the exchange gives times,
 * codes and ids both ways. */
bool json_whole(struct span value, int64_t *number);

/* Whether the bytes are one whole JSON value and nothing else (RFC 8259). */
bool json_value_is_valid(struct span value);
