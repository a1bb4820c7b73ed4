/* Messages that two connections of one stream both bring while the second takes over from the
 * first: what one has brought already is known when it comes by the other. */
#ifndef POSREC_SERVICE_DOUBLES_H
#define POSREC_SERVICE_DOUBLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/sha256.h"
#include "base/span.h"

#define DOUBLES_MAX 4096 /* messages remembered; what comes after these is taken as new */

struct doubles {
    struct sha256 *sha256;
    struct message_seen *seen; /* NULL while but one connection is read */
    size_t count;
};

bool doubles_start(struct doubles *doubles, struct error *error);
void doubles_free(struct doubles *doubles);

/* From now on both connections are read; or one of them is no more. */
void doubles_begin(struct doubles *doubles);
void doubles_end(struct doubles *doubles);

/* Whether the other connection than `link` has brought the same message already: of each message
 * that comes by both, one is a double. */
bool doubles_has(struct doubles *doubles, const void *link, struct span message);

#endif
