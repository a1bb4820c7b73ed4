/* What posrec calls of libsystemd, where it is built without it (POSREC_SYSTEMD=OFF): nobody waits to be told. */
#pragma once

#include <stdint.h>

static inline int sd_notify(int unset_environment, const char *state)
{
    (void)unset_environment;
    (void)state;
    return 0;
}

static inline int sd_watchdog_enabled(int unset_environment, uint64_t *usec)
{
    (void)unset_environment;
    *usec = 0;
    return 0;
}
