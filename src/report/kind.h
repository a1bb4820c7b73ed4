/* The reports that `posrec report` offers: what each is about, which filters it takes, and what is
 * drawn of it. */
#pragma once

#include <stdbool.h>

#define REPORT_LABELS_MAX 5

/* What a chart is made of: a list of its series, each read by a statement of its own, or one
 * statement with a column for each label. */
struct report_chart {
    const char *quantity; /* in words; NULL for no chart */
    const char *accounts; /* the report that lists the accounts to draw, with their ranges */
    const char *series;   /* that lists the series; NULL for labels */
    const char *values;
    const char *hours;  /* the same with fewer points, for long ranges; NULL for none, ... */
    const char *points; /* ... and which points these are, in words */
    const char *labels[REPORT_LABELS_MAX + 1]; /* ends with NULL */
    const char *marks;  /* what is marked, with a text each; NULL for changes of positions ... */
    const char *marked; /* ... and what those are, in words */
    bool is_curve;      /* labels are lines from point to point, else values that stand */
    bool has_under;     /* the last label is a share and drawn beneath */
    bool is_share;      /* drawn in percent */
};

struct report_kind {
    const char *name;  /* as on the command line and in sql/reports */
    const char *title; /* for people */
    const char *about; /* a sentence or two */
    struct report_chart chart;
    const char *summary; /* the report that stands under its table; NULL for none */
    const char *note;    /* the report that is said with it, a sentence; NULL for none */
    bool takes_every;    /* --every */
    bool takes_symbol;
    bool takes_side;
    bool takes_all;     /* --all */
    bool takes_strict;  /* --strict: exit 1 for its rows */
    bool tells_silence; /* it says itself what is not recorded */
    bool is_audit;      /* the range, its polls and the chain come first; it lists what is not
                           recorded among its findings */
};

#define REPORT_KIND_COUNT 12

extern const struct report_kind REPORT_KINDS[REPORT_KIND_COUNT + 1]; /* ends with a NULL name */

/* NULL when there is none of that name. */
const struct report_kind *report_kind_find(const char *name);
