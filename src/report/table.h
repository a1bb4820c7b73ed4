/* A table of a statement's rows as texts that are fit for a terminal, kept until all of it can be
 * laid out. Names and cells follow one another, each with a NUL at its end, the names first. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "report/columns.h"

struct table_column {
    bool is_number; /* no text is in it: it ends at the right */
    size_t width;   /* of the widest of its name and cells */
};

struct table {
    struct table_column *columns;
    size_t column_count;
    size_t row_count;
    struct text texts;
};

/* Both are false when out of memory. End with table_free(), whatever they say. */
bool table_begin(struct table *table, const struct column_list *columns);
bool table_add_row(struct table *table, const struct column_list *columns);
void table_free(struct table *table);

/* The first row's first cell, behind the names. */
const char *table_rows(const struct table *table);

/* The cell, or name, after one. */
static inline const char *table_next(const char *cell)
{
    return cell + strlen(cell) + 1;
}

/* Prints names and rows, each column as wide as it needs. */
bool table_print(const struct table *table, FILE *out, struct error *error);
