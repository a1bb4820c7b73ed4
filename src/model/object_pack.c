#include "model/object_pack.h"

#include <stdlib.h>

/* A number in groups of seven bits, the lowest first; all but the last have the highest bit set. So
 * that small ones of either sign are short, the sign is the lowest bit.
 *
 *     extra_keys, counts, for each row: known, for each column that is: a number, or size and bytes
 */
#define GROUP_BITS 7
#define MORE 0x80u

#define PACKED_SIZE_USUAL ((size_t)256)

/* Where packed bytes go; those that have no room there are only counted. */
struct packing {
    char *at;
    size_t room, size;
};

static void put_bytes(struct packing *packing, const char *bytes, size_t size)
{
    if (size > 0 && packing->size + size <= packing->room) {
        memcpy(packing->at + packing->size, bytes, size);
    }
    packing->size += size;
}

static void put_unsigned(struct packing *packing, uint64_t value)
{
    do {
        char group = (char)((value & (MORE - 1)) | (value >> GROUP_BITS != 0 ? MORE : 0));
        put_bytes(packing, &group, 1);
        value >>= GROUP_BITS;
    } while (value != 0);
}

static void put_signed(struct packing *packing, int64_t value)
{
    put_unsigned(packing, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static uint64_t take_unsigned(const char **at)
{
    uint64_t value = 0;
    unsigned shift = 0, group;
    do {
        group = (unsigned char)*(*at)++;
        value |= (uint64_t)(group & (MORE - 1)) << shift;
        shift += GROUP_BITS;
    } while ((group & MORE) != 0);
    return value;
}

static int64_t take_signed(const char **at)
{
    uint64_t value = take_unsigned(at);
    return (int64_t)(value >> 1 ^ ((value & 1) != 0 ? UINT64_MAX : 0));
}

static void put_row(struct packing *packing, const struct row *row)
{
    put_unsigned(packing, row->known);
    for (int i = 0; i < row->kind->column_count; i++) {
        if ((row->known >> i & 1u) == 0) {
            continue;
        }
        if (column_is_text(&row->kind->columns[i])) {
            struct span text = row_text(row, i);
            put_unsigned(packing, text.size);
            put_bytes(packing, text.data, text.size);
        } else {
            put_signed(packing, row->values[i]);
        }
    }
}

static void take_row(const char **at, struct row *row)
{
    uint64_t known = take_unsigned(at);
    for (int i = 0; i < row->kind->column_count; i++) {
        if ((known >> i & 1u) == 0) {
            continue;
        }
        if (column_is_text(&row->kind->columns[i])) {
            size_t size = take_unsigned(at);
            row_set_text(row, i, (struct span){*at, size});
            *at += size;
        } else {
            row_set(row, i, take_signed(at));
        }
    }
}

static void put_object(struct packing *packing, const struct object *object)
{
    put_unsigned(packing, object->extra_keys);
    put_unsigned(packing, object->counts);
    for (int i = 0; i < OBJECT_ROWS_MAX && object->rows[i].kind != NULL; i++) {
        put_row(packing, &object->rows[i]);
    }
}

bool object_pack(const struct object *object, size_t owners, char **packed, size_t *size)
{
    char usual[PACKED_SIZE_USUAL];
    struct packing packing = {usual, sizeof usual, 0};
    put_object(&packing, object);
    char *memory = realloc(*packed, owners + packing.size);
    if (memory == NULL) {
        return false;
    }
    *packed = memory;
    *size = packing.size;
    if (packing.size <= sizeof usual) {
        memcpy(memory + owners, usual, packing.size);
    } else {
        packing = (struct packing){memory + owners, packing.size, 0};
        put_object(&packing, object);
    }
    return true;
}

bool object_unpack(const char *packed, const struct object_kind *kind, struct object *object)
{
    bool good = object_begin(object, kind);
    if (!good) {
        return false;
    }
    object->extra_keys = take_unsigned(&packed);
    object->counts = take_unsigned(&packed) != 0;
    for (int i = 0; i < OBJECT_ROWS_MAX && kind->rows[i] != NULL; i++) {
        take_row(&packed, &object->rows[i]);
        good = good && !row_failed(&object->rows[i]);
    }
    return good;
}
