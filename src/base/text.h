/* A growing buffer of bytes, always NUL-terminated, that may hold NULs.
 *
 * Start with a zeroed struct; text_free() ends it and leaves it zeroed, ready for use again. A
 * failed allocation, or growth past TEXT_SIZE_MAX, sets `failed` and makes every later append do
 * nothing, so a caller may append many times and check once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define TEXT_SIZE_MAX ((size_t)1 << 30)

struct text {
    char *data;
    size_t size;
    uint32_t capacity; /* under twice TEXT_SIZE_MAX; many thousands of texts are kept */
    bool failed;
};

/* Makes room for `more` bytes beyond the size. False, and `failed`, when it cannot. */
bool text_reserve(struct text *text, size_t more);

void text_append(struct text *text, const void *data, size_t size);
void text_append_span(struct text *text, struct span bytes);
void text_append_string(struct text *text, const char *string);
void text_append_char(struct text *text, char c);
void text_append_int(struct text *text, int64_t value);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends the bytes as a JSON string with its quotes. Bytes over 0x7f pass as they are, so the
 * result is JSON exactly when the bytes are UTF-8. */
void text_append_json(struct text *text, struct span bytes);

/* Appends two digits in lower case for each byte. */
void text_append_hex(struct text *text, struct span bytes);

/* Appends the bytes between two quotes; one among them is written twice, as in SQL and CSV. */
void text_append_quoted(struct text *text, struct span bytes, char quote);

/* Empties it, keeps the memory and clears `failed`. */
void text_clear(struct text *text);

/* Makes it these bytes, which are not its own. */
void text_set(struct text *text, struct span bytes);

void text_free(struct text *text);

/* Frees a secret, of which nothing stays in memory: as long as its room was reserved at once. */
void text_wipe(struct text *text);

/* The bytes as a view, valid until the next change. */
struct span text_span(const struct text *text);

/* The bytes as a C string, "" when nothing was ever appended. */
const char *text_string(const struct text *text);
