#include "derive/element_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void element_scratch_free(struct element_scratch *scratch)
{
    for (size_t i = 0; i < scratch->object_capacity; i++) {
        object_free(&scratch->objects[i]);
    }
    object_free(&scratch->said);
    free(scratch->objects);
    free(scratch->now.items);
    *scratch = (struct element_scratch){0};
}

void element_list_start(struct element_list *list, bool compares_bytes)
{
    *list = (struct element_list){.compares_bytes = compares_bytes};
}

void element_list_forget(struct element_list *list)
{
    text_free(&list->text);
    free(list->last.items);
    list->last = (struct elements){0};
}

/* An array that is being read; its text goes on to the end of what it stands in. */
struct reading {
    struct element_list *list;
    struct element_scratch *scratch;
    const struct object_kind *kind;
    struct span array;
    const struct subject_finder *finder;
};

/* The same place in the last array, when the bytes at `at` begin with that element. What follows
 * does not matter: an object's text ends where its brackets close. */
static const struct element *same_as_last(const struct reading *reading, size_t at)
{
    const struct element_list *list = reading->list;
    size_t index = reading->scratch->now.count;
    if (!list->compares_bytes || index >= list->last.count) {
        return NULL;
    }
    const struct element *last = &list->last.items[index];
    bool same = !last->is_odd && reading->array.size - at >= last->size &&
                memcmp(reading->array.data + at, list->text.data + last->offset, last->size) == 0;
    return same ? last : NULL;
}

static bool parse_element(struct reading *reading, struct span text, struct element *element,
                          struct error *error)
{
    struct element_scratch *scratch = reading->scratch;
    if (!array_grow((void **)&scratch->objects, sizeof *scratch->objects, &scratch->object_capacity,
                    scratch->object_count + 1)) {
        return error_no_memory(error);
    }
    element->object_index = scratch->object_count;
    struct object *object = &scratch->objects[element->object_index];
    struct odd_fields *odd = &scratch->odd;
    size_t odd_before = odd->count;
    bool done = object_read(reading->kind, text, object, odd, error);
    if (done && object->has_unread && !json_value_is_valid(text)) {
        done = error_set(error, ERROR_FAILED, "not JSON");
    }
    if (!done) {
        return error_context(error, "element %zu", scratch->now.count);
    }
    element->is_odd = odd->count > odd_before;
    if (element->is_odd && odd_before == 0) {
        error_context(&odd->first, "element %zu", scratch->now.count);
    }
    scratch->object_count++;
    element->subject = reading->finder->find(reading->finder->context, object);
    return element->subject != NULL || error_no_memory(error);
}

static bool there_twice(const struct reading *reading, struct span text, struct error *error)
{
    struct object object = {0};
    struct odd_fields odd = {0};
    struct error ignored;
    object_read(reading->kind, text, &object, &odd, &ignored); /* it was read well before */
    error_set(error, ERROR_FAILED, "element %zu: %s%s%s is there twice",
              reading->scratch->now.count, text_string(&object.symbol),
              object.side.size > 0 ? " " : "", text_string(&object.side));
    object_free(&object);
    return false;
}

static bool read_element(struct reading *reading, struct span text, const struct element *last,
                         struct error *error)
{
    struct elements *now = &reading->scratch->now;
    if (!array_grow((void **)&now->items, sizeof *now->items, &now->capacity, now->count + 1)) {
        return error_no_memory(error);
    }
    struct element element = {.offset = (size_t)(text.data - reading->array.data),
                              .size = text.size,
                              .object_index = NO_OBJECT};
    if (last != NULL) {
        element.subject = last->subject;
    } else if (!parse_element(reading, text, &element, error)) {
        return false;
    }
    if (element.subject->generation == reading->list->generation) {
        return there_twice(reading, text, error);
    }
    element.subject->generation = reading->list->generation;
    now->items[now->count++] = element;
    return true;
}

/* One step of the walk over the array, jumping over an element that the last one had too. */
static enum json_step next_element(const struct reading *reading, struct json_walk *walk,
                                   struct span *text, const struct element **last)
{
    size_t at = walk->begun ? json_skip_space(walk->text, walk->at) : walk->text.size;
    *last = NULL;
    if (at < walk->text.size && walk->text.data[at] == ',') {
        size_t start = json_skip_space(walk->text, at + 1);
        *last = same_as_last(reading, start);
        if (*last != NULL) {
            *text = (struct span){walk->text.data + start, (*last)->size};
            walk->at = start + (*last)->size;
            return JSON_ITEM;
        }
    }
    return json_next_element(walk, text);
}

bool element_list_accept(struct element_list *list, const struct element_scratch *scratch)
{
    text_clear(&list->text);
    text_append(&list->text, scratch->array.data, scratch->array.size);
    if (list->text.failed || !array_grow((void **)&list->last.items, sizeof *list->last.items,
                                         &list->last.capacity, scratch->now.count)) {
        list->last.count = 0;
        return false;
    }
    if (scratch->now.count > 0) {
        memcpy(list->last.items, scratch->now.items, scratch->now.count * sizeof(struct element));
    }
    list->last.count = scratch->now.count;
    return true;
}

bool element_list_read(struct element_list *list, struct element_scratch *scratch,
                       const struct object_kind *kind, struct json_walk *at,
                       const struct subject_finder *finder, struct error *error)
{
    struct span rest = {at->text.data + at->at, at->text.size - at->at};
    struct reading reading = {list, scratch, kind, rest, finder};
    struct json_walk walk = json_walk_at(rest, 0);
    struct span text;
    const struct element *last;
    enum json_step step;
    list->generation++;
    scratch->now.count = 0;
    scratch->object_count = 0;
    scratch->odd.count = 0;
    while ((step = next_element(&reading, &walk, &text, &last)) == JSON_ITEM) {
        if (!read_element(&reading, text, last, error)) {
            return false;
        }
    }
    scratch->array = (struct span){rest.data, walk.at};
    at->at += walk.at;
    return step == JSON_END ||
           error_set(error, ERROR_FAILED, "%s at byte %zu of %zu",
                     walk.begun ? "not JSON" : "not a JSON array", at->at, at->text.size);
}
