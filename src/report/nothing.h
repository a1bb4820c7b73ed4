/* Why a report has nothing to show, in place of an empty table. */
#ifndef POSREC_REPORT_NOTHING_H
#define POSREC_REPORT_NOTHING_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "report/kind.h"
#include "store/database.h"

/* Appends a sentence with its full stop: that nothing is recorded yet, that the account never
 * answered, what range there is, that nothing was open. `kind` is the name of a report, or
 * `positions`; the filter's names are recorded (report/recorded.h). */
bool nothing_explain(const struct database *database, const char *kind,
                     const struct report_filter *filter, struct text *sentence,
                     struct error *error);

#endif
