/* Which legs a positionRisk request asked for: the response says nothing of the others. */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/* Views into the request; empty when it does not filter by that. */
struct request_filter {
    struct span margin_asset;
    struct span pair;
};

/* Reads `marginAsset` and `pair` from a request's path and query. */
struct request_filter request_filter_of(struct span request);

bool request_filter_includes(const struct request_filter *filter, struct span margin_asset,
                             struct span pair);
