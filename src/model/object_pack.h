/* What an object says, in as few bytes as it takes.
 *
 * The store keeps one for each leg and asset of each account: a hundred thousand and more, nearly
 * all of them flat, and each looked at once in a minute. Opened, one takes half a KiB in five
 * pieces of memory; packed, some forty bytes in one. The names are not in it: its owner has them.
 */
#pragma once

#include "model/leg_object.h"

/* Packs into *packed, NULL or what this function made before, whose memory is used again and which
 * its owner frees: behind so many bytes that are its owner's. `*size` is that of what is packed.
 * False when out of memory; it is then as it was. */
bool object_pack(const struct object *object, size_t owners, char **packed, size_t *size);

/* Opens what was packed of an object of this kind into `object`, which may hold an earlier one; its
 * names are emptied. False when out of memory. */
bool object_unpack(const char *packed, const struct object_kind *kind, struct object *object);
