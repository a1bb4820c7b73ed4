#include "host/heap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAP_BYTES (32 << 20) /* of addresses: memory is what is used of them */
#define BEGIN_BYTES (4 << 20) /* what a command uses at least */
#define HUGE_PAGE_BYTES (2 << 20)
#define MORE_THAN_IS_LEFT                                                                          \
    (127 << 10) /* of what a heap begins with, and less than has memory of its own */

void heap_take(void)
{
#if defined M_TOP_PAD && defined MADV_POPULATE_WRITE
    mallopt(M_TOP_PAD, HEAP_BYTES);
    uintptr_t past_page = (uintptr_t)sbrk(0) % HUGE_PAGE_BYTES;
    sbrk((intptr_t)(past_page == 0 ? 0 : HUGE_PAGE_BYTES - past_page));
    char *begin = sbrk(0);
    void *volatile more = malloc(MORE_THAN_IS_LEFT); /* volatile: that it be asked for */
    free(more);
    char *end = sbrk(0);
    if (end - begin >= BEGIN_BYTES) {
        madvise(begin, (size_t)(end - begin), MADV_HUGEPAGE);
        madvise(begin, BEGIN_BYTES, MADV_POPULATE_WRITE);
    }
#endif
}
