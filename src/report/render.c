#include "report/render.h"

#include <string.h>

#include "report/html.h"
#include "report/renderers.h"

static const struct {
    const char *name;
    const struct row_writer *writer; /* NULL for a table, which is laid out as a whole */
} FORMATS[FORMAT_COUNT] = {
    [FORMAT_TABLE] = {"table", NULL},       [FORMAT_CSV] = {"csv", &CSV_WRITER},
    [FORMAT_JSON] = {"json", &JSON_WRITER}, [FORMAT_NDJSON] = {"ndjson", &NDJSON_WRITER},
    [FORMAT_HTML] = {"html", &HTML_WRITER}, [FORMAT_SHEET] = {"sheet", &SHEET_WRITER},
};

bool report_format_from_name(const char *name, enum report_format *format, struct error *error)
{
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(name, FORMATS[i].name) == 0) {
            *format = (enum report_format)i;
            return true;
        }
    }
    return error_set(error, ERROR_USAGE,
                     "format '%s': unknown (table, csv, json, ndjson, html or sheet)", name);
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

bool render_text(struct text *text, FILE *out, struct error *error)
{
    bool done = render_flush(text, out, error);
    text_free(text);
    return done;
}

bool render_rows(const struct database *database, const struct column_list *columns,
                 const struct row_writer *writer, FILE *out, int64_t *row_count,
                 struct error *error)
{
    struct text text = {0};
    enum step step = STEP_FAILED;
    if (writer->begin != NULL) {
        writer->begin(columns, &text);
    }
    bool written = render_flush(&text, out, error);
    while (written && (step = database_step(database, columns->statement, error)) == STEP_ROW) {
        writer->row(columns, *row_count, &text);
        ++*row_count;
        written = render_flush(&text, out, error);
    }
    if (written && step == STEP_DONE && writer->end != NULL) {
        writer->end(*row_count, &text);
        written = render_flush(&text, out, error);
    }
    text_free(&text);
    return written && step == STEP_DONE;
}

/* The frame of a page, around its table. */
static bool write_frame(bool begins, FILE *out, struct error *error)
{
    struct text text = {0};
    if (begins) {
        html_begin(&text, "posrec", (struct maybe_int){0});
    } else {
        html_end(&text, false);
    }
    return render_text(&text, out, error);
}

bool render_statement(const struct database *database, sqlite3_stmt *statement,
                      enum report_format format, const struct render_choice *choice, FILE *out,
                      int64_t *row_count, struct error *error)
{
    const struct row_writer *writer = FORMATS[format].writer;
    bool is_page = format == FORMAT_HTML;
    struct column_list columns;
    *row_count = 0;
    bool done =
        columns_choose(&columns, statement, choice->columns, error) &&
        (!is_page || write_frame(true, out, error)) &&
        (writer != NULL ? render_rows(database, &columns, writer, out, row_count, error)
                        : render_table(database, &columns, choice, out, row_count, error)) &&
        (!is_page || write_frame(false, out, error));
    if (done && fflush(out) != 0) {
        return error_set_output(error, out, NULL);
    }
    return done;
}
