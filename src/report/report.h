/* The questions posrec answers by itself: queries of sql/reports, on views only, with named
 * parameters. Some begin with texts that they share, such as the range asked for. */
#ifndef POSREC_REPORT_REPORT_H
#define POSREC_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "model/maybe.h"
#include "report/render.h"
#include "store/database.h"

/* The value of one named parameter: text when it is not NULL, else the number. The text must live
 * as long as the statement. */
struct report_parameter {
    const char *name; /* ":account"; NULL ends a list */
    const char *text;
    struct maybe_int number;
};

/* The statement of the report of that name in sql/reports, its parameters bound. Parameters that
 * are not in the list are NULL; those that the report does not name are left out. NULL with the
 * error set on failure. Finalize with sqlite3_finalize(). */
sqlite3_stmt *report_prepare(const struct database *database, const char *name,
                             const struct report_parameter *parameters, struct error *error);

/* Runs the report and writes it to `out`. */
bool report_run(const struct database *database, const char *name,
                const struct report_parameter *parameters, enum report_format format, FILE *out,
                int64_t *row_count, struct error *error);

/* The one integer that a report gives; unknown when it gives no row or NULL. */
bool report_integer(const struct database *database, const char *name,
                    const struct report_parameter *parameters, struct maybe_int *value,
                    struct error *error);

#endif
