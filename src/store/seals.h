/* Seals (model/seal.h) as a database has them: what is to be sealed next, when that was done last,
 * and whether those that there are hold. */
#pragma once

#include <stdbool.h>

#include "model/maybe.h"
#include "model/seal.h"
#include "store/file/database.h"

struct seals;

/* NULL with the error set on failure. Uses the database until seals_free(). */
struct seals *seals_new(const struct database *database, struct error *error);
void seals_free(struct seals *seals);

/* Sets `name` to the first account, of which seals by hand are captures; ERROR_FAILED when there is
 * none: nothing is recorded. */
bool seals_account(struct seals *seals, struct text *name, struct error *error);

/* What is recorded now: count, head and root; a count of 0 when nothing is. ERROR_FAILED when the
 * tree is damaged: a root that never was is not to be stamped. */
bool seals_stand(struct seals *seals, struct seal *seal, struct error *error);

/* When the last good one was received; unknown when there is none. */
bool seals_last_ms(struct seals *seals, struct maybe_int *last_ms, struct error *error);

/* The first seal of this history that a capture is under, and the authority's answer: what is fixed
 * earliest proves most. With a `count` over 0, of so many captures; with `trust`, of those that
 * lead there; without (NULL), who signed it is not looked at. One whose answer is damaged is
 * passed over. seal->count is 0 when there is none. */
bool seals_find(const struct database *database, int64_t capture_id, int64_t count,
                const struct timestamp_trust *trust, struct seal *seal, struct text *answer,
                struct error *error);

/* What checking all of them came to. */
struct seals_report {
    int64_t count;               /* of seals; those that came to nothing are none */
    int64_t sealed;              /* so many captures are fixed by the last, ... */
    struct timestamp timestamp;  /* ... since then */
    struct maybe_int capture_id; /* the first that does not hold; unknown when all do, ... */
    struct maybe_int received_ms;
    char what[ERROR_TEXT_SIZE]; /* ... and why */
    bool is_of_root;            /* it holds but for its root, which is not the tree's: this is told
                                   where no other fails in another way */
    char
        tree[ERROR_TEXT_SIZE]; /* why roots could not be held against the tree; "" when they were */
};

/* Holds each seal against the chain, the tree if that is sound, and those who are trusted. False
 * with the error set only when it could not be carried through. */
bool seals_check(const struct database *database, const struct timestamp_trust *trust,
                 bool tree_is_sound, struct seals_report *report, struct error *error);
