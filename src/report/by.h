/* What a report's rows can be summed up by (--by): the report that sums them, and the columns that
 * say something then. Amounts in an asset are among them only where the key fixes the asset. */
#pragma once

#include <stdbool.h>

#include "base/error.h"

struct report_by {
    const char *kind;    /* of report/kind.h */
    const char *key;     /* leg, symbol, asset, account or total */
    const char *report;  /* in sql/reports; the kind's own where its rows are of that key already */
    const char *columns; /* of that report, the keys first; NULL for all, in its own order */
};

/* Whether the kind's rows can be summed up at all. */
bool report_by_takes(const char *kind);

/* ERROR_USAGE, with the keys that the kind takes, for another. The kind takes some. */
bool report_by_find(const char *kind, const char *key, const struct report_by **by,
                    struct error *error);

/* What all rows together come to; NULL where `by` has it among its own. */
const struct report_by *report_by_total(const struct report_by *by);
