#include "host/disk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/text.h"

bool disk_usage(const char *database_path, int64_t *used, int64_t *left, struct error *error)
{
    struct stat file, log = {0};
    struct statvfs disk;
    struct text log_path = {0};
    text_printf(&log_path, "%s-wal", database_path);
    bool known = stat(database_path, &file) == 0 && statvfs(database_path, &disk) == 0;
    if (known && !log_path.failed && stat(text_string(&log_path), &log) != 0) {
        log.st_size = 0;
    }
    text_free(&log_path);
    if (!known) {
        return error_set(error, ERROR_FAILED, "%s: %s", database_path, strerror(errno));
    }
    *used = file.st_size + log.st_size;
    *left = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    return true;
}
