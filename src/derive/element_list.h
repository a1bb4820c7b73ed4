/* The elements of a JSON array that an endpoint answers again and again, what was said last of
 * whom each is about, and what an answer says anew.
 *
 * An element that says, to the byte, what the last answer had in the same place is its subject,
 * unchanged, and is not parsed again: most of an answer is. One with a field that cannot be read
 * is, since each answer that has it must say so. */
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
    size_t object_index; /* of what it says, or one of these: */
    bool is_odd;         /* it has a field that cannot be read */
};
#define OBJECT_AS_BEFORE SIZE_MAX  /* the bytes are the last answer's */
#define OBJECT_GONE (SIZE_MAX - 1) /* it is none: the answer does not have the subject any more */

struct elements {
    struct element *items;
    size_t count;
    size_t capacity;
};

/* An array as it was read: one for many lists of a kind, zeroed at first. */
struct element_reading {
    struct span array; /* its text, of the bytes that it was read from */
    struct elements now;
    struct object *objects; /* what had to be parsed */
    size_t object_count;
    size_t object_capacity;
    struct odd_fields odd; /* of the array */
    struct object said;    /* what was said before of the subject at hand, opened */
};

struct element_list {
    const struct object_kind *kind;
    bool compares_bytes;
    struct text text; /* the last good array, and its elements */
    struct elements last;
    uint32_t
        generation; /* of the answers; that a subject's is older by all of them does not happen */
    struct subjects subjects;
    size_t known; /* as many of them were known before the array that was read last */
    size_t next_element, next_subject;
};

void element_reading_free(struct element_reading *reading);

/* The subjects' owners end in their names at `names_offset`. `compares_bytes` false parses every
 * element: the plain way, which tests hold against the other. */
void element_list_start(struct element_list *list, const struct object_kind *kind,
                        size_t names_offset, bool compares_bytes);
void element_list_free(struct element_list *list);

/* The subject that an object names, added when it is new. NULL when out of memory. */
struct subject *element_list_subject(struct element_list *list, const struct object *object);

/* Reads the array at which a walk stands, and leaves the walk after it. False: it is no array of
 * such objects, or has one subject twice, and the error says where; ERROR_NO_MEMORY says nothing of
 * the bytes. Nothing is said by it before it is accepted. */
bool element_list_read(struct element_list *list, struct element_reading *reading,
                       struct json_walk *at, struct error *error);

/* The array read last is no good one: takes back the subjects that it was the first to name. */
void element_list_refuse(struct element_list *list);

/* The array read last is the last good one from now on. False when out of memory. */
bool element_list_accept(struct element_list *list, const struct element_reading *reading);

/* Reads a body that is such an array, and accepts it. False as element_list_read(): nothing has
 * changed then. */
bool element_list_read_body(struct element_list *list, struct element_reading *reading,
                            struct span body, struct error *error);

/* The same of a body that is one such object, like an array of it. */
bool element_list_read_object(struct element_list *list, struct element_reading *reading,
                              struct span body, struct error *error);

/* Steps through the elements of the array that was accepted last, and then through the subjects
 * of whom it has none; false after the last. */
bool element_list_next(struct element_list *list, struct element *element);

/* Forgets the last array's bytes, not what it said: the next one is parsed whole. */
void element_list_forget(struct element_list *list);
