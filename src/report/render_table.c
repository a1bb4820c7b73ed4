#include "report/render_terminal.h"
#include "report/renderers.h"
#include "report/table.h"

bool render_table(const struct database *database, const struct column_list *columns,
                  const struct render_choice *choice, FILE *out, int64_t *row_count,
                  struct error *error)
{
    struct table table;
    size_t width = terminal_width(out);
    bool added = table_begin(&table, columns);
    enum step step = STEP_FAILED;
    while (added && (step = database_step(database, columns->statement, error)) == STEP_ROW) {
        added = table_add_row(&table, columns);
        ++*row_count;
    }
    bool done = added && step == STEP_DONE;
    if (!added) {
        error_no_memory(error);
    } else if (done && *row_count > 0) {
        done = width > 0 ? terminal_print(&table, choice->matter, width, out, error)
                         : table_print(&table, out, error);
    }
    table_free(&table);
    return done;
}
