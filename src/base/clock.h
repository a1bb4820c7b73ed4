/* The machine's two clocks in milliseconds. Only `service` and `cli` read them; below, time is a
 * parameter. */
#ifndef POSREC_BASE_CLOCK_H
#define POSREC_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970 UTC as the machine believes; steps when somebody sets the clock. */
int64_t clock_real_ms(void);

/* Milliseconds since some start; never steps. */
int64_t clock_monotonic_ms(void);

#endif
