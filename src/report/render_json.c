#include "report/cell.h"
#include "report/renderers.h"

static void append_object(sqlite3_stmt *statement, struct text *out)
{
    text_append_char(out, '{');
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        if (i > 0) {
            text_append_char(out, ',');
        }
        text_append_json(out, span_of(sqlite3_column_name(statement, i)));
        text_append_char(out, ':');
        cell_append_json(statement, i, out);
    }
    text_append_char(out, '}');
}

static void ndjson_row(sqlite3_stmt *statement, int64_t number, struct text *out)
{
    (void)number;
    append_object(statement, out);
    text_append_char(out, '\n');
}

static void json_begin(sqlite3_stmt *statement, struct text *out)
{
    (void)statement;
    text_append_char(out, '[');
}

static void json_row(sqlite3_stmt *statement, int64_t number, struct text *out)
{
    text_append_string(out, number > 0 ? ",\n" : "\n");
    append_object(statement, out);
}

static void json_end(int64_t row_count, struct text *out)
{
    text_append_string(out, row_count > 0 ? "\n]\n" : "]\n");
}

const struct row_writer JSON_WRITER = {json_begin, json_row, json_end};
const struct row_writer NDJSON_WRITER = {NULL, ndjson_row, NULL};
