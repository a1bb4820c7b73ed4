/* A report as one HTML page: for each kind of report a section with its charts and its table. What
 * the charts show, the tables say too, for readers without scripts. */
#ifndef POSREC_REPORT_PAGE_H
#define POSREC_REPORT_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "report/kind.h"
#include "store/database.h"

/* The page's head and what it is of. With `refresh_ms` the page loads itself anew that often. */
bool page_begin(const struct database *database, const struct report_filter *filter,
                struct maybe_int refresh_ms, FILE *out, struct error *error);

/* One section; counts the rows of its table. A sentence stands where there is nothing to show. */
bool page_section(const struct database *database, const struct report_kind *kind,
                  const struct report_filter *filter, FILE *out, int64_t *row_count,
                  struct error *error);

bool page_end(FILE *out, struct error *error);

#endif
