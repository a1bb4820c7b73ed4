#include "report/cell.h"
#include "report/renderers.h"

static void append_object(const struct column_list *columns, struct text *out)
{
    text_append_char(out, '{');
    for (int i = 0; i < columns->count; i++) {
        if (i > 0) {
            text_append_char(out, ',');
        }
        text_append_json(out, span_of(columns_name(columns, i)));
        text_append_char(out, ':');
        cell_append_json(columns->statement, columns_number(columns, i), out);
    }
    text_append_char(out, '}');
}

static void ndjson_row(const struct column_list *columns, int64_t number, struct text *out)
{
    (void)number;
    append_object(columns, out);
    text_append_char(out, '\n');
}

static void json_begin(const struct column_list *columns, struct text *out)
{
    (void)columns;
    text_append_char(out, '[');
}

static void json_row(const struct column_list *columns, int64_t number, struct text *out)
{
    text_append_string(out, number > 0 ? ",\n" : "\n");
    append_object(columns, out);
}

static void json_end(int64_t row_count, struct text *out)
{
    text_append_string(out, row_count > 0 ? "\n]\n" : "]\n");
}

const struct row_writer JSON_WRITER = {json_begin, json_row, json_end, 0};
const struct row_writer NDJSON_WRITER = {NULL, ndjson_row, NULL, 0};
