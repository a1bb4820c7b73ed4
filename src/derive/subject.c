#include "derive/subject.h"

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
    return (struct span){subject->symbol + subject->symbol_size + 1, subject->side_size};
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

static int compare_names(const struct subject *subject, struct span symbol, struct span side)
{
    int order = span_compare(subject_symbol(subject), symbol);
    return order != 0 ? order : span_compare(subject_side(subject), side);
}

/* Where the names stand among those that there are, or would; *found is whether they do. */
static size_t place_of(const struct subjects *subjects, struct span symbol, struct span side,
                       bool *found)
{
    size_t low = 0, high = subjects->count;
    *found = false;
    while (low < high && !*found) {
        size_t middle = low + (high - low) / 2;
        int order = compare_names(subjects->list[subjects->by_names[middle]], symbol, side);
        *found = order == 0;
        low = order < 0 ? middle + 1 : *found ? middle : low;
        high = order > 0 ? middle : high;
    }
    return low;
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
        subject->symbol_size = (uint8_t)symbol.size;
        subject->side_size = (uint8_t)side.size;
    }
    return subject;
}

struct subject *subjects_get(struct subjects *subjects, struct span symbol, struct span side)
{
    bool found;
    size_t count = subjects->count, place = place_of(subjects, symbol, side, &found);
    if (found) {
        return subjects->list[subjects->by_names[place]];
    }
    struct subject *subject = symbol.size <= UINT8_MAX && side.size <= UINT8_MAX
                                  ? make(subjects->names_offset, symbol, side)
                                  : NULL;
    if (subject == NULL || count >= UINT32_MAX ||
        !array_grow((void **)&subjects->list, sizeof(struct subject *), &subjects->capacity,
                    count + 1) ||
        !array_grow((void **)&subjects->by_names, sizeof *subjects->by_names,
                    &subjects->by_names_capacity, count + 1)) {
        free(subject);
        return NULL;
    }
    uint32_t *at = subjects->by_names + place;
    memmove(at + 1, at, (count - place) * sizeof *at);
    *at = (uint32_t)count;
    subjects->list[subjects->count++] = subject;
    return subject;
}

void subjects_keep(struct subjects *subjects, size_t count)
{
    while (subjects->count > count) {
        struct subject *subject = subjects->list[subjects->count - 1];
        bool found;
        size_t place = place_of(subjects, subject_symbol(subject), subject_side(subject), &found);
        uint32_t *at = subjects->by_names + place;
        subjects->count--;
        memmove(at, at + 1, (subjects->count - place) * sizeof *at);
        free(subject->said);
        free(subject);
    }
}

void subjects_free(struct subjects *subjects)
{
    for (size_t i = 0; i < subjects->count; i++) {
        free(subjects->list[i]->said);
        free(subjects->list[i]);
    }
    free(subjects->list);
    free(subjects->by_names);
    *subjects = (struct subjects){.names_offset = subjects->names_offset};
}
