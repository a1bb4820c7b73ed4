#include "model/told_rows.h"

#include <stdlib.h>

void told_rows_free(struct told_rows *told)
{
    for (size_t i = 0; i < told->capacity; i++) {
        object_free(&told->rows[i].object);
    }
    free(told->rows);
    *told = (struct told_rows){0};
}

void told_rows_clear(struct told_rows *told)
{
    told->count = 0;
}

static bool make_room(struct told_rows *told)
{
    if (told->count < told->capacity) {
        return true;
    }
    size_t wanted = told->capacity * 2 + 4;
    struct told_row *grown = reallocarray(told->rows, wanted, sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    memset(grown + told->capacity, 0, (wanted - told->capacity) * sizeof *grown);
    told->rows = grown;
    told->capacity = wanted;
    return true;
}

bool told_rows_read(struct told_rows *told, const struct object_kind *kind, struct span text,
                    struct error *error)
{
    if (!make_room(told)) {
        return error_no_memory(error);
    }
    struct told_row *row = &told->rows[told->count];
    row->kind = kind;
    row->is_double = false;
    row->repeats = 0;
    if (!object_read(kind, text, &row->object, error)) {
        return false;
    }
    told->count++;
    return true;
}

struct row *told_rows_last(const struct told_rows *told)
{
    return &told->rows[told->count - 1].object.rows[0];
}

/* By what they tell of, and then as they stand in the body. */
static int compare_rows(const void *a, const void *b)
{
    const struct told_row *left = *(struct told_row *const *)a;
    const struct told_row *right = *(struct told_row *const *)b;
    if (left->kind != right->kind) {
        return left->kind < right->kind ? -1 : 1;
    }
    int order = object_compare(&left->object, &right->object);
    return order != 0 ? order : left < right ? -1 : left > right;
}

/* A group of rows that tell of the same thing. */
static void settle_group(struct told_row *const *rows, size_t count)
{
    int kept = 0;
    for (size_t i = 0; i < count; i++) {
        rows[i]->repeats = kept;
        for (size_t j = 0; j < i && !rows[i]->is_double; j++) {
            rows[i]->is_double = row_same(&rows[j]->object.rows[0], &rows[i]->object.rows[0]);
        }
        kept += !rows[i]->is_double;
    }
}

bool told_rows_settle(struct told_rows *told, struct error *error)
{
    if (told->count < 2) {
        return true;
    }
    struct told_row **sorted = calloc(told->count, sizeof *sorted);
    if (sorted == NULL) {
        return error_no_memory(error);
    }
    for (size_t i = 0; i < told->count; i++) {
        sorted[i] = &told->rows[i];
    }
    qsort(sorted, told->count, sizeof *sorted, compare_rows);
    size_t first = 0;
    for (size_t i = 1; i <= told->count; i++) {
        if (i == told->count || sorted[i]->kind != sorted[first]->kind ||
            object_compare(&sorted[i]->object, &sorted[first]->object) != 0) {
            settle_group(sorted + first, i - first);
            first = i;
        }
    }
    free(sorted);
    return true;
}
