#include "derive/series.h"

#include <stdlib.h>

#include "base/array.h"

struct state {
    struct subject subject;
    char names[];
};

struct series {
    const struct object_kind *kind;
    struct element_list list;
    struct state **states;
    size_t state_count;
    size_t state_capacity;
    struct subject_names by_name;
    size_t next_element;
    size_t next_state;
};

struct series *series_new(const struct object_kind *kind, bool compares_bytes)
{
    struct series *series = calloc(1, sizeof *series);
    if (series != NULL) {
        series->kind = kind;
        element_list_start(&series->list, compares_bytes);
    }
    return series;
}

void series_free(struct series *series)
{
    if (series == NULL) {
        return;
    }
    subject_names_free(&series->by_name);
    for (size_t i = 0; i < series->state_count; i++) {
        subject_free(&series->states[i]->subject);
    }
    free(series->states);
    element_list_forget(&series->list);
    free(series);
}

static struct subject *add_subject(struct series *series, const struct object *named)
{
    struct state *state = subject_new(offsetof(struct state, names), text_span(&named->symbol),
                                      text_span(&named->side));
    if (state == NULL ||
        !array_grow((void **)&series->states, sizeof *series->states, &series->state_capacity,
                    series->state_count + 1) ||
        !subject_add(&series->by_name, &state->subject)) {
        subject_free((struct subject *)state);
        return NULL;
    }
    series->states[series->state_count++] = state;
    return &state->subject;
}

bool series_add(struct series *series, const struct object *said)
{
    struct subject *subject = add_subject(series, said);
    return subject != NULL && subject_say(subject, said);
}

static struct subject *find_subject(void *context, const struct object *object)
{
    struct series *series = context;
    struct subject *subject =
        subject_find(&series->by_name, text_span(&object->symbol), text_span(&object->side));
    return subject != NULL ? subject : add_subject(series, object);
}

bool series_read(struct series *series, struct element_scratch *scratch, struct json_walk *at,
                 struct error *error)
{
    const struct subject_finder finder = {series, find_subject};
    bool done = element_list_read(&series->list, scratch, series->kind, at, &finder, error);
    if (!done || scratch->odd.count > 0) {
        error_context(done ? &scratch->odd.first : error, "%s", series->kind->rows[0]->table);
    }
    return done;
}

bool series_accept(struct series *series, struct element_scratch *scratch)
{
    series->next_element = 0;
    series->next_state = 0;
    return element_list_accept(&series->list, scratch);
}

size_t series_count(const struct series *series)
{
    return series->list.last.count;
}

size_t series_subject_count(const struct series *series)
{
    return series->state_count;
}

const struct subject *series_subject(const struct series *series, size_t index)
{
    return &series->states[index]->subject;
}

void series_forget_bytes(struct series *series)
{
    element_list_forget(&series->list);
    series->next_element = 0;
}

/* Whether what is said counts for something. */
static bool counts(const struct series *series, const struct object *said)
{
    const struct row *row = &said->rows[0];
    bool any = said->counts;
    for (int i = 0; i < row->kind->column_count && series->kind->amount.size == 0; i++) {
        any |= row->kind->columns[i].type == COLUMN_E8 && object_has(said, i);
    }
    return any;
}

/* *said is what is to be written of the element, NULL for nothing. */
static bool apply(struct series *series, struct element_scratch *scratch,
                  const struct element *element, struct object **said)
{
    struct subject *subject = element->subject;
    struct object *before = &scratch->said;
    if (subject->said != NULL && !subject_said(subject, series->kind, before)) {
        return false;
    }
    if (element->object_index == NO_OBJECT) {
        *said = subject->said != NULL && counts(series, before) ? before : NULL;
        return true;
    }
    struct object *next = &scratch->objects[element->object_index];
    bool writes = subject->said == NULL || !row_same(&next->rows[0], &before->rows[0]) ||
                  next->extra_keys != before->extra_keys || counts(series, next);
    *said = writes ? next : NULL;
    return subject_say(subject, next);
}

static bool says_something(const struct row *row)
{
    bool says = false;
    for (int i = 0; i < row->kind->column_count; i++) {
        says |= row->kind->columns[i].fields[0].size > 0 && (row->known >> i & 1u) != 0;
    }
    return says;
}

/* *said is what is to be written when the last answer had it, and this one has not; else NULL. */
static bool vanish(struct series *series, struct element_scratch *scratch, struct subject *subject,
                   struct object **said)
{
    struct object *object = &scratch->said;
    *said = NULL;
    if (subject->said == NULL || subject->generation == series->list.generation) {
        return true;
    }
    if (!subject_said(subject, series->kind, object)) {
        return false;
    }
    struct row *row = &object->rows[0];
    if (!says_something(row)) {
        return true;
    }
    row_begin(row, row->kind); /* of the kind that it is of: cannot fail */
    row_set(row, row_kind_of_type(row->kind, COLUMN_ROUNDED), 0);
    object->counts = false;
    object->extra_keys = 0;
    *said = object;
    return subject_say(subject, object);
}

bool series_next(struct series *series, struct element_scratch *scratch, struct object **said)
{
    bool good = true;
    *said = NULL;
    while (good && *said == NULL && series->next_element < series->list.last.count) {
        good = apply(series, scratch, &series->list.last.items[series->next_element++], said);
    }
    while (good && *said == NULL && series->next_state < series->state_count) {
        good = vanish(series, scratch, &series->states[series->next_state++]->subject, said);
    }
    return good;
}
