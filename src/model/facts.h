/* The facts that one body tells, each read into its row but for the ids that only the store knows.
 */
#pragma once

#include "model/leg_object.h"

struct fact {
    const struct object_kind *kind;
    struct object object;
    struct fact *before; /* what the body told of the same thing otherwise; NULL for nothing */
    bool stands;         /* it makes a row: set to be false where the body says the same twice, or
                            where a kind without revisions is told anew in it */
};

struct facts {
    struct fact *list;
    size_t count;
    size_t capacity;
    struct odd_fields odd; /* of the body */
};

void facts_free(struct facts *facts);
void facts_clear(struct facts *facts);

/* Reads one object, which becomes the last fact. */
bool facts_read(struct facts *facts, const struct object_kind *kind, struct span text,
                struct error *error);

/* The row of the fact read last. */
struct row *facts_last(const struct facts *facts);

/* Finds what a body tells twice; the rows are complete then. Of a kind with revisions each telling
 * that differs from the one before it stands, of others the last. */
bool facts_settle(struct facts *facts, struct error *error);
