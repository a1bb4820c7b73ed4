#include "derive/subject.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "model/object_pack.h"

struct span subject_symbol(const struct subject *subject)
{
    return (struct span){subject->symbol, subject->symbol_size};
}

struct span subject_side(const struct subject *subject)
{
    return (struct span){subject->side, subject->side_size};
}

bool subject_say(struct subject *subject, const struct object *object)
{
    return object_pack(object, &subject->said);
}

bool subject_said(const struct subject *subject, const struct object_kind *kind,
                  struct object *object)
{
    bool opened = object_unpack(subject->said, kind, object);
    text_set(&object->symbol, subject_symbol(subject));
    text_set(&object->side, subject_side(subject));
    return opened && !object->symbol.failed && !object->side.failed;
}

static int compare_names(const void *a, const void *b)
{
    int order = span_compare(subject_symbol(a), subject_symbol(b));
    return order != 0 ? order : span_compare(subject_side(a), subject_side(b));
}

/* Makes a subject and what its owner knows of it. NULL when out of memory. */
static struct subject *make(size_t names_offset, struct span symbol, struct span side)
{
    const size_t unit = _Alignof(struct subject); /* the owner's struct ends in padding */
    size_t size = names_offset + symbol.size + 1 + side.size + 1;
    char *memory = calloc(1, (size + unit - 1) / unit * unit);
    struct subject *subject = (struct subject *)(void *)memory;
    if (subject != NULL) {
        char *names = memory + names_offset;
        memcpy(names, symbol.data, symbol.size);
        memcpy(names + symbol.size + 1, side.data, side.size);
        subject->symbol = names;
        subject->side = names + symbol.size + 1;
        subject->symbol_size = (uint32_t)symbol.size;
        subject->side_size = (uint32_t)side.size;
    }
    return subject;
}

struct subject *subjects_get(struct subjects *subjects, struct span symbol, struct span side)
{
    if (symbol.size > UINT32_MAX || side.size > UINT32_MAX) {
        return NULL;
    }
    const struct subject wanted = {.symbol = symbol.data,
                                   .side = side.data,
                                   .symbol_size = (uint32_t)symbol.size,
                                   .side_size = (uint32_t)side.size};
    void *found = tfind(&wanted, &subjects->by_names, compare_names);
    if (found != NULL) {
        return *(struct subject **)found;
    }
    struct subject *subject = make(subjects->names_offset, symbol, side);
    if (subject == NULL ||
        !array_grow((void **)&subjects->list, sizeof(struct subject *), &subjects->capacity,
                    subjects->count + 1) ||
        tsearch(subject, &subjects->by_names, compare_names) == NULL) {
        free(subject);
        return NULL;
    }
    subjects->list[subjects->count++] = subject;
    return subject;
}

void subjects_keep(struct subjects *subjects, size_t count)
{
    while (subjects->count > count) {
        struct subject *subject = subjects->list[--subjects->count];
        tdelete(subject, &subjects->by_names, compare_names);
        free(subject->said);
        free(subject);
    }
}

void subjects_free(struct subjects *subjects)
{
    subjects_keep(subjects, 0);
    free(subjects->list);
    *subjects = (struct subjects){.names_offset = subjects->names_offset};
}
