/* The machine's clocks. Only compositions (service, cli) read them; in all other rooms time is a
 * parameter. */
#pragma once

#include "base/instant.h"

/* Milliseconds since 1970 UTC as the machine believes; steps when somebody sets the clock. */
int64_t clock_wall_ms(void);

struct boot_time clock_boot(void);

/* Both at once. */
struct now clock_now(void);
