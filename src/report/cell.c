#include "report/cell.h"

#include <math.h>

#include "base/decimal.h"
#include "base/utf8.h"
#include "store/database.h"

static void append_hex(struct text *out, struct span bytes)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        text_append_char(out, DIGITS[byte >> 4]);
        text_append_char(out, DIGITS[byte & 0xf]);
    }
}

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
        append_hex(out, column_span(statement, column));
        break;
    case SQLITE_TEXT: {
        struct span text = column_span(statement, column);
        text_append(out, text.data, text.size);
        break;
    }
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

static void append_json_text(struct text *out, struct span bytes)
{
    struct text valid = {0};
    utf8_append_valid(&valid, bytes);
    text_append_json(out, text_span(&valid));
    out->failed |= valid.failed;
    text_free(&valid);
}

void cell_append_json(sqlite3_stmt *statement, int column, struct text *out)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        text_append_string(out, "null");
        break;
    case SQLITE_FLOAT:
        if (isinf(sqlite3_column_double(statement, column))) {
            text_append_string(out, "null"); /* JSON has no infinity */
            break;
        }
        cell_append_data(statement, column, out);
        break;
    case SQLITE_BLOB:
        text_append_char(out, '"');
        append_hex(out, column_span(statement, column));
        text_append_char(out, '"');
        break;
    case SQLITE_TEXT:
        append_json_text(out, column_span(statement, column));
        break;
    default:
        cell_append_data(statement, column, out);
    }
}
