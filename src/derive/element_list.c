#include "derive/element_list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"

void element_reading_free(struct element_reading *reading)
{
    for (size_t i = 0; i < reading->object_capacity; i++) {
        object_free(&reading->objects[i]);
    }
    object_free(&reading->said);
    free(reading->objects);
    free(reading->now.items);
    *reading = (struct element_reading){0};
}

void element_list_start(struct element_list *list, const struct object_kind *kind,
                        size_t names_offset, bool compares_bytes)
{
    assert(names_offset <= UINT8_MAX);
    *list = (struct element_list){
        .kind = kind, .compares_bytes = compares_bytes, .subjects.names_offset = names_offset};
}

void element_list_forget(struct element_list *list)
{
    text_free(&list->text);
    free(list->last.items);
    list->last = (struct elements){0};
    list->next_element = 0;
}

void element_list_free(struct element_list *list)
{
    element_list_forget(list);
    subjects_free(&list->subjects);
}

struct subject *element_list_subject(struct element_list *list, const struct object *object)
{
    return subjects_get(&list->subjects, text_span(&object->symbol), text_span(&object->side));
}

/* The same place in the last array, when the bytes at `at` begin with that element. What follows
 * does not matter: an object's text ends where its brackets close. */
static const struct element *same_as_last(const struct element_list *list,
                                          const struct element_reading *reading, size_t at)
{
    size_t index = reading->now.count;
    if (!list->compares_bytes || index >= list->last.count) {
        return NULL;
    }
    const struct element *last = &list->last.items[index];
    bool same = !last->is_odd && reading->array.size - at >= last->size &&
                memcmp(reading->array.data + at, list->text.data + last->offset, last->size) == 0;
    return same ? last : NULL;
}

static bool parse_element(struct element_list *list, struct element_reading *reading,
                          struct span text, struct element *element, struct error *error)
{
    if (!array_grow((void **)&reading->objects, sizeof *reading->objects, &reading->object_capacity,
                    reading->object_count + 1)) {
        return error_no_memory(error);
    }
    element->object_index = reading->object_count;
    struct object *object = &reading->objects[element->object_index];
    struct odd_fields *odd = &reading->odd;
    size_t odd_before = odd->count;
    bool done = object_read(list->kind, text, object, odd, error);
    if (done && object->has_unread && !json_value_is_valid(text)) {
        done = error_set(error, ERROR_FAILED, "not JSON");
    }
    if (!done) {
        return error_context(error, "element %zu", reading->now.count);
    }
    element->is_odd = odd->count > odd_before;
    if (element->is_odd && odd_before == 0) {
        error_context(&odd->first, "element %zu", reading->now.count);
    }
    reading->object_count++;
    element->subject = element_list_subject(list, object);
    return element->subject != NULL || error_no_memory(error);
}

static bool read_element(struct element_list *list, struct element_reading *reading,
                         struct span text, const struct element *last, struct error *error)
{
    struct elements *now = &reading->now;
    if (!array_grow((void **)&now->items, sizeof *now->items, &now->capacity, now->count + 1)) {
        return error_no_memory(error);
    }
    struct element element = {.offset = (size_t)(text.data - reading->array.data),
                              .size = text.size,
                              .object_index = OBJECT_AS_BEFORE};
    if (last != NULL) {
        element.subject = last->subject;
    } else if (!parse_element(list, reading, text, &element, error)) {
        return false;
    }
    struct subject *subject = element.subject;
    if (subject->generation == list->generation) {
        return error_set(error, ERROR_FAILED, "element %zu: %s%s%s is there twice", now->count,
                         subject_symbol(subject).data, subject->side_size > 0 ? " " : "",
                         subject_side(subject).data);
    }
    subject->generation = list->generation;
    now->items[now->count++] = element;
    return true;
}

/* One step of the walk over the array, jumping over an element that the last one had too. */
static enum json_step next_element(const struct element_list *list,
                                   const struct element_reading *reading, struct json_walk *walk,
                                   struct span *text, const struct element **last)
{
    size_t at = walk->begun ? json_skip_space(walk->text, walk->at) : walk->text.size;
    *last = NULL;
    if (at < walk->text.size && walk->text.data[at] == ',') {
        size_t start = json_skip_space(walk->text, at + 1);
        *last = same_as_last(list, reading, start);
        if (*last != NULL) {
            *text = (struct span){walk->text.data + start, (*last)->size};
            walk->at = start + (*last)->size;
            return JSON_ITEM;
        }
    }
    return json_next_element(walk, text);
}

static bool read_elements(struct element_list *list, struct element_reading *reading,
                          struct json_walk *at, struct error *error)
{
    struct json_walk walk = json_walk_at(reading->array, 0);
    struct span text;
    const struct element *last;
    enum json_step step;
    while ((step = next_element(list, reading, &walk, &text, &last)) == JSON_ITEM) {
        if (!read_element(list, reading, text, last, error)) {
            return false;
        }
    }
    reading->array.size = walk.at;
    at->at += walk.at;
    return step == JSON_END ||
           error_set(error, ERROR_FAILED, "%s at byte %zu of %zu",
                     walk.begun ? "not JSON" : "not a JSON array", at->at, at->text.size);
}

static void begin(struct element_list *list, struct element_reading *reading, struct span array)
{
    list->generation++;
    list->known = list->subjects.count;
    reading->array = array;
    reading->now.count = 0;
    reading->object_count = 0;
    reading->odd.count = 0;
}

bool element_list_read(struct element_list *list, struct element_reading *reading,
                       struct json_walk *at, struct error *error)
{
    begin(list, reading, (struct span){at->text.data + at->at, at->text.size - at->at});
    bool done = read_elements(list, reading, at, error);
    if (!done) {
        element_list_refuse(list);
    }
    return done;
}

void element_list_refuse(struct element_list *list)
{
    subjects_keep(&list->subjects, list->known);
}

bool element_list_accept(struct element_list *list, const struct element_reading *reading)
{
    list->next_element = 0;
    list->next_subject = 0;
    list->last.count = 0;
    text_set(&list->text, reading->array);
    if (list->text.failed || !array_grow((void **)&list->last.items, sizeof *list->last.items,
                                         &list->last.capacity, reading->now.count)) {
        return false;
    }
    if (reading->now.count > 0) {
        memcpy(list->last.items, reading->now.items, reading->now.count * sizeof(struct element));
    }
    list->last.count = reading->now.count;
    return true;
}

bool element_list_read_body(struct element_list *list, struct element_reading *reading,
                            struct span body, struct error *error)
{
    struct json_walk walk = json_walk_at(body, 0);
    if (!utf8_is_valid(body)) {
        return error_set(error, ERROR_FAILED, "not UTF-8 at byte %zu", utf8_valid_size(body));
    }
    if (!element_list_read(list, reading, &walk, error)) {
        return false;
    }
    if (!json_walk_at_end(&walk)) {
        element_list_refuse(list);
        return error_set(error, ERROR_FAILED, "not JSON at byte %zu of %zu", walk.at, body.size);
    }
    return element_list_accept(list, reading) || error_no_memory(error);
}

bool element_list_read_object(struct element_list *list, struct element_reading *reading,
                              struct span body, struct error *error)
{
    if (!utf8_is_valid(body)) {
        return error_set(error, ERROR_FAILED, "not UTF-8 at byte %zu", utf8_valid_size(body));
    }
    begin(list, reading, json_trim(body));
    const struct element *last = same_as_last(list, reading, 0);
    bool is_same = last != NULL && last->size == reading->array.size;
    if (!read_element(list, reading, reading->array, is_same ? last : NULL, error)) {
        element_list_refuse(list);
        return false;
    }
    return element_list_accept(list, reading) || error_no_memory(error);
}

bool element_list_next(struct element_list *list, struct element *element)
{
    if (list->next_element < list->last.count) {
        *element = list->last.items[list->next_element++];
        return true;
    }
    while (list->next_subject < list->subjects.count) {
        struct subject *subject = list->subjects.list[list->next_subject++];
        if (subject->generation != list->generation) {
            *element = (struct element){.subject = subject, .object_index = OBJECT_GONE};
            return true;
        }
    }
    return false;
}
