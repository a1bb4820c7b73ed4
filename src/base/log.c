#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "base/terminal.h"
#include "base/text.h"

static enum log_level level_max = LOG_ERROR;

void log_set_level(enum log_level level)
{
    level_max = level;
}

static bool is_plain(const char *value)
{
    for (const char *p = value; *p != '\0'; p++) {
        if ((unsigned char)*p <= ' ' || *p == '"' || *p == '=' || *p == '\\') {
            return false;
        }
    }
    return *value != '\0';
}

static void append_text(struct text *line, const char *value)
{
    struct text safe = {0};
    terminal_append(&safe, span_of(value));
    if (is_plain(text_string(&safe))) {
        text_append(line, safe.data, safe.size);
    } else {
        text_append_json(line, text_span(&safe));
    }
    text_free(&safe);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    static const char *const NAMES[] = {"error", "warning", "info", "debug"};
    struct text line = {0};
    if (level > level_max) {
        return;
    }
    text_printf(&line, "level=%s event=%s", NAMES[level], event);
    for (; fields->key != NULL; fields++) {
        if (fields->text == NULL && !fields->is_known) {
            continue;
        }
        text_printf(&line, " %s=", fields->key);
        if (fields->text != NULL) {
            append_text(&line, fields->text);
        } else {
            text_append_int(&line, fields->number);
        }
    }
    text_append_char(&line, '\n');
    /* A log that cannot be written has nowhere to say so. */
    ssize_t written = write(STDERR_FILENO, text_string(&line), line.size);
    (void)written;
    text_free(&line);
}
