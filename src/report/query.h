/* A user's own query, which can only read, and can be stopped on its way. */
#ifndef POSREC_REPORT_QUERY_H
#define POSREC_REPORT_QUERY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "report/render.h"
#include "store/database.h"

/* Asked every few milliseconds while a query runs: NULL lets it go on, else it ends with this
 * text as its error. */
struct query_watch {
    const char *(*why_stop)(void *context);
    void *context;
};

/* Runs one statement that only reads. From then on the connection refuses everything but reading:
 * no writes, no ATTACH, no extensions, no PRAGMA that changes anything. */
bool query_run(const struct database *database, const char *sql, const struct query_watch *watch,
               enum report_format format, FILE *out, int64_t *row_count, struct error *error);

#endif
