#include "derive/subject.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "model/object_pack.h"

void *subject_new(size_t offset, struct span symbol, struct span side)
{
    const size_t unit = _Alignof(struct subject); /* the owner's struct ends in padding */
    if (symbol.size > UINT32_MAX || side.size > UINT32_MAX) {
        return NULL;
    }
    size_t size = offset + symbol.size + 1 + side.size + 1;
    char *memory = calloc(1, (size + unit - 1) / unit * unit);
    struct subject *subject = (struct subject *)(void *)memory;
    if (subject != NULL) {
        memcpy(memory + offset, symbol.data, symbol.size);
        memcpy(memory + offset + symbol.size + 1, side.data, side.size);
        subject->names = memory + offset;
        subject->symbol_size = (uint32_t)symbol.size;
        subject->side_size = (uint32_t)side.size;
    }
    return subject;
}

void subject_free(struct subject *subject)
{
    if (subject != NULL) {
        free(subject->said);
        free(subject);
    }
}

struct span subject_symbol(const struct subject *subject)
{
    return (struct span){subject->names, subject->symbol_size};
}

struct span subject_side(const struct subject *subject)
{
    return (struct span){subject->names + subject->symbol_size + 1, subject->side_size};
}

bool subject_say(struct subject *subject, const struct object *object)
{
    return object_pack(object, &subject->said);
}

bool subject_said(const struct subject *subject, const struct object_kind *kind,
                  struct object *object)
{
    struct span symbol = subject_symbol(subject), side = subject_side(subject);
    bool opened = object_unpack(subject->said, kind, object);
    text_append(&object->symbol, symbol.data, symbol.size);
    text_append(&object->side, side.data, side.size);
    return opened && !object->symbol.failed && !object->side.failed;
}

static int compare_spans(struct span a, struct span b)
{
    if (a.size != b.size) {
        return a.size < b.size ? -1 : 1;
    }
    return memcmp(a.data, b.data, a.size);
}

static int compare_names(const void *a, const void *b)
{
    int order = compare_spans(subject_symbol(a), subject_symbol(b));
    return order != 0 ? order : compare_spans(subject_side(a), subject_side(b));
}

struct subject *subject_find(const struct subject_names *names, struct span symbol,
                             struct span side)
{
    char wanted_names[2 * (NAME_SIZE_MAX + 1)];
    struct subject wanted = {.names = wanted_names,
                             .symbol_size = (uint32_t)symbol.size,
                             .side_size = (uint32_t)side.size};
    assert(symbol.size <= NAME_SIZE_MAX && side.size <= NAME_SIZE_MAX);
    memcpy(wanted_names, symbol.data, symbol.size);
    memcpy(wanted_names + symbol.size + 1, side.data, side.size);
    void *found = tfind(&wanted, &names->tree, compare_names);
    return found == NULL ? NULL : *(struct subject **)found;
}

bool subject_add(struct subject_names *names, struct subject *subject)
{
    return tsearch(subject, &names->tree, compare_names) != NULL;
}

void subject_remove(struct subject_names *names, struct subject *subject)
{
    tdelete(subject, &names->tree, compare_names);
}

static void keep(void *subject)
{
    (void)subject; /* the tree does not own it */
}

void subject_names_free(struct subject_names *names)
{
    tdestroy(names->tree, keep);
    names->tree = NULL;
}
