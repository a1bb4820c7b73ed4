#include "exchange/key_rights.h"

#include <stddef.h>

#include "model/json_span.h"

#define PORTFOLIO "enablePortfolioMarginTrading"

static const struct {
    const char *member, *name; /* NULL: it is no right to do anything but read */
} RIGHTS[] = {
    {"enableFixReadOnly", NULL},
    {"enableFutures", "Enable Futures"},
    {"enableSpotAndMarginTrading", "Enable Spot & Margin Trading"},
    {"enableMargin", "Enable Margin Loan, Repay & Transfer"},
    {"enableWithdrawals", "Enable Withdrawals"},
    {"enableInternalTransfer", "Enable Internal Transfer"},
    {"permitsUniversalTransfer", "Permits Universal Transfer"},
    {"enableVanillaOptions", "Enable European Options"},
    {PORTFOLIO, "Enable Portfolio Margin Trading"},
    {"enableFixApiTrade", "Enable FIX API Trading"},
};

/* A right that the key has. */
static void add(struct key_rights *rights, struct span member)
{
    const size_t count = sizeof RIGHTS / sizeof RIGHTS[0];
    size_t i = 0;
    while (i < count && !json_key_is(member, RIGHTS[i].member)) {
        i++;
    }
    if (i < count && RIGHTS[i].name == NULL) {
        return;
    }
    text_append_string(&rights->others, rights->others.size > 0 ? ", " : "");
    if (i < count) {
        text_append_string(&rights->others, RIGHTS[i].name);
    } else {
        json_unescape(member, &rights->others);
    }
}

bool key_rights_read(struct span body, struct key_rights *rights)
{
    struct json_walk walk = json_walk_at(body, 0);
    struct span key, value;
    bool tells_reading = false, tells_restriction = false;
    enum json_step step;
    *rights = (struct key_rights){0};
    while ((step = json_next_member(&walk, &key, &value)) == JSON_ITEM) {
        bool is_set = span_is(value, "true");
        if (json_key_is(key, "enableReading")) {
            tells_reading = true;
            rights->may_read = is_set;
        } else if (json_key_is(key, "ipRestrict")) {
            tells_restriction = true;
            rights->is_restricted = is_set;
        } else if (is_set) {
            rights->has_portfolio |= json_key_is(key, PORTFOLIO);
            add(rights, key);
        }
    }
    return step == JSON_END && tells_reading && tells_restriction && !rights->others.failed;
}

void key_rights_free(struct key_rights *rights)
{
    text_free(&rights->others);
}
