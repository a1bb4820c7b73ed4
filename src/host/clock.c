#include "host/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

struct boot_time clock_boot(void)
{
    return (struct boot_time){read_ms(CLOCK_BOOTTIME)};
}

struct now clock_now(void)
{
    return (struct now){clock_boot(), clock_wall_ms()};
}
