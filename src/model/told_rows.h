/* The facts that one body tells, each read into its row but for the ids that only the store knows.
 */
#ifndef POSREC_MODEL_TOLD_ROWS_H
#define POSREC_MODEL_TOLD_ROWS_H

#include "model/leg_object.h"

struct told_row {
    const struct object_kind *kind;
    struct object object;
    bool is_double; /* the body says the same twice: this is the second */
    int repeats;    /* how often it has told the same thing otherwise before */
};

struct told_rows {
    struct told_row *rows;
    size_t count;
    size_t capacity;
};

void told_rows_free(struct told_rows *told);
void told_rows_clear(struct told_rows *told);

/* Reads one object, which becomes the last row. */
bool told_rows_read(struct told_rows *told, const struct object_kind *kind, struct span text,
                    struct error *error);

/* The row read last. */
struct row *told_rows_last(const struct told_rows *told);

/* Finds what a body tells twice; the rows are complete then. */
bool told_rows_settle(struct told_rows *told, struct error *error);

#endif
