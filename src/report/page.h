/* A report as one HTML page: for each kind of report a section with its charts and its table; or
 * all of them, behind what they come to. What the charts show, the tables say too, for readers
 * without scripts. */
#pragma once

#include "report/kind.h"
#include "report/report.h"

/* The page's head and what it is of. With `refresh_ms` the page loads itself anew that often. */
bool page_begin(const struct report_question *question, struct maybe_int refresh_ms, FILE *out,
                struct error *error);

/* One section, its columns named and written as the query gives them; counts the rows of its table.
 * A sentence stands where there is nothing to show. */
bool page_section(const struct report_question *question, const struct report_kind *kind, FILE *out,
                  int64_t *row_count, struct error *error);

/* Told how many of the page's reports are written. */
struct page_watch {
    void (*told)(void *context, int64_t done, int64_t total);
    void *context;
};

/* All of it: what the history comes to, what is open, the equity curve, the months, the round
 * trips; then each report, folded. Counts the findings. The connection keeps temporary tables of
 * it. */
bool page_all(const struct report_question *question, const struct page_watch *watch, FILE *out,
              int64_t *findings, struct error *error);

bool page_end(FILE *out, struct error *error);

/* A page of its own: the legs as they stood before the question's to_ms, and what shows them.
 * Counts the legs. */
bool page_moment(const struct report_question *question, FILE *out, int64_t *row_count,
                 struct error *error);
