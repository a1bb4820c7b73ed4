#include "derive/subject.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "model/object_pack.h"

#define SAID_LATELY (sizeof((struct said_lately *)NULL)->list / sizeof(struct said *))
#define PIECE_SIZE_MIN ((size_t)128)
#define PIECE_SIZE_MAX ((size_t)4096)

struct said {
    uint32_t holders, size;
    char packed[];
};

/* Pieces grow with what there is. */
struct piece {
    struct piece *before;
    size_t size, used;
    _Alignas(struct subject) char memory[];
};

struct span subject_symbol(const struct subject *subject)
{
    return (struct span){(const char *)subject + subject->names_offset, subject->symbol_size};
}

struct span subject_side(const struct subject *subject)
{
    const char *symbol = (const char *)subject + subject->names_offset;
    return (struct span){symbol + subject->symbol_size + 1, subject->side_size};
}

static void let_go(struct said *said)
{
    if (said != NULL && --said->holders == 0) {
        free(said);
    }
}

/* The same, as it was said of another lately; else this is from now on. */
static struct said *shared(struct said_lately *lately, struct said *said)
{
    for (size_t i = 0; i < SAID_LATELY; i++) {
        struct said *other = lately->list[i];
        if (other != NULL && other->size == said->size &&
            memcmp(other->packed, said->packed, said->size) == 0) {
            let_go(said);
            other->holders++;
            return other;
        }
    }
    let_go(lately->list[lately->next]);
    lately->list[lately->next] = said;
    lately->next = (lately->next + 1) % SAID_LATELY;
    said->holders++;
    return said;
}

bool subject_say(struct subject *subject, const struct object *object, struct said_lately *lately)
{
    bool is_own = subject->said != NULL && subject->said->holders == 1;
    char *memory = is_own ? (char *)subject->said : NULL;
    size_t size;
    if (!object_pack(object, offsetof(struct said, packed), &memory, &size)) {
        return false;
    }
    struct said *said = (struct said *)(void *)memory;
    said->holders = 1;
    said->size = (uint32_t)size;
    if (!is_own) {
        let_go(subject->said);
    }
    subject->said = lately != NULL && !is_own ? shared(lately, said) : said;
    return true;
}

bool subject_said(const struct subject *subject, const struct object_kind *kind,
                  struct object *object)
{
    bool opened = object_unpack(subject->said->packed, kind, object);
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

static char *take_memory(struct subjects *subjects, size_t size)
{
    struct piece *last = subjects->pieces;
    if (last == NULL || last->size - last->used < size) {
        size_t grown = last == NULL ? PIECE_SIZE_MIN : 2 * last->size;
        grown = grown > PIECE_SIZE_MAX ? PIECE_SIZE_MAX : grown;
        grown = grown < size ? size : grown;
        struct piece *piece = malloc(sizeof *piece + grown);
        if (piece == NULL) {
            return NULL;
        }
        *piece = (struct piece){.before = last, .size = grown};
        subjects->pieces = last = piece;
    }
    last->used += size;
    return memset(last->memory + last->used - size, 0, size);
}

/* Gives back what was taken last. */
static void give_back(struct subjects *subjects, struct subject *subject)
{
    struct piece *last = subjects->pieces;
    let_go(subject->said);
    last->used = (size_t)((char *)subject - last->memory);
    if (last->used == 0) {
        subjects->pieces = last->before;
        free(last);
    }
}

/* Makes a subject and what its owner knows of it. NULL when out of memory. */
static struct subject *make(struct subjects *subjects, struct span symbol, struct span side)
{
    const size_t unit = _Alignof(struct subject);
    size_t size = subjects->names_offset + symbol.size + 1 + side.size + 1;
    char *memory = take_memory(subjects, (size + unit - 1) / unit * unit);
    struct subject *subject = (struct subject *)(void *)memory;
    if (subject != NULL) {
        char *names = memory + subjects->names_offset;
        memcpy(names, symbol.data, symbol.size);
        memcpy(names + symbol.size + 1, side.data, side.size);
        subject->names_offset = (uint8_t)subjects->names_offset;
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
    if (symbol.size > UINT8_MAX || side.size > UINT8_MAX || count >= UINT32_MAX ||
        !array_grow((void **)&subjects->list, sizeof(struct subject *), &subjects->capacity,
                    count + 1) ||
        !array_grow((void **)&subjects->by_names, sizeof *subjects->by_names,
                    &subjects->by_names_capacity, count + 1)) {
        return NULL;
    }
    struct subject *subject = make(subjects, symbol, side);
    if (subject == NULL) {
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
        give_back(subjects, subject);
    }
}

void subjects_free(struct subjects *subjects)
{
    while (subjects->count > 0) {
        give_back(subjects, subjects->list[--subjects->count]);
    }
    for (size_t i = 0; i < SAID_LATELY; i++) {
        let_go(subjects->lately.list[i]);
    }
    free(subjects->list);
    free(subjects->by_names);
    *subjects = (struct subjects){.names_offset = subjects->names_offset};
}
