#include "service/supervisor.h"

#include <systemd/sd-daemon.h>

int64_t supervisor_watchdog_ms(void)
{
    uint64_t limit_us;
    if (sd_watchdog_enabled(0, &limit_us) <= 0) {
        return 0;
    }
    /* Twice as often as it is waited for (sd_watchdog_enabled(3)). */
    return (int64_t)(limit_us / 2000) > 0 ? (int64_t)(limit_us / 2000) : 1;
}

void supervisor_ready(void)
{
    sd_notify(0, "READY=1\nSTATUS=recording");
}

void supervisor_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
}

void supervisor_reloading(void)
{
    sd_notify(0, "RELOADING=1");
}

void supervisor_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}
