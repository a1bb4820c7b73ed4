/* What there is, for people, when a name was asked for that is not among it: "a, b, c and 7 more",
 * the nearest first. A name that begins with the one asked for, or that begins it, is the nearest;
 * of others the one that takes the fewest letters to be put in, left out or exchanged. Case counts
 * for nothing. */
#pragma once

#include <stdint.h>

#include "base/text.h"

/* Names that are written out; of the others only how many they are. */
#define NAMES_SHOWN_MAX 10

/* Of longer names only so many bytes are compared. */
#define NAMES_COMPARED_MAX 64

/* Begins with `wanted`, which must live as long, and zeros. */
struct names {
    const char *wanted;
    int64_t count;
    struct near_name {
        struct text name;
        int distance;
    } nearest[NAMES_SHOWN_MAX];
    struct text text;
};

/* How far a name is from the one that is wanted; 0 when one begins with the other. */
int names_distance(const char *wanted, const char *name);

/* Of names that are as near, the one that was added first comes first. */
void names_add(struct names *names, const char *name);

/* The nearest of all that were added, as a text that lives until names_free(). Nothing is added
 * after it. */
const char *names_string(struct names *names);
void names_free(struct names *names);
