#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "base/terminal.h"

static enum log_level level_max = LOG_ERROR;

void log_set_level(enum log_level level)
{
    level_max = level;
}

void log_begin(struct log_line *line, enum log_level level, const char *event)
{
    static const char *const NAMES[] = {"error", "warning", "info", "debug"};
    *line = (struct log_line){.on = level <= level_max};
    if (line->on) {
        text_append_string(&line->text, "level=");
        text_append_string(&line->text, NAMES[level]);
        log_text(line, "event", event);
    }
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

void log_text(struct log_line *line, const char *key, const char *value)
{
    if (!line->on) {
        return;
    }
    text_append_char(&line->text, ' ');
    text_append_string(&line->text, key);
    text_append_char(&line->text, '=');
    struct text safe = {0};
    terminal_append(&safe, span_of(value));
    if (is_plain(text_string(&safe))) {
        text_append(&line->text, safe.data, safe.size);
    } else {
        text_append_json(&line->text, text_span(&safe));
    }
    text_free(&safe);
}

void log_int(struct log_line *line, const char *key, int64_t value)
{
    if (!line->on) {
        return;
    }
    text_append_char(&line->text, ' ');
    text_append_string(&line->text, key);
    text_append_char(&line->text, '=');
    text_append_int(&line->text, value);
}

void log_end(struct log_line *line)
{
    if (line->on) {
        text_append_char(&line->text, '\n');
        /* A log that cannot be written has nowhere to say so. */
        ssize_t written = write(STDERR_FILENO, text_string(&line->text), line->text.size);
        (void)written;
    }
    text_free(&line->text);
}
