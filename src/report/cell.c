#include "report/cell.h"

#include <math.h>

#include "base/decimal.h"
#include "base/utf8.h"
#include "store/file/database.h"

typedef size_t format_real(double value, char out[static DECIMAL_REAL_TEXT_SIZE]);

static void append_real(struct text *out, double value, format_real *format)
{
    char digits[DECIMAL_REAL_TEXT_SIZE];
    if (isinf(value)) {
        text_append_string(out, value > 0 ? "Inf" : "-Inf");
    } else {
        text_append(out, digits, format(value, digits));
    }
}

static void append_plain(sqlite3_stmt *statement, int column, format_real *format, struct text *out)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        text_append_int(out, sqlite3_column_int64(statement, column));
        break;
    case SQLITE_FLOAT:
        append_real(out, sqlite3_column_double(statement, column), format);
        break;
    case SQLITE_BLOB:
        text_append_hex(out, column_span(statement, column));
        break;
    case SQLITE_TEXT:
        text_append_span(out, column_span(statement, column));
        break;
    default:
        break;
    }
}

void cell_append_text(sqlite3_stmt *statement, int column, struct text *out)
{
    append_plain(statement, column, decimal_format_real, out);
}

void cell_append_data(sqlite3_stmt *statement, int column, struct text *out)
{
    append_plain(statement, column, decimal_format_pointed, out);
}

void cell_append_json(sqlite3_stmt *statement, int column, struct text *out)
{
    int type = sqlite3_column_type(statement, column);
    const char *quote = type == SQLITE_BLOB ? "\"" : "";
    if (type == SQLITE_TEXT) {
        utf8_append_json(out, column_span(statement, column));
    } else if (type == SQLITE_NULL ||
               (type == SQLITE_FLOAT && isinf(sqlite3_column_double(statement, column)))) {
        text_append_string(out, "null"); /* JSON has no infinity */
    } else {
        text_append_string(out, quote);
        cell_append_data(statement, column, out);
        text_append_string(out, quote);
    }
}
