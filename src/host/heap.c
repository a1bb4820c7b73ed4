#include "host/heap.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAP_BYTES (4 << 20)
#define MORE_THAN_IS_LEFT                                                                          \
    (127 << 10) /* of what a heap begins with, and less than has memory of its own */

void heap_take(void)
{
#if defined M_TOP_PAD && defined MADV_POPULATE_WRITE
    mallopt(M_TOP_PAD, HEAP_BYTES);
    char *begin = sbrk(0);
    void *volatile more = malloc(MORE_THAN_IS_LEFT); /* volatile: that it be asked for */
    free(more);
    char *end = sbrk(0);
    if (end > begin) {
        madvise(begin, (size_t)(end - begin), MADV_POPULATE_WRITE);
    }
#endif
}
