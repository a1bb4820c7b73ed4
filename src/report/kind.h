/* The reports that `posrec report` offers: what each is about, which filters it takes, and what is
 * drawn of it. */
#ifndef POSREC_REPORT_KIND_H
#define POSREC_REPORT_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "model/maybe.h"
#include "report/report.h"

enum report_chart {
    CHART_NONE,
    CHART_PNL,
    CHART_MARGIN,
    CHART_EXPOSURE,
    CHART_EQUITY,
    CHART_INCOME,
    CHART_COUNT,
};

struct report_kind {
    const char *name;  /* as on the command line and in sql/reports */
    const char *title; /* for people */
    const char *about; /* a sentence or two */
    enum report_chart chart;
    bool takes_every; /* --every */
    bool takes_symbol;
    bool takes_side;
    const char *accounts; /* the statement that lists the accounts to draw, with their ranges */
    bool takes_all;       /* --all */
    bool is_audit;        /* its rows are findings: the range, its polls and the chain come first */
};

/* What a report is asked of. Texts are NULL for all. */
struct report_filter {
    const char *account;
    const char *symbol;
    const char *side; /* BOTH, LONG or SHORT */
    struct maybe_int from_ms;
    struct maybe_int to_ms;
    struct maybe_int every_ms;
    bool all;
    int64_t now_ms; /* nothing later is sampled */
};

/* More rows of one leg than these nobody reads, and they would have to fit into memory. */
#define REPORT_STEPS_MAX 1000000

/* ERROR_USAGE when --every cuts the range into more steps than that. */
bool report_filter_check(const struct database *database, const struct report_filter *filter,
                         struct error *error);

/* report_prepare() with the filter's parameters. The filter's texts must live as long as the
 * statement. */
sqlite3_stmt *report_filter_prepare(const struct database *database, const char *name,
                                    const struct report_filter *filter, struct error *error);

/* report_run() with the filter's parameters. */
bool report_filter_run(const struct database *database, const char *name,
                       const struct report_filter *filter, enum report_format format, FILE *out,
                       int64_t *row_count, struct error *error);

#define REPORT_KIND_COUNT 9

extern const struct report_kind REPORT_KINDS[REPORT_KIND_COUNT + 1]; /* ends with a NULL name */

/* NULL when there is none of that name. */
const struct report_kind *report_kind_find(const char *name);

#endif
