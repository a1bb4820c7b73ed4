#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>

static void replace_control_characters(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    replace_control_characters(error->text);
    error->kind = kind;
    return false;
}

bool error_context(struct error *error, const char *format, ...)
{
    char cause[ERROR_TEXT_SIZE];
    memcpy(cause, error->text, sizeof cause);

    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof error->text) {
        size_t left = sizeof error->text - (size_t)length;
        snprintf(error->text + length, left, ": %s", cause);
    }
    replace_control_characters(error->text);
    return false;
}

/* Also when it was an earlier write that failed, whose errno is gone. */
static bool is_reader_gone(FILE *out)
{
    struct pollfd pipe = {.fd = fileno(out)};
    return errno == EPIPE || (poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLERR) != 0);
}

bool error_set_output(struct error *error, FILE *out, const char *name)
{
    const char *why = strerror(errno);
    return error_set(error, is_reader_gone(out) ? ERROR_READER_GONE : ERROR_FAILED,
                     "output%s%s: %s", name != NULL ? " " : "", name != NULL ? name : "", why);
}

bool error_no_memory(struct error *error)
{
    return error_set(error, ERROR_NO_MEMORY, "out of memory");
}
