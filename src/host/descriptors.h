/* How many files and connections this process may have open. */
#pragma once

#include <stdint.h>

/* Raises the limit as far as it goes without anybody's leave, and returns it. */
int64_t descriptors_raise(void);
