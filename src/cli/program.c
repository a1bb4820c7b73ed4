#include "cli/program.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* Beside posrec, as it is built; or where a package has it. */
static const char *const PLACES[] = {"posrec-net", "../libexec/posrec/posrec-net"};

bool program_pass_on(char **words, struct error *error)
{
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0) {
        return error_set(error, ERROR_FAILED, "/proc/self/exe: %s", strerror(errno));
    }
    self[size] = '\0';
    *(strrchr(self, '/') + 1) = '\0';
    for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
        struct text path = {0};
        text_printf(&path, "%s%s", self, PLACES[i]);
        if (!path.failed) {
            execv(text_string(&path), words);
        }
        text_free(&path);
    }
    return error_set(
        error, ERROR_FAILED,
        "posrec-net, which has this command, is not there: it belongs beside posrec, or "
        "into ../libexec/posrec (%s)",
        strerror(errno));
}
