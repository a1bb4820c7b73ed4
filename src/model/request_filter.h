/* What a request asked for: its parameters, and which legs a positionRisk request is about, whose
 * response says nothing of the others. */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "model/contract.h"
#include "model/field.h"
#include "model/maybe.h"

/* The value of a parameter in a request's path and query, a view into it; empty when it has none.
 */
struct span request_parameter(struct span request, const char *name);

/* The same where it is a name, written into `value`: what is percent-encoded as what it stands for.
 * Empty when there is none, or what no name can be: too long, or not
 * UTF-8. */
struct span request_name(struct span request, const char *name, char value[static NAME_SIZE_MAX]);

/* The same as a whole number from 0 on; unknown when it is none. */
struct maybe_int request_number(struct span request, const char *name);

/* Views into the request, as they are encoded; empty when it does not filter by that. */
struct request_filter {
    struct span margin_asset;
    struct span pair;
    struct span symbol;
};

/* Reads `marginAsset`, `pair` and `symbol` from a request's path and query. */
struct request_filter request_filter_of(struct span request);

bool request_filter_includes(const struct request_filter *filter, const struct contract *contract);
