#include "derive/series.h"

struct state {
    struct subject subject;
    char names[];
};

void series_start(struct element_list *series, const struct object_kind *kind, bool compares_bytes)
{
    element_list_start(series, kind, offsetof(struct state, names), compares_bytes);
}

bool series_add(struct element_list *series, const struct object *said)
{
    struct subject *subject = element_list_subject(series, said);
    return subject != NULL && subject_say(subject, said, &series->subjects.lately);
}

bool series_read(struct element_list *series, struct element_reading *reading, struct json_walk *at,
                 struct error *error)
{
    bool done = element_list_read(series, reading, at, error);
    if (!done || reading->odd.count > 0) {
        error_context(done ? &reading->odd.first : error, "%s", series->kind->rows[0]->table);
    }
    return done;
}

/* Whether what is said counts for something. */
static bool counts(const struct object_kind *kind, const struct object *said)
{
    const struct row *row = &said->rows[0];
    bool any = said->counts, by_numbers = kind->amount.size == 0 && !kind->counts_never;
    for (int i = 0; i < row->kind->column_count && by_numbers && !any; i++) {
        any = row->kind->columns[i].type == COLUMN_E8 && object_has(said, i);
    }
    return any;
}

static bool says_something(const struct row *row)
{
    bool says = false;
    for (int i = 0; i < row->kind->column_count; i++) {
        says |= row->kind->columns[i].fields[0].size > 0 && (row->known >> i & 1u) != 0;
    }
    return says;
}

/* Makes it what is said of a subject that an answer does not have any more. */
static void empty(struct object *said)
{
    struct row *row = &said->rows[0];
    row_begin(row, row->kind); /* of the kind that it is of: cannot fail */
    row_set(row, row_kind_of_type(row->kind, COLUMN_ROUNDED), 0);
    said->counts = false;
    said->extra_keys = 0;
}

/* *said is what is to be written of the element, NULL for nothing. */
static bool apply(struct element_list *series, struct element_reading *reading,
                  const struct element *element, struct object **said)
{
    const struct object_kind *kind = series->kind;
    struct subject *subject = element->subject;
    struct object *before = &reading->said;
    bool was_said = subject->said != NULL;
    if (was_said && !subject_said(subject, kind, before)) {
        return false;
    }
    if (element->object_index == OBJECT_AS_BEFORE) {
        *said = was_said && counts(kind, before) ? before : NULL;
        return true;
    }
    if (element->object_index == OBJECT_GONE) {
        if (!was_said || !says_something(&before->rows[0])) {
            return true;
        }
        empty(before);
        *said = before;
    } else {
        struct object *next = &reading->objects[element->object_index];
        bool writes = !was_said || !row_same(&next->rows[0], &before->rows[0]) ||
                      next->extra_keys != before->extra_keys || counts(kind, next);
        *said = writes ? next : NULL;
        before = next;
    }
    return subject_say(subject, before, &series->subjects.lately);
}

bool series_next(struct element_list *series, struct element_reading *reading, struct object **said)
{
    struct element element;
    bool good = true;
    *said = NULL;
    while (good && *said == NULL && element_list_next(series, &element)) {
        good = apply(series, reading, &element, said);
    }
    return good;
}
