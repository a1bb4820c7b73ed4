/* The elements of a JSON array that an endpoint answers again and again: who each is about, and
 * what it says when it is not, to the byte, what the last answer had in the same place. Such an
 * element is its subject, unchanged, and is not parsed again: most of an answer is. One with a
 * field that cannot be read is, since each answer that has it must say so. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "derive/subject.h"
#include "model/json_span.h"
#include "model/leg_object.h"

struct element {
    size_t offset; /* in the array's text */
    size_t size;
    struct subject *subject;
    size_t object_index; /* of what it says; NO_OBJECT when the bytes were the last answer's */
    bool is_odd;         /* it has a field that cannot be read */
};
#define NO_OBJECT SIZE_MAX

struct elements {
    struct element *items;
    size_t count;
    size_t capacity;
};

/* What is needed only while an answer is read and its changes are taken: one for many lists. */
struct element_scratch {
    struct span array; /* the array read last, of its reader's bytes */
    struct elements now;
    struct object *objects; /* what had to be parsed */
    size_t object_count;
    size_t object_capacity;
    struct odd_fields odd; /* of the array */
    struct object said;    /* what was said before, opened */
};

struct element_list {
    bool compares_bytes;
    struct text text; /* the last good array, and its elements */
    struct elements last;
    uint64_t generation;
};

/* Finds or adds the subject that an object names; NULL when out of memory. */
struct subject_finder {
    void *context;
    struct subject *(*find)(void *context, const struct object *object);
};

void element_scratch_free(struct element_scratch *scratch);

/* `compares_bytes` false parses every element: the plain way, which tests hold against the other.
 */
void element_list_start(struct element_list *list, bool compares_bytes);

/* Reads the array at which a walk stands into the scratch, and leaves the walk after it. False: it
 * is no array of such objects, or has one subject twice, and the error says where; ERROR_NO_MEMORY
 * says nothing of the bytes. */
bool element_list_read(struct element_list *list, struct element_scratch *scratch,
                       const struct object_kind *kind, struct json_walk *at,
                       const struct subject_finder *finder, struct error *error);

/* The array read last is the last good one from now on. False when out of memory. */
bool element_list_accept(struct element_list *list, const struct element_scratch *scratch);

/* Forgets the last array's bytes: the next one is parsed whole. */
void element_list_forget(struct element_list *list);
