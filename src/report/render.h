/* Writes the rows of a statement as a table for people, as csv, json or ndjson for programs, as an
 * HTML page, or as a workbook for a spreadsheet.
 *
 * REAL numbers are written as the shortest decimal that reads back as the same number, without an
 * exponent; NULL is empty in tables, csv and HTML, null in JSON; blobs are written in hex. A table
 * on a terminal is laid out for it (report/render_terminal.c). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "store/file/database.h"

enum report_format {
    FORMAT_TABLE,
    FORMAT_CSV, /* RFC 4180 */
    FORMAT_JSON,
    FORMAT_NDJSON,
    FORMAT_HTML,
    FORMAT_SHEET, /* a workbook (report/render_sheet.c) */
    FORMAT_COUNT,
};

/* ERROR_USAGE, naming those there are, for another name. */
bool report_format_from_name(const char *name, enum report_format *format, struct error *error);

/* What of a statement's columns is shown. */
struct render_choice {
    const char *columns; /* those that are asked for, by name with commas; NULL for all ... */
    const char *matter;  /* ... and then, where a terminal has no room for all, the most important
                            (columns_that_matter()); NULL for all there, too */
};

/* Steps the statement to its end and writes every row to `out`; counts them in *row_count. A table
 * of no rows writes nothing; csv then has its header, json its brackets, a page its frame. */
bool render_statement(const struct database *database, sqlite3_stmt *statement,
                      enum report_format format, const struct render_choice *choice, FILE *out,
                      int64_t *row_count, struct error *error);
