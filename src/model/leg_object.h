/* Reads a JSON object of the exchange's that speaks of a leg (or of something else with a name)
 * into the rows that it feeds, by their descriptions. */
#pragma once

#include "model/row.h"

#define OBJECT_ROWS_MAX 2

/* What an object is read into. */
struct object_kind {
    const struct row_kind *rows[OBJECT_ROWS_MAX]; /* the second NULL when there is but one */
    struct span symbol; /* the fields that name the leg, or in `symbol` what else it is of; empty */
    struct span side;   /* for none */
    struct span amount; /* the field that is not 0 while it counts; empty for none */
    bool counts_never;  /* nothing of it is said again while it is what it was */
    enum naming naming;
    const char *ignored; /* documented fields that no column is for, " a b "; the bytes have them */
};

struct object {
    struct text symbol;
    struct text side;
    bool counts; /* the field that the kind names for it is not 0, or cannot be read */
    struct row rows[OBJECT_ROWS_MAX];
    uint64_t extra_keys; /* object_extra_keys() of the first row's extra */
    bool has_unread;     /* members that were only stepped over: whether it is JSON is not known */
};

void object_free(struct object *object);

/* Makes it an empty object of a kind, as row_begin() does. */
bool object_begin(struct object *object, const struct object_kind *kind);

/* Reads one into `object`, which may hold an earlier one. A field that cannot be
 * read leaves its column NULL, stands in `extra` as it was written, and is noted in `odd`. The
 * fields that name the leg, and those that keys come from, must be there and be read, and none may
 * be given twice: else the error names the field and what is wrong with it. */
bool object_read(const struct object_kind *kind, struct span text, struct object *object,
                 struct odd_fields *odd, struct error *error);

/* Whether a decimal of the first row is not 0: one that cannot be read is not, one that was not
 * given is. */
bool object_has(const struct object *object, int column);

/* Orders objects of one kind by their names, and by the identity of their row. */
int object_compare(const struct object *a, const struct object *b);

/* A fingerprint of the set of keys in an `extra` object, whatever their order; 0 for none. */
uint64_t object_extra_keys(struct span extra);
