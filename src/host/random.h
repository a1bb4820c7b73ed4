/* Numbers for the jitter of waits: they need to differ between processes, not to be secret. */
#pragma once

#include <stdint.h>

struct random {
    uint64_t state;
};

/* Starts from the system's entropy, or else from the clock. */
struct random random_start(void);

/* The next one, by splitmix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
 * Generators", 2014). */
uint64_t random_next(struct random *random);
