/* The renderers behind render_statement(), one a format family. */
#pragma once

#include "base/text.h"
#include "report/columns.h"
#include "report/render.h"

bool render_table(const struct database *database, const struct column_list *columns,
                  const struct render_choice *choice, FILE *out, int64_t *row_count,
                  struct error *error);

/* Formats that write row by row: what comes before the first row, for each row (with its number,
 * from 0) and at the end; NULL for nothing. */
struct row_writer {
    void (*begin)(const struct column_list *columns, struct text *out);
    void (*row)(const struct column_list *columns, int64_t number, struct text *out);
    void (*end)(int64_t row_count, struct text *out);
    int64_t rows_max; /* no more are written, but counted; 0 for all */
};

extern const struct row_writer CSV_WRITER;
extern const struct row_writer JSON_WRITER;
extern const struct row_writer NDJSON_WRITER;
extern const struct row_writer SHEET_WRITER;
extern const struct row_writer HTML_WRITER; /* a table to stand in a page, as the query names it */
extern const struct row_writer PAGE_WRITER; /* the same as people read it (report/people.h) */
extern const struct row_writer PART_WRITER; /* the first rows of that, in a page of many tables */

/* Steps the statement to its end and writes every row. */
bool render_rows(const struct database *database, const struct column_list *columns,
                 const struct row_writer *writer, FILE *out, int64_t *row_count,
                 struct error *error);

/* Writes the text to `out` and empties it. */
bool render_flush(struct text *text, FILE *out, struct error *error);

/* The same of a whole text; it is freed. */
bool render_text(struct text *text, FILE *out, struct error *error);
