/* Lays a table out for a terminal. Numbers are aligned on the point, losses are red (unless
 * NO_COLOR is set, or the terminal is none for it), times of whole seconds have no milliseconds,
 * and texts that are long go on in the next line.
 *
 * Where there is no room for all columns, those that matter most are shown, and a line says how
 * many there are. The first to go are empty, the next say the same in each row, which that line
 * tells. */
#pragma once

#include "base/error.h"
#include "report/table.h"

/* Columns of the terminal that `out` is, 100 where it does not say; 0 when it is none. */
size_t terminal_width(FILE *out);

/* Prints a table with a row at least. `matter` is a list of columns_that_matter(); with NULL all
 * are shown. Where there is no room for that, each row is a list of names and values. */
bool terminal_print(const struct table *table, const char *matter, size_t width, FILE *out,
                    struct error *error);
