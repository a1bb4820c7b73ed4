#include "host/file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_file(const char *path, struct span content, struct error *error)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) {
        return error_set(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
    }
    bool written = true;
    while (written && content.size > 0) {
        ssize_t size = write(file, content.data, content.size);
        written = size > 0;
        if (written) {
            content = (struct span){content.data + size, content.size - (size_t)size};
        }
    }
    if (!written) {
        error_set(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
    }
    if (close(file) != 0 && written) {
        written = error_set(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
    }
    return written;
}

bool file_replace(const char *path, struct text *content, struct error *error)
{
    struct text part = {0};
    text_printf(&part, "%s.part", path);
    bool done = !(content->failed || part.failed) || error_no_memory(error);
    done = done && write_file(text_string(&part), text_span(content), error);
    if (done && rename(text_string(&part), path) != 0) {
        done = error_set(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
    }
    text_free(content);
    text_free(&part);
    return done;
}
