#include <math.h>
#include <string.h>

#include "base/time_text.h"
#include "base/utf8.h"
#include "report/cell.h"
#include "report/html.h"
#include "report/renderers.h"

/* A workbook in Microsoft's "XML Spreadsheet 2003", which Excel and LibreOffice open. Each cell
 * says what it is, so that nothing is left to guess by: not the decimal point, by where the reader
 * lives, nor whether a text that begins with = is a formula. */

/* A sheet has room for 1,048,576 rows; what is more goes on in the next one. */
#define SHEET_ROWS_MAX 1000000

#define INTEGER_MAX                                                                                \
    (INT64_C(1) << 53) /* a spreadsheet has doubles: larger ones would lose digits */

#define TIME_SHAPE "0000-00-00T00:00:00.000Z"
#define DAY_SHAPE "0000-00-00"
#define YEAR_MIN "1900" /* no spreadsheet's calendar begins before that */

/* A 0 in the shape stands for any digit. */
static bool has_shape(struct span text, const char *shape)
{
    bool fits = text.size == strlen(shape);
    for (size_t i = 0; fits && i < text.size; i++) {
        fits =
            shape[i] == '0' ? text.data[i] >= '0' && text.data[i] <= '9' : text.data[i] == shape[i];
    }
    return fits;
}

static bool is_time(const struct text *value, const char *shape)
{
    struct error ignored = {0};
    int64_t time_ms;
    return has_shape(text_span(value), shape) &&
           strncmp(text_string(value), YEAR_MIN, strlen(YEAR_MIN)) >= 0 &&
           time_text_parse(text_string(value), 0, &time_ms, &ignored);
}

static bool xml_has(uint32_t point)
{
    return point >= 0x20 ? point != 0xfffe && point != 0xffff
                         : point == '\t' || point == '\n' || point == '\r';
}

/* What XML has no character for becomes U+FFFD. */
static void append_text(struct text *out, struct span text)
{
    struct text fit = {0};
    while (text.size > 0) {
        uint32_t point;
        size_t size = utf8_next(text, &point);
        if (size > 0 && xml_has(point)) {
            text_append(&fit, text.data, size);
        } else {
            text_append_string(&fit, "\xef\xbf\xbd");
        }
        size = size > 0 ? size : 1;
        text = (struct span){text.data + size, text.size - size};
    }
    html_append_text(out, text_span(&fit));
    out->failed |= fit.failed;
    text_free(&fit);
}

static bool is_number(sqlite3_stmt *statement, int column)
{
    int64_t integer = sqlite3_column_int64(statement, column);
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return integer >= -INTEGER_MAX && integer <= INTEGER_MAX;
    case SQLITE_FLOAT:
        return isfinite(sqlite3_column_double(statement, column));
    default:
        return false;
    }
}

static void append_cell(sqlite3_stmt *statement, int column, struct text *out)
{
    struct text value = {0};
    bool is_text = sqlite3_column_type(statement, column) == SQLITE_TEXT;
    cell_append_data(statement, column, &value);
    out->failed |= value.failed;
    if (value.size == 0) {
        text_append_string(out, "<Cell/>");
    } else if (is_text && is_time(&value, TIME_SHAPE)) {
        text_printf(out, "<Cell ss:StyleID=\"time\"><Data ss:Type=\"DateTime\">%.*s</Data></Cell>",
                    (int)value.size - 1, text_string(&value)); /* without its Z */
    } else if (is_text && is_time(&value, DAY_SHAPE)) {
        text_printf(out, "<Cell ss:StyleID=\"day\"><Data ss:Type=\"DateTime\">%s</Data></Cell>",
                    text_string(&value));
    } else {
        text_printf(out, "<Cell><Data ss:Type=\"%s\">",
                    is_number(statement, column) ? "Number" : "String");
        append_text(out, text_span(&value));
        text_append_string(out, "</Data></Cell>");
    }
    text_free(&value);
}

/* A sheet and the row of its columns' names. */
static void begin_sheet(const struct column_list *columns, int64_t number, struct text *out)
{
    text_printf(out, "<Worksheet ss:Name=\"posrec %lld\"><Table>\n<Row>", (long long)number);
    for (int i = 0; i < columns->count; i++) {
        text_append_string(out, "<Cell><Data ss:Type=\"String\">");
        append_text(out, span_of(columns_name(columns, i)));
        text_append_string(out, "</Data></Cell>");
    }
    text_append_string(out, "</Row>\n");
}

static void end_sheet(struct text *out)
{
    text_append_string(out, "</Table></Worksheet>\n");
}

static void begin(const struct column_list *columns, struct text *out)
{
    text_append_string(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<?mso-application progid=\"Excel.Sheet\"?>\n"
        "<Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" "
        "xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">\n"
        "<Styles><Style ss:ID=\"time\"><NumberFormat "
        "ss:Format=\"yyyy\\-mm\\-dd\\ hh:mm:ss.000\"/></Style>"
        "<Style ss:ID=\"day\"><NumberFormat ss:Format=\"yyyy\\-mm\\-dd\"/></Style></Styles>\n");
    begin_sheet(columns, 1, out);
}

static void row(const struct column_list *columns, int64_t number, struct text *out)
{
    if (number > 0 && number % SHEET_ROWS_MAX == 0) {
        end_sheet(out);
        begin_sheet(columns, number / SHEET_ROWS_MAX + 1, out);
    }
    text_append_string(out, "<Row>");
    for (int i = 0; i < columns->count; i++) {
        append_cell(columns->statement, columns_number(columns, i), out);
    }
    text_append_string(out, "</Row>\n");
}

static void end(int64_t row_count, struct text *out)
{
    (void)row_count;
    end_sheet(out);
    text_append_string(out, "</Workbook>\n");
}

const struct row_writer SHEET_WRITER = {begin, row, end, 0};
