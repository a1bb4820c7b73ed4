/* The charts of an HTML report: their data, thinned for the screen, as JSON inside the page.
 * report/assets/charts.js draws them. */
#ifndef POSREC_REPORT_CHART_H
#define POSREC_REPORT_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "report/kind.h"
#include "store/database.h"

/* Writes the kind's chart of one account, `from_ms` to `to_ms`; nothing when nothing can be drawn.
 * Says in *drawn whether one was. */
bool chart_write(const struct database *database, const struct report_kind *kind,
                 const struct report_filter *filter, const char *account, int64_t from_ms,
                 int64_t to_ms, FILE *out, bool *drawn, struct error *error);

#endif
