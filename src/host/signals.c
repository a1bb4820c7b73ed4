#include "host/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t wanted(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

bool signals_open(int *file, struct error *error)
{
    sigset_t set = wanted();
    *file = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (*file < 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return error_set(error, ERROR_FAILED, "signals: %s", strerror(errno));
    }
    return true;
}

void signals_close(int file)
{
    sigset_t set = wanted();
    if (file >= 0) {
        close(file);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
    }
}

enum signal_wish signals_take(int file)
{
    struct signalfd_siginfo info;
    if (read(file, &info, sizeof info) != (ssize_t)sizeof info) {
        return SIGNAL_NONE;
    }
    return info.ssi_signo == SIGHUP ? SIGNAL_RELOAD : SIGNAL_STOP;
}
