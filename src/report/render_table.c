#include <libsmartcols/libsmartcols.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/terminal.h"
#include "report/cell.h"
#include "report/renderers.h"

static struct libscols_table *new_table(sqlite3_stmt *statement, FILE *out)
{
    struct libscols_table *table = scols_new_table();
    /* Cells are made fit for a terminal here, for tables and lists alike. */
    bool made = table != NULL && scols_table_set_stream(table, out) == 0 &&
                scols_table_enable_noencoding(table, 1) == 0;
    struct text name = {0};
    for (int i = 0; made && i < sqlite3_column_count(statement); i++) {
        text_clear(&name);
        terminal_append(&name, span_of(sqlite3_column_name(statement, i)));
        made = !name.failed &&
               scols_table_new_column(table, text_string(&name), 0, SCOLS_FL_RIGHT) != NULL;
    }
    text_free(&name);
    if (!made) {
        scols_unref_table(table);
        return NULL;
    }
    return table;
}

/* Adds the row a statement stands on. A column that is not all numbers begins at the left. */
static bool add_row(struct libscols_table *table, sqlite3_stmt *statement)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    struct text cell = {0}, shown = {0};
    bool added = line != NULL;
    for (int i = 0; added && i < sqlite3_column_count(statement); i++) {
        int type = sqlite3_column_type(statement, i);
        if (type == SQLITE_NULL) {
            continue; /* an empty cell */
        }
        if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
            scols_column_set_flags(scols_table_get_column(table, (size_t)i), 0);
        }
        text_clear(&cell);
        cell_append_text(statement, i, &cell);
        text_clear(&shown);
        terminal_append(&shown, text_span(&cell));
        added = !(cell.failed || shown.failed) &&
                scols_line_set_data(line, (size_t)i, text_string(&shown)) == 0;
    }
    text_free(&shown);
    text_free(&cell);
    return added;
}

/* Columns of the terminal that `out` is; 0 when it is none. */
static size_t terminal_width(FILE *out)
{
    struct winsize size;
    int file = fileno(out);
    return isatty(file) && ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static const char *cell_data(struct libscols_table *table, size_t line, size_t column)
{
    const char *data =
        scols_cell_get_data(scols_line_get_cell(scols_table_get_line(table, line), column));
    return data == NULL ? "" : data;
}

static const char *column_name(struct libscols_table *table, size_t column)
{
    return scols_cell_get_data(scols_column_get_header(scols_table_get_column(table, column)));
}

/* How wide the table would be. */
static size_t table_width(struct libscols_table *table)
{
    size_t total = 0;
    for (size_t i = 0; i < scols_table_get_ncols(table); i++) {
        size_t widest = terminal_columns(column_name(table, i));
        for (size_t j = 0; j < scols_table_get_nlines(table); j++) {
            size_t width = terminal_columns(cell_data(table, j, i));
            widest = width > widest ? width : widest;
        }
        total += widest + 1;
    }
    return total;
}

/* A row that would not fit beside itself stands as a list of names and values. */
static bool print_lists(struct libscols_table *table, FILE *out)
{
    size_t widest = 0;
    for (size_t i = 0; i < scols_table_get_ncols(table); i++) {
        size_t width = terminal_columns(column_name(table, i));
        widest = width > widest ? width : widest;
    }
    for (size_t j = 0; j < scols_table_get_nlines(table); j++) {
        for (size_t i = 0; i < scols_table_get_ncols(table); i++) {
            const char *name = column_name(table, i);
            int space = (int)(widest - terminal_columns(name));
            fprintf(out, "%s%*s  %s\n", name, space, "", cell_data(table, j, i));
        }
        fputs(j + 1 < scols_table_get_nlines(table) ? "\n" : "", out);
    }
    return ferror(out) == 0;
}

static bool print_table(struct libscols_table *table, FILE *out)
{
    size_t width = terminal_width(out);
    return width > 0 && table_width(table) > width ? print_lists(table, out)
                                                   : scols_print_table(table) == 0;
}

bool render_table(const struct database *database, sqlite3_stmt *statement, FILE *out,
                  int64_t *row_count, struct error *error)
{
    struct libscols_table *table = new_table(statement, out);
    bool added = table != NULL;
    enum step step = STEP_FAILED;
    while (added && (step = database_step(database, statement, error)) == STEP_ROW) {
        added = add_row(table, statement);
        ++*row_count;
    }
    bool done = added && step == STEP_DONE;
    if (!added) {
        error_no_memory(error);
    } else if (done && *row_count > 0 && !print_table(table, out)) {
        done = error_set_output(error, out, NULL);
    }
    scols_unref_table(table);
    return done;
}
