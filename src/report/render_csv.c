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

static void begin(const struct column_list *columns, struct text *out)
{
    for (int i = 0; i < columns->count; i++) {
        if (i > 0) {
            text_append_char(out, ',');
        }
        append_field(out, span_of(columns_name(columns, i)));
    }
    text_append_string(out, "\r\n");
}

static void row(const struct column_list *columns, int64_t number, struct text *out)
{
    struct text field = {0};
    (void)number;
    for (int i = 0; i < columns->count; i++) {
        if (i > 0) {
            text_append_char(out, ',');
        }
        text_clear(&field);
        cell_append_data(columns->statement, columns_number(columns, i), &field);
        out->failed |= field.failed;
        append_field(out, text_span(&field));
    }
    text_append_string(out, "\r\n");
    text_free(&field);
}

const struct row_writer CSV_WRITER = {begin, row, NULL, 0};
