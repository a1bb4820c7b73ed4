#include <string.h>

#include "report/cell.h"
#include "report/html.h"
#include "report/people.h"
#include "report/renderers.h"

/* A page is to be read; whoever wants more rows than these wants csv. */
#define HTML_ROWS_MAX 2000
#define PART_ROWS_MAX 200 /* of a table that is one of many */

static bool is_number(sqlite3_stmt *statement, int column)
{
    int type = sqlite3_column_type(statement, column);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* How a column stands on the page: a user's own as it is, a report's as people read it. */
static bool is_right(sqlite3_stmt *statement, int column, bool people)
{
    enum people_unit unit =
        people ? people_unit_of(sqlite3_column_name(statement, column)) : PEOPLE_PLAIN;
    return is_number(statement, column) ? unit != PEOPLE_TIME
                                        : unit != PEOPLE_PLAIN && unit != PEOPLE_TIME;
}

/* What a page leaves out: milliseconds of a time that stands beside them as a text. */
static bool is_twice(const struct column_list *columns, int number)
{
    const char *name = columns_name(columns, number);
    size_t size = strlen(name);
    for (int i = 0; size > 3 && strcmp(name + size - 3, "_ms") == 0 && i < columns->count; i++) {
        const char *other = columns_name(columns, i);
        if (strlen(other) == size - 3 && strncmp(other, name, size - 3) == 0) {
            return true;
        }
    }
    return false;
}

static void append_head(const struct column_list *columns, bool people, struct text *out)
{
    struct text name = {0};
    text_append_string(out, "<div class=\"table\"><table>\n<thead><tr>");
    for (int i = 0; i < columns->count; i++) {
        if (people && is_twice(columns, i)) {
            continue;
        }
        if (people) {
            people_append_name(columns_name(columns, i), &name);
        } else {
            text_append_string(&name, columns_name(columns, i));
        }
        bool right = is_right(columns->statement, columns_number(columns, i), people);
        text_append_string(out, right ? "<th class=\"number\">" : "<th>");
        html_append_text(out, text_span(&name));
        text_append_string(out, "</th>");
        text_clear(&name);
    }
    text_append_string(out, "</tr></thead>\n<tbody>\n");
    out->failed |= name.failed;
    text_free(&name);
}

static void append_cell(sqlite3_stmt *statement, int column, struct text *out)
{
    struct text value = {0};
    cell_append_text(statement, column, &value);
    text_append_string(out, is_number(statement, column) ? "<td class=\"number\">" : "<td>");
    html_append_text(out, text_span(&value));
    text_append_string(out, "</td>");
    out->failed |= value.failed;
    text_free(&value);
}

static void append_people_cell(sqlite3_stmt *statement, int column, struct text *out)
{
    static const char *const CLASSES[] = {"number loss", "number", "number gain"};
    enum people_unit unit = people_unit_of(sqlite3_column_name(statement, column));
    struct text value = {0};
    int sign = people_append_value(statement, column, unit, &value);
    text_append_string(out, "<td");
    if (is_right(statement, column, true)) {
        text_printf(out, " class=\"%s\"", CLASSES[sign + 1]);
    }
    if (unit == PEOPLE_DURATION && is_number(statement, column)) {
        text_printf(out, " data-value=\"%.15g\"", sqlite3_column_double(statement, column));
    }
    text_append_char(out, '>');
    html_append_text(out, text_span(&value));
    text_append_string(out, "</td>");
    out->failed |= value.failed;
    text_free(&value);
}

/* The head comes with the first row, which tells which columns are numbers. */
static void append_row(const struct column_list *columns, int64_t number, bool people,
                       int64_t rows_max, struct text *out)
{
    if (number == 0) {
        append_head(columns, people, out);
    }
    if (number >= rows_max) {
        return;
    }
    text_append_string(out, "<tr>");
    for (int i = 0; i < columns->count; i++) {
        int column = columns_number(columns, i);
        if (!people) {
            append_cell(columns->statement, column, out);
        } else if (!is_twice(columns, i)) {
            append_people_cell(columns->statement, column, out);
        }
    }
    text_append_string(out, "</tr>\n");
}

static void append_end(int64_t row_count, int64_t rows_max, struct text *out)
{
    if (row_count > 0) {
        text_append_string(out, "</tbody></table></div>\n");
    }
    if (row_count > rows_max) {
        text_printf(
            out,
            "<p class=\"note\">The first %lld of %lld rows; --format csv writes them all.</p>\n",
            (long long)rows_max, (long long)row_count);
    }
}

static void html_row(const struct column_list *columns, int64_t number, struct text *out)
{
    append_row(columns, number, false, HTML_ROWS_MAX, out);
}

static void page_row(const struct column_list *columns, int64_t number, struct text *out)
{
    append_row(columns, number, true, HTML_ROWS_MAX, out);
}

static void part_row(const struct column_list *columns, int64_t number, struct text *out)
{
    append_row(columns, number, true, PART_ROWS_MAX, out);
}

static void html_end_rows(int64_t row_count, struct text *out)
{
    append_end(row_count, HTML_ROWS_MAX, out);
}

static void part_end_rows(int64_t row_count, struct text *out)
{
    append_end(row_count, PART_ROWS_MAX, out);
}

const struct row_writer HTML_WRITER = {NULL, html_row, html_end_rows, HTML_ROWS_MAX};
const struct row_writer PAGE_WRITER = {NULL, page_row, html_end_rows, HTML_ROWS_MAX};
const struct row_writer PART_WRITER = {NULL, part_row, part_end_rows, PART_ROWS_MAX};
