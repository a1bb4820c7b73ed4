/* Arrays that grow. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Doubles an array of `*capacity` items until it holds `needed`, the new ones zeroed; `*items` is
 * NULL or what this function made, and its owner frees it. False when out of memory; it is then as
 * it was. */
bool array_grow(void **items, size_t item_size, size_t *capacity, size_t needed);
