/* Which columns of a statement are written, and in which order: all of them, or those that
 * --columns names; and which of a report's matter most where there is no room for all. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"

/* No report has as many. */
#define COLUMNS_NAMED_MAX 64

struct column_list {
    sqlite3_stmt *statement;
    int count;
    bool are_named; /* else all of the statement, as they come */
    int numbers[COLUMNS_NAMED_MAX];
};

/* All columns where `names` is NULL, else those that it lists with commas. ERROR_USAGE, with the
 * names that there are, for another, and for one that comes twice. */
bool columns_choose(struct column_list *columns, sqlite3_stmt *statement, const char *names,
                    struct error *error);

/* The number in the statement of the column that is written at a place, from 0. */
int columns_number(const struct column_list *columns, int place);

/* Its name. */
const char *columns_name(const struct column_list *columns, int place);

/* The names of the report's columns that matter most, in this order, with blanks between; "" where
 * none is said: the first ones do. Whether it has a row for each step of --every counts. */
const char *columns_that_matter(const char *report, bool by_step);

/* The place of a name in such a list; the length of the list where it is not in it. */
int columns_rank(const char *list, const char *name);
