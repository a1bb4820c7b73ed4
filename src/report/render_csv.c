#include "report/cell.h"
#include "report/renderers.h"

/* RFC 4180: records end in CRLF; a field with a comma, quote or line break is quoted. */
static void append_field(struct text *out, struct span field)
{
    bool quoted = false;
    for (size_t i = 0; i < field.size && !quoted; i++) {
        quoted = strchr(",\"\r\n", field.data[i]) != NULL && field.data[i] != '\0';
    }
    if (quoted) {
        text_append_quoted(out, field, '"');
    } else {
        text_append_span(out, field);
    }
}

static void begin(sqlite3_stmt *statement, struct text *out)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        if (i > 0) {
            text_append_char(out, ',');
        }
        append_field(out, span_of(sqlite3_column_name(statement, i)));
    }
    text_append_string(out, "\r\n");
}

static void row(sqlite3_stmt *statement, int64_t number, struct text *out)
{
    struct text field = {0};
    (void)number;
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        if (i > 0) {
            text_append_char(out, ',');
        }
        text_clear(&field);
        cell_append_data(statement, i, &field);
        out->failed |= field.failed;
        append_field(out, text_span(&field));
    }
    text_append_string(out, "\r\n");
    text_free(&field);
}

const struct row_writer CSV_WRITER = {begin, row, NULL};
