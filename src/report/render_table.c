#include "base/terminal.h"
#include "report/cell.h"
#include "report/render_terminal.h"
#include "report/renderers.h"

static struct libscols_table *new_table(const struct column_list *columns, FILE *out)
{
    struct libscols_table *table = scols_new_table();
    /* Cells are made fit for a terminal here, for tables and lists alike. */
    bool made = table != NULL && scols_table_set_stream(table, out) == 0 &&
                scols_table_enable_noencoding(table, 1) == 0;
    struct text name = {0};
    for (int i = 0; made && i < columns->count; i++) {
        text_clear(&name);
        terminal_append(&name, span_of(columns_name(columns, i)));
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
static bool add_row(struct libscols_table *table, const struct column_list *columns)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    struct text cell = {0}, shown = {0};
    bool added = line != NULL;
    for (int i = 0; added && i < columns->count; i++) {
        int number = columns_number(columns, i);
        int type = sqlite3_column_type(columns->statement, number);
        if (type == SQLITE_NULL) {
            continue; /* an empty cell */
        }
        if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
            scols_column_set_flags(scols_table_get_column(table, (size_t)i), 0);
        }
        text_clear(&cell);
        cell_append_text(columns->statement, number, &cell);
        text_clear(&shown);
        terminal_append(&shown, text_span(&cell));
        added = !(cell.failed || shown.failed) &&
                scols_line_set_data(line, (size_t)i, text_string(&shown)) == 0;
    }
    text_free(&shown);
    text_free(&cell);
    return added;
}

bool render_table(const struct database *database, const struct column_list *columns,
                  const struct render_choice *choice, FILE *out, int64_t *row_count,
                  struct error *error)
{
    struct libscols_table *table = new_table(columns, out);
    size_t width = terminal_width(out);
    bool added = table != NULL;
    enum step step = STEP_FAILED;
    while (added && (step = database_step(database, columns->statement, error)) == STEP_ROW) {
        added = add_row(table, columns);
        ++*row_count;
    }
    bool done = added && step == STEP_DONE;
    if (!added) {
        error_no_memory(error);
    } else if (done && *row_count > 0) {
        done = width > 0 ? terminal_print(table, choice->matter, width, out, error)
                         : scols_print_table(table) == 0 || error_set_output(error, out, NULL);
    }
    scols_unref_table(table);
    return done;
}
