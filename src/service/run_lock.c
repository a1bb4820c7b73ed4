#include "service/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"

#define SUFFIX ".run-lock"

static int open_lock(const char *database_path, int flags)
{
    struct text path = {0};
    text_append_string(&path, database_path);
    text_append_string(&path, SUFFIX);
    int file = path.failed ? -1 : open(text_string(&path), flags | O_CLOEXEC, 0644);
    text_free(&path);
    return file;
}

bool run_lock_take(const char *database_path, int *file, struct error *error)
{
    *file = open_lock(database_path, O_RDWR | O_CREAT);
    if (*file < 0) {
        return error_set(error, ERROR_FAILED, "%s" SUFFIX ": %s", database_path, strerror(errno));
    }
    if (flock(*file, LOCK_EX | LOCK_NB) == 0) {
        return true;
    }
    close(*file);
    return error_set(error, ERROR_FAILED,
                     "%s: another 'posrec run' is recording into it (stop that one first)",
                     database_path);
}

bool run_lock_is_held(const char *database_path)
{
    int file = open_lock(database_path, O_RDONLY);
    if (file < 0) {
        return false;
    }
    bool held = flock(file, LOCK_SH | LOCK_NB) != 0;
    close(file);
    return held;
}
