/* The service's log: one line an event on stderr, `level=info event=capture account=main
 * capture=7`, readable by people, journald and grep alike. The level is the one global of the
 * program.
 *
 *     struct log_line line;
 *     log_begin(&line, LOG_INFO, "capture");
 *     log_text(&line, "account", name);
 *     log_int(&line, "capture", capture_id);
 *     log_end(&line); */
#ifndef POSREC_BASE_LOG_H
#define POSREC_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log_line {
    bool on;
    struct text text;
};

/* Lines above this level are not written. LOG_ERROR at the start: a command says itself what
 * matters to its user, the service turns its log on. */
void log_set_level(enum log_level level);

void log_begin(struct log_line *line, enum log_level level, const char *event);

/* Adds ` key=value`; a value with spaces, quotes, '=' or backslashes is quoted and escaped, once it
 * is fit for a terminal. */
void log_text(struct log_line *line, const char *key, const char *value);
void log_int(struct log_line *line, const char *key, int64_t value);

/* Writes the line in one write(2) and frees it. */
void log_end(struct log_line *line);

#endif
