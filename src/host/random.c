#include "host/random.h"

#include <sys/random.h>

#include "host/clock.h"

struct random random_start(void)
{
    struct random random;
    if (getrandom(&random.state, sizeof random.state, 0) < (ssize_t)sizeof random.state) {
        random.state = (uint64_t)clock_wall_ms();
    }
    return random;
}

uint64_t random_next(struct random *random)
{
    random->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = random->state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}
