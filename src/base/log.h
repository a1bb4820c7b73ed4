/* The service's log: one line an event on stderr, `level=info event=capture account=main
 * capture=7`, readable by people, journald and grep alike. The level is the one global of the
 * program.
 *
 *     log_event(LOG_INFO, "capture", LOG_TEXT("account", name), LOG_INT("capture", id)); */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* ` key=value`; a text that is NULL, or an integer that is not known, is left out. */
struct log_field {
    const char *key;
    const char *text;
    bool is_known;
    int64_t number;
};

#define LOG_TEXT(key, text)                                                                        \
    {                                                                                              \
        (key), (text), false, 0                                                                    \
    }
#define LOG_INT(key, number)                                                                       \
    {                                                                                              \
        (key), NULL, true, (number)                                                                \
    }
#define LOG_MAYBE(key, maybe)                                                                      \
    {                                                                                              \
        (key), NULL, (maybe).known, (maybe).value                                                  \
    }

/* Lines above this level are not written. LOG_ERROR at the start: a command says itself what
 * matters to its user, the service turns its log on. */
void log_set_level(enum log_level level);

/* Writes a line in one write(2). A value with spaces, quotes, '=' or backslashes is quoted and
 * escaped, once it is fit for a terminal. */
#define log_event(level, event, ...)                                                               \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__, {0}})
void log_write(enum log_level level, const char *event, const struct log_field *fields);
