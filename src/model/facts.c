#include "model/facts.h"

#include <stdlib.h>

#include "base/array.h"

void facts_free(struct facts *facts)
{
    for (size_t i = 0; i < facts->capacity; i++) {
        object_free(&facts->list[i].object);
    }
    free(facts->list);
    *facts = (struct facts){0};
}

void facts_clear(struct facts *facts)
{
    facts->count = 0;
    facts->odd.count = 0;
}

bool facts_read(struct facts *facts, const struct object_kind *kind, struct span text,
                struct error *error)
{
    if (!array_grow((void **)&facts->list, sizeof *facts->list, &facts->capacity,
                    facts->count + 1)) {
        return error_no_memory(error);
    }
    struct fact *fact = &facts->list[facts->count];
    fact->kind = kind;
    fact->before = NULL;
    fact->stands = true;
    if (!object_read(kind, text, &fact->object, &facts->odd, error)) {
        return false;
    }
    facts->count++;
    return true;
}

struct row *facts_last(const struct facts *facts)
{
    return &facts->list[facts->count - 1].object.rows[0];
}

/* By what they tell of. */
static int compare_things(const struct fact *left, const struct fact *right)
{
    return left->kind != right->kind ? (left->kind < right->kind ? -1 : 1)
                                     : object_compare(&left->object, &right->object);
}

/* And then as they stand in the body. */
static int compare_facts(const void *a, const void *b)
{
    const struct fact *left = *(struct fact *const *)a;
    const struct fact *right = *(struct fact *const *)b;
    int order = compare_things(left, right);
    return order != 0 ? order : left < right ? -1 : left > right;
}

/* What becomes of a fact and the one before it that tells of the same thing; gives the one that
 * stands. */
static struct fact *settle(struct fact *before, struct fact *fact)
{
    if (row_kind_revision(fact->kind->rows[0]) < 0) {
        before->stands = false;
        return fact;
    }
    if (row_same(&before->object.rows[0], &fact->object.rows[0])) {
        fact->stands = false;
        return before;
    }
    fact->before = before;
    return fact;
}

bool facts_settle(struct facts *facts, struct error *error)
{
    if (facts->count < 2) {
        return true;
    }
    struct fact **sorted = calloc(facts->count, sizeof *sorted);
    if (sorted == NULL) {
        return error_no_memory(error);
    }
    for (size_t i = 0; i < facts->count; i++) {
        sorted[i] = &facts->list[i];
    }
    qsort(sorted, facts->count, sizeof *sorted, compare_facts);
    struct fact *last = sorted[0];
    for (size_t i = 1; i < facts->count; i++) {
        last = compare_things(last, sorted[i]) == 0 ? settle(last, sorted[i]) : sorted[i];
    }
    free(sorted);
    return true;
}
