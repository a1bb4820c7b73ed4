#include "service/doubles.h"

#include <stdlib.h>

struct message_seen {
    struct sha256_digest digest;
    const void *link; /* that brought it; the other is still to */
};

bool doubles_start(struct doubles *doubles, struct error *error)
{
    *doubles = (struct doubles){.sha256 = sha256_new(error)};
    return doubles->sha256 != NULL;
}

void doubles_free(struct doubles *doubles)
{
    doubles_end(doubles);
    sha256_free(doubles->sha256);
    doubles->sha256 = NULL;
}

/* Without memory nothing is remembered: a message may be recorded twice then, none is lost. */
void doubles_begin(struct doubles *doubles)
{
    doubles_end(doubles);
    doubles->seen = calloc(DOUBLES_MAX, sizeof *doubles->seen);
}

void doubles_end(struct doubles *doubles)
{
    free(doubles->seen);
    doubles->seen = NULL;
    doubles->count = 0;
}

bool doubles_has(struct doubles *doubles, const void *link, struct span message)
{
    struct sha256_digest digest;
    struct error ignored;
    if (doubles->seen == NULL || !sha256_of(doubles->sha256, &message, 1, &digest, &ignored)) {
        return false;
    }
    for (size_t i = 0; i < doubles->count; i++) {
        struct message_seen *seen = &doubles->seen[i];
        if (seen->link != link && sha256_equal(&seen->digest, &digest)) {
            *seen = doubles->seen[--doubles->count];
            return true;
        }
    }
    if (doubles->count < DOUBLES_MAX) {
        doubles->seen[doubles->count++] = (struct message_seen){digest, link};
    }
    return false;
}
