#include "host/core_dump.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void core_dump_forbid(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
#ifndef POSREC_SANITIZE /* LeakSanitizer attaches to the process as a debugger does */
    /* The limit does not bind a core that is piped to a program (core(5)). */
    prctl(PR_SET_DUMPABLE, 0);
#endif
}
