/* The URLs that posrec may talk to, as a configuration has them: which it may, and the one way to
 * write each. It is https, or http to a loopback address (for streams wss, or ws); no user, query
 * or fragment. A timestamp authority's may be http anywhere: what it answers is signed, and what it
 * is asked tells nothing. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

/* Append scheme and host in lower case, no default port, no slash at the end. ERROR_USAGE when it
 * is none of those. */
bool base_url_read(const char *base_url, struct text *normal, struct error *error);
bool base_url_read_stream(const char *stream_url, struct text *normal, struct error *error);
bool base_url_read_seal(const char *seal_url, struct text *normal, struct error *error);
