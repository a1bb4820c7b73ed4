/* What there is, for people, when a name was asked for that is not among it: "a, b, c and 7 more".
 */
#pragma once

#include <stdint.h>

#include "base/text.h"

/* Names that are written out; of the others only how many they are. */
#define NAMES_SHOWN_MAX 10

struct names {
    struct text text;
    int64_t count;
};

void names_add(struct names *names, const char *name);

/* All that were added, as a text that lives until names_free(). Nothing is added after it. */
const char *names_string(struct names *names);
void names_free(struct names *names);
