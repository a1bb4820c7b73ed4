/* A report as one HTML page: for each kind of report a section with its charts and its table. What
 * the charts show, the tables say too, for readers without scripts. */
#pragma once

#include "report/kind.h"
#include "report/report.h"

/* The page's head and what it is of. With `refresh_ms` the page loads itself anew that often. */
bool page_begin(const struct report_question *question, struct maybe_int refresh_ms, FILE *out,
                struct error *error);

/* One section; counts the rows of its table. A sentence stands where there is nothing to show. */
bool page_section(const struct report_question *question, const struct report_kind *kind, FILE *out,
                  int64_t *row_count, struct error *error);

bool page_end(FILE *out, struct error *error);
