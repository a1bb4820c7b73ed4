#include "store/series.h"

#include <search.h>
#include <stdlib.h>

struct state {
    struct subject subject;
    bool has_row;
    struct object said;
};

struct series {
    const struct object_kind *kind;
    struct element_list list;
    struct state **states;
    size_t state_count;
    size_t state_capacity;
    void *by_name; /* tsearch tree of struct state, by what it is of */
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

static void keep(void *state)
{
    (void)state; /* the tree does not own its states */
}

void series_free(struct series *series)
{
    if (series == NULL) {
        return;
    }
    tdestroy(series->by_name, keep);
    for (size_t i = 0; i < series->state_count; i++) {
        object_free(&series->states[i]->said);
        free(series->states[i]);
    }
    free(series->states);
    element_list_forget(&series->list);
    free(series);
}

static int compare_states(const void *a, const void *b)
{
    return object_compare_names(&((const struct state *)a)->said, &((const struct state *)b)->said);
}

static struct state *add_state(struct series *series, struct object *said)
{
    struct state *state = calloc(1, sizeof *state);
    if (state == NULL || !element_list_grow((void **)&series->states, sizeof *series->states,
                                            &series->state_capacity, series->state_count + 1)) {
        free(state);
        return NULL;
    }
    state->said = *said;
    if (tsearch(state, &series->by_name, compare_states) == NULL) {
        free(state);
        return NULL;
    }
    *said = (struct object){0};
    series->states[series->state_count++] = state;
    return state;
}

bool series_add(struct series *series, struct object *said)
{
    struct state *state = add_state(series, said);
    if (state != NULL) {
        state->has_row = true;
    }
    return state != NULL;
}

static struct subject *find_subject(void *context, const struct object *object)
{
    struct series *series = context;
    const struct state wanted = {.said = {.symbol = object->symbol, .side = object->side}};
    void *found = tfind(&wanted, &series->by_name, compare_states);
    if (found != NULL) {
        return &(*(struct state **)found)->subject;
    }
    struct object named = {0};
    struct state *state = NULL;
    if (object_begin(&named, series->kind)) {
        text_append(&named.symbol, object->symbol.data, object->symbol.size);
        text_append(&named.side, object->side.data, object->side.size);
        state = named.symbol.failed || named.side.failed ? NULL : add_state(series, &named);
    }
    object_free(&named);
    return state != NULL ? &state->subject : NULL;
}

bool series_read(struct series *series, struct element_scratch *scratch, struct json_walk *at,
                 struct error *error)
{
    const struct subject_finder finder = {series, find_subject};
    return element_list_read(&series->list, scratch, series->kind, at, &finder, error) ||
           error_context(error, "%s", series->kind->rows[0]->table);
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

size_t series_state_count(const struct series *series)
{
    return series->state_count;
}

const struct object *series_said(const struct series *series, size_t index)
{
    const struct state *state = series->states[index];
    return state->has_row ? &state->said : NULL;
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
    bool any = said->amount_e8 != 0;
    for (int i = 0; i < row->kind->column_count && series->kind->amount.size == 0; i++) {
        any |= row->kind->columns[i].type == COLUMN_E8 && row->values[i] != 0;
    }
    return any;
}

/* True when the element makes a row. */
static bool apply(struct series *series, struct element_scratch *scratch,
                  const struct element *element)
{
    struct state *state = (struct state *)element->subject; /* its first member */
    if (element->object_index == NO_OBJECT) {
        return counts(series, &state->said);
    }
    struct object *next = &scratch->objects[element->object_index];
    bool writes = !state->has_row || !row_same(&next->rows[0], &state->said.rows[0]) ||
                  next->extra_keys != state->said.extra_keys || counts(series, next);
    struct object before = state->said;
    state->said = *next;
    *next = before;
    state->has_row = true;
    return writes;
}

static bool says_something(const struct row *row)
{
    bool says = false;
    for (int i = 0; i < row->kind->column_count; i++) {
        says |= row->kind->columns[i].fields[0].size > 0 && (row->known >> i & 1u) != 0;
    }
    return says;
}

/* True when the last answer had it, and this one has not. */
static bool vanish(struct series *series, struct state *state)
{
    struct row *row = &state->said.rows[0];
    if (!state->has_row || state->subject.generation == series->list.generation ||
        !says_something(row)) {
        return false;
    }
    row_begin(row, row->kind); /* of the kind that it is of: cannot fail */
    row_set(row, row_kind_of_type(row->kind, COLUMN_ROUNDED), 0);
    state->said.amount_e8 = 0;
    state->said.extra_keys = 0;
    return true;
}

struct object *series_next(struct series *series, struct element_scratch *scratch)
{
    while (series->next_element < series->list.last.count) {
        const struct element *element = &series->list.last.items[series->next_element++];
        if (apply(series, scratch, element)) {
            return &((struct state *)element->subject)->said;
        }
    }
    while (series->next_state < series->state_count) {
        struct state *state = series->states[series->next_state++];
        if (vanish(series, state)) {
            return &state->said;
        }
    }
    return NULL;
}
