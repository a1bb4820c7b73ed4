#include "report/cell.h"
#include "report/html.h"
#include "report/renderers.h"

/* A page is to be read; whoever wants more rows than these wants csv. */
#define HTML_ROWS_MAX 2000

static bool is_number(sqlite3_stmt *statement, int column)
{
    int type = sqlite3_column_type(statement, column);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

static void append_head(const struct column_list *columns, struct text *out)
{
    text_append_string(out, "<div class=\"table\"><table>\n<thead><tr>");
    for (int i = 0; i < columns->count; i++) {
        text_append_string(out, is_number(columns->statement, columns_number(columns, i))
                                    ? "<th class=\"number\">"
                                    : "<th>");
        html_append_text(out, span_of(columns_name(columns, i)));
        text_append_string(out, "</th>");
    }
    text_append_string(out, "</tr></thead>\n<tbody>\n");
}

static void append_cell(sqlite3_stmt *statement, int column, struct text *out)
{
    struct text value = {0};
    cell_append_text(statement, column, &value);
    if (!is_number(statement, column)) {
        text_append_string(out, "<td>");
    } else {
        text_append_string(out, text_string(&value)[0] == '-' ? "<td class=\"number negative\">"
                                                              : "<td class=\"number\">");
    }
    html_append_text(out, text_span(&value));
    text_append_string(out, "</td>");
    out->failed |= value.failed;
    text_free(&value);
}

/* The head comes with the first row, which tells which columns are numbers. */
static void row(const struct column_list *columns, int64_t number, struct text *out)
{
    if (number == 0) {
        append_head(columns, out);
    }
    if (number >= HTML_ROWS_MAX) {
        return;
    }
    text_append_string(out, "<tr>");
    for (int i = 0; i < columns->count; i++) {
        append_cell(columns->statement, columns_number(columns, i), out);
    }
    text_append_string(out, "</tr>\n");
}

static void end(int64_t row_count, struct text *out)
{
    if (row_count > 0) {
        text_append_string(out, "</tbody></table></div>\n");
    }
    if (row_count > HTML_ROWS_MAX) {
        text_printf(
            out, "<p class=\"note\">The first %d of %lld rows; --format csv writes them all.</p>\n",
            HTML_ROWS_MAX, (long long)row_count);
    }
}

const struct row_writer HTML_WRITER = {NULL, row, end};
