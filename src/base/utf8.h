/* Is it UTF-8? (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

/* The offset of the first byte that does not belong, or the size when every byte does. */
size_t utf8_valid_size(struct span bytes);

static inline bool utf8_is_valid(struct span bytes)
{
    return utf8_valid_size(bytes) == bytes.size;
}

/* The size of the character that the bytes begin with, and its code point; 0 when they begin with
 * none, and the point is left alone. */
size_t utf8_next(struct span bytes, uint32_t *point);

/* Whether UTF-8 has a control character: those of ASCII, or U+0080 to U+009F, which terminals obey
 * too. */
bool utf8_has_control(struct span text);

/* Appends the bytes, with U+FFFD for each byte that does not belong. */
void utf8_append_valid(struct text *out, struct span bytes);

/* Appends them so as a JSON string with its quotes. */
void utf8_append_json(struct text *out, struct span bytes);
