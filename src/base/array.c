#include "base/array.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)16)

bool array_grow(void **items, size_t item_size, size_t *capacity, size_t needed)
{
    if (needed <= *capacity) {
        return true;
    }
    size_t wanted = *capacity == 0 ? FIRST_CAPACITY : *capacity;
    while (wanted < needed) {
        wanted *= 2;
    }
    void *grown = reallocarray(*items, wanted, item_size);
    if (grown == NULL) {
        return false;
    }
    memset((char *)grown + *capacity * item_size, 0, (wanted - *capacity) * item_size);
    *items = grown;
    *capacity = wanted;
    return true;
}
