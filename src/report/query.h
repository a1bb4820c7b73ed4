/* A user's own query, which can only read, and can be stopped on its way. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "report/render.h"
#include "store/file/database.h"

struct query {
    const char *sql;
    /* Asked every few milliseconds while it runs: NULL lets it go on, else it ends with this text
     * as its error. */
    const char *(*why_stop)(void *context);
    void *context;
};

/* Runs one statement that only reads. From then on the connection refuses everything but reading:
 * no writes, no ATTACH, no extensions, no PRAGMA that changes anything. */
bool query_run(const struct database *database, const struct query *query,
               enum report_format format, FILE *out, int64_t *row_count, struct error *error);
