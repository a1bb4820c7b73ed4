#include "mirror/copy.h"

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
static void append_text(struct text *line, struct span text, bool escaped)
{
    size_t begin = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char *instead = NULL;
        switch (text.data[i]) {
        case '\0':
            instead = "\xEF\xBF\xBD";
            break;
        case '\\':
            instead = escaped ? "\\\\" : NULL;
            break;
        case '\t':
            instead = escaped ? "\\t" : NULL;
            break;
        case '\n':
            instead = escaped ? "\\n" : NULL;
            break;
        case '\r':
            instead = escaped ? "\\r" : NULL;
            break;
        default:
            break;
        }
        if (instead != NULL) {
            text_append(line, text.data + begin, i - begin);
            text_append_string(line, instead);
            begin = i + 1;
        }
    }
    text_append(line, text.data + begin, text.size - begin);
}

static void append_bytes(struct text *line, struct span bytes, bool escaped)
{
    static const char DIGITS[] = "0123456789abcdef";
    text_append_string(line, escaped ? "\\\\x" : "\\x");
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        text_append(line, (const char[]){DIGITS[byte >> 4], DIGITS[byte & 15]}, 2);
    }
}

void copy_append_value(struct text *line, sqlite3_value *value, bool escaped)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) {
        text_append_string(line, "\\N");
    } else if (type == SQLITE_INTEGER) {
        text_append_int(line, sqlite3_value_int64(value));
    } else {
        const char *data = type == SQLITE_BLOB ? sqlite3_value_blob(value)
                                               : (const char *)sqlite3_value_text(value);
        struct span bytes = {data, (size_t)sqlite3_value_bytes(value)};
        (type == SQLITE_BLOB ? append_bytes : append_text)(line, bytes, escaped);
    }
}

static void append_line(struct text *line, sqlite3_stmt *select, int64_t recorder_id)
{
    text_append_int(line, recorder_id << SOURCE_ACCOUNT_BITS | sqlite3_column_int64(select, 0));
    text_append_char(line, '\t');
    text_append_int(line, recorder_id);
    for (int i = 1; i < sqlite3_column_count(select); i++) {
        text_append_char(line, '\t');
        copy_append_value(line, sqlite3_column_value(select, i), true);
    }
    text_append_char(line, '\n');
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

bool copy_rows(const struct copy *copy, const struct database *database, struct server *server,
               int64_t recorder_id, int64_t *row_count, struct error *error)
{
    struct text lines = {0};
    enum step step = STEP_DONE;
    bool begun = false, good = true;
    while (good && (step = database_step(database, copy->select, error)) == STEP_ROW) {
        good = begun || begin(copy, server, error);
        begun = good;
        append_line(&lines, copy->select, recorder_id);
        good = good && (!lines.failed || error_no_memory(error));
        if (good && lines.size > CHUNK_SIZE) {
            good = server_copy_put(server, text_span(&lines), error);
            text_clear(&lines);
        }
        ++*row_count;
    }
    good = good && step == STEP_DONE;
    if (good && begun) {
        good = server_copy_put(server, text_span(&lines), error) && server_copy_end(server, error);
    }
    sqlite3_reset(copy->select);
    text_free(&lines);
    return good || error_context(error, "%s", copy->source.table);
}
