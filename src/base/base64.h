/* Base64 (RFC 4648, with padding) through OpenSSL. */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

/* Appends the base64 of the bytes; a failure shows in `out->failed`. */
void base64_encode(struct span bytes, struct text *out);

/* Appends the decoded bytes. False when the text is not base64 in full groups of four. */
bool base64_decode(struct span base64, struct text *out);
