#include "mirror/copy.h"

#include <string.h>

#define CHUNK_SIZE ((size_t)64 * 1024) /* of lines that are handed to libpq at once */

bool copy_open(const struct database *database, int source, struct copy *copy, struct error *error)
{
    *copy = (struct copy){0};
    if (!source_of(source, &copy->source, error)) {
        return false;
    }
    copy->select = database_prepare(database, text_string(&copy->source.select), error);
    return copy->select != NULL || error_context(error, "%s", copy->source.table);
}

void copy_close(struct copy *copy)
{
    sqlite3_finalize(copy->select);
    source_free(&copy->source);
    copy->select = NULL;
}

/* Tabs part columns and newlines rows: a backslash goes before what would be read otherwise. */
static void append_escaped(struct text *line, const char *text)
{
    static const char SPECIAL[] = "\\\t\n\r", LETTERS[] = "\\tnr";
    for (;; text++) {
        size_t size = strcspn(text, SPECIAL);
        text_append(line, text, size);
        text += size;
        if (*text == '\0') {
            return;
        }
        text_append_char(line, '\\');
        text_append_char(line, LETTERS[strchr(SPECIAL, *text) - SPECIAL]);
    }
}

bool copy_append_value(struct text *line, sqlite3_value *value, bool escaped)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) {
        text_append_string(line, escaped ? "\\N" : "");
    } else if (type == SQLITE_INTEGER) {
        text_append_int(line, sqlite3_value_int64(value));
    } else if (type == SQLITE_BLOB) {
        const char *bytes = sqlite3_value_blob(value);
        text_append_string(line, escaped ? "\\\\x" : "\\x");
        text_append_hex(line, (struct span){bytes, (size_t)sqlite3_value_bytes(value)});
    } else {
        const char *text = (const char *)sqlite3_value_text(value);
        size_t size = (size_t)sqlite3_value_bytes(value);
        if (text == NULL || memchr(text, '\0', size) != NULL) {
            return false;
        }
        if (escaped) {
            append_escaped(line, text);
        } else {
            text_append(line, text, size);
        }
    }
    return true;
}

static bool append_line(struct text *line, sqlite3_stmt *select, int64_t recorder_id,
                        struct error *error)
{
    text_append_int(line, recorder_id * SOURCE_ACCOUNTS + sqlite3_column_int64(select, 0));
    text_append_char(line, '\t');
    text_append_int(line, recorder_id);
    for (int i = 1; i < sqlite3_column_count(select); i++) {
        text_append_char(line, '\t');
        if (!copy_append_value(line, sqlite3_column_value(select, i), true)) {
            return error_set(error, ERROR_FAILED, "%s: %s", sqlite3_column_name(select, i),
                             COPY_HAS_NUL);
        }
    }
    text_append_char(line, '\n');
    return !line->failed || error_no_memory(error);
}

static bool begin(const struct copy *copy, struct server *server, struct error *error)
{
    struct text sql = {0};
    text_printf(&sql, "COPY %s (%s) FROM STDIN", copy->source.table,
                text_string(&copy->source.columns));
    bool done = server_copy_begin(server, text_string(&sql), error);
    text_free(&sql);
    return done;
}

/* COPY begins with the first lines there are: few rows are all read by then, and no snapshot of the
 * file is held while the server is waited for. */
static bool put(const struct copy *copy, struct server *server, bool *begun, struct text *lines,
                struct error *error)
{
    bool done =
        (*begun || begin(copy, server, error)) && server_copy_put(server, text_span(lines), error);
    *begun = true;
    text_clear(lines);
    return done;
}

bool copy_rows(const struct copy *copy, const struct database *database, struct server *server,
               int64_t recorder_id, int64_t *row_count, struct error *error)
{
    struct text lines = {0};
    enum step step = STEP_DONE;
    bool begun = false, good = true;
    while (good && (step = database_step(database, copy->select, error)) == STEP_ROW) {
        good = append_line(&lines, copy->select, recorder_id, error) &&
               (lines.size <= CHUNK_SIZE || put(copy, server, &begun, &lines, error));
        ++*row_count;
    }
    good = good && step == STEP_DONE;
    if (good && (begun || lines.size > 0)) {
        good = put(copy, server, &begun, &lines, error) && server_copy_end(server, error);
    }
    sqlite3_reset(copy->select);
    text_free(&lines);
    return good || error_context(error, "%s", copy->source.table);
}
