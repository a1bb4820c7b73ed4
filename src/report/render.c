#include "report/render.h"

#include <string.h>

#include "report/html.h"
#include "report/renderers.h"

static const char *const FORMAT_NAMES[FORMAT_COUNT] = {
    [FORMAT_TABLE] = "table",   [FORMAT_CSV] = "csv",   [FORMAT_JSON] = "json",
    [FORMAT_NDJSON] = "ndjson", [FORMAT_HTML] = "html",
};

bool report_format_from_name(const char *name, enum report_format *format, struct error *error)
{
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(name, FORMAT_NAMES[i]) == 0) {
            *format = (enum report_format)i;
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "format '%s': unknown (table, csv, json, ndjson or html)",
                     name);
}

bool render_flush(struct text *text, FILE *out, struct error *error)
{
    if (text->failed) {
        return error_no_memory(error);
    }
    if (fwrite(text_string(text), 1, text->size, out) != text->size) {
        return error_set_output(error, out, NULL);
    }
    text_clear(text);
    return true;
}

bool render_rows(const struct database *database, sqlite3_stmt *statement,
                 const struct row_writer *writer, FILE *out, int64_t *row_count,
                 struct error *error)
{
    struct text text = {0};
    enum step step = STEP_FAILED;
    writer->begin(statement, &text);
    bool written = render_flush(&text, out, error);
    while (written && (step = database_step(database, statement, error)) == STEP_ROW) {
        writer->row(statement, *row_count, &text);
        ++*row_count;
        written = render_flush(&text, out, error);
    }
    if (written && step == STEP_DONE) {
        writer->end(*row_count, &text);
        written = render_flush(&text, out, error);
    }
    text_free(&text);
    return written && step == STEP_DONE;
}

static bool render_page(const struct database *database, sqlite3_stmt *statement, FILE *out,
                        int64_t *row_count, struct error *error)
{
    struct text text = {0};
    html_begin(&text, "posrec", (struct maybe_int){0});
    bool done = render_flush(&text, out, error) &&
                render_rows(database, statement, &HTML_WRITER, out, row_count, error);
    html_end(&text, false);
    done = done && render_flush(&text, out, error);
    text_free(&text);
    return done;
}

static bool render_format(const struct database *database, sqlite3_stmt *statement,
                          enum report_format format, FILE *out, int64_t *row_count,
                          struct error *error)
{
    switch (format) {
    case FORMAT_CSV:
        return render_rows(database, statement, &CSV_WRITER, out, row_count, error);
    case FORMAT_JSON:
        return render_rows(database, statement, &JSON_WRITER, out, row_count, error);
    case FORMAT_NDJSON:
        return render_rows(database, statement, &NDJSON_WRITER, out, row_count, error);
    case FORMAT_HTML:
        return render_page(database, statement, out, row_count, error);
    default:
        return render_table(database, statement, out, row_count, error);
    }
}

bool render_statement(const struct database *database, sqlite3_stmt *statement,
                      enum report_format format, FILE *out, int64_t *row_count, struct error *error)
{
    *row_count = 0;
    bool done = render_format(database, statement, format, out, row_count, error);
    if (done && fflush(out) != 0) {
        return error_set_output(error, out, NULL);
    }
    return done;
}
