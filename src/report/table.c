#include "report/table.h"

#include <stdlib.h>

#include "base/terminal.h"
#include "report/cell.h"
#include "report/renderers.h"

#define PRINTED_AT_ONCE (32 << 10) /* bytes, about */

/* Ends the text that begins at `begin`, of the column. */
static bool end_cell(struct table *table, struct table_column *column, size_t begin)
{
    struct span cell = {text_string(&table->texts) + begin, table->texts.size - begin};
    size_t width = terminal_columns(cell);
    column->width = width > column->width ? width : column->width;
    text_append_char(&table->texts, '\0');
    return !table->texts.failed;
}

bool table_begin(struct table *table, const struct column_list *columns)
{
    *table = (struct table){.column_count = (size_t)columns->count};
    table->columns = calloc(table->column_count, sizeof *table->columns);
    bool begun = table->columns != NULL;
    for (size_t i = 0; begun && i < table->column_count; i++) {
        size_t begin = table->texts.size;
        table->columns[i].is_number = true;
        terminal_append(&table->texts, span_of(columns_name(columns, (int)i)));
        begun = end_cell(table, &table->columns[i], begin);
    }
    return begun;
}

bool table_add_row(struct table *table, const struct column_list *columns)
{
    bool added = true;
    for (size_t i = 0; added && i < table->column_count; i++) {
        int number = columns_number(columns, (int)i);
        int type = sqlite3_column_type(columns->statement, number);
        size_t begin = table->texts.size;
        if (type == SQLITE_TEXT) {
            terminal_append(&table->texts, column_span(columns->statement, number));
        } else {
            cell_append_text(columns->statement, number, &table->texts);
        }
        table->columns[i].is_number &= type != SQLITE_TEXT && type != SQLITE_BLOB;
        added = end_cell(table, &table->columns[i], begin);
    }
    table->row_count++;
    return added;
}

void table_free(struct table *table)
{
    text_free(&table->texts);
    free(table->columns);
    *table = (struct table){0};
}

const char *table_rows(const struct table *table)
{
    const char *cell = text_string(&table->texts);
    for (size_t i = 0; i < table->column_count; i++) {
        cell = table_next(cell);
    }
    return cell;
}

static void append_blanks(struct text *line, size_t count)
{
    if (text_reserve(line, count)) {
        memset(line->data + line->size, ' ', count);
        line->size += count;
        line->data[line->size] = '\0';
    }
}

/* Returns what follows. */
static const char *append_row(const struct table *table, const char *cell, struct text *line)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = &table->columns[i];
        struct span text = span_of(cell);
        size_t space = column->width - terminal_columns(text);
        bool is_last = i + 1 == table->column_count;
        bool is_right = column->is_number && text.size > 0;
        append_blanks(line, is_right ? space : 0);
        text_append_span(line, text);
        append_blanks(line, is_right || is_last ? 0 : space);
        text_append_char(line, is_last ? '\n' : ' ');
        cell = table_next(cell);
    }
    return cell;
}

bool table_print(const struct table *table, FILE *out, struct error *error)
{
    struct text line = {0};
    const char *cell = text_string(&table->texts);
    bool printed = true;
    for (size_t row = 0; printed && row <= table->row_count; row++) {
        cell = append_row(table, cell, &line);
        printed = line.size < PRINTED_AT_ONCE || render_flush(&line, out, error);
    }
    printed = printed && render_flush(&line, out, error);
    text_free(&line);
    return printed;
}
