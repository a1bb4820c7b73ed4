/* What an API key may do, as the exchange answers to "Get API Key Permission" (apiRestrictions). */
#pragma once

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

struct key_rights {
    bool may_read;
    bool is_restricted; /* to some addresses */
    bool has_portfolio; /* it may trade in Portfolio Margin */
    struct text others; /* rights but reading, by the names that the exchange's page has for them,
                           with commas; what has no known name is called as the answer does */
};

/* False when the body is no such answer. Free in any case. */
bool key_rights_read(struct span body, struct key_rights *rights);
void key_rights_free(struct key_rights *rights);
