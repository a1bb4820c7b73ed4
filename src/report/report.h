/* The questions posrec answers by itself: queries of sql/reports, on views only, with named
 * parameters; and a user's own query. */
#ifndef POSREC_REPORT_REPORT_H
#define POSREC_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "model/maybe.h"
#include "report/render.h"
#include "store/database.h"

/* The value of one named parameter: text when it is not NULL, else the number. */
struct report_parameter {
    const char *name; /* ":account"; NULL ends a list */
    const char *text;
    struct maybe_int number;
};

/* Runs the report of that name in sql/reports and writes it to `out`. Parameters that are not in
 * the list are NULL. */
bool report_run(const struct database *database, const char *name,
                const struct report_parameter *parameters, enum report_format format, FILE *out,
                int64_t *row_count, struct error *error);

/* The one integer that a report gives; unknown when it gives no row or NULL. */
bool report_integer(const struct database *database, const char *name,
                    const struct report_parameter *parameters, struct maybe_int *value,
                    struct error *error);

/* Runs one statement of the user's that only reads. From then on the connection refuses everything
 * but reading: no writes, no ATTACH, no extensions, no PRAGMA that changes anything. */
bool report_query(const struct database *database, const char *sql, enum report_format format,
                  FILE *out, int64_t *row_count, struct error *error);

#endif
