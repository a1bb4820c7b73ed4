#include "report/by.h"

#include <string.h>

#include "base/text.h"

#define TOTAL "total"

#define PNL_USD                                                                                    \
    "unrealized_pnl_usd, change_usd, realized_pnl_usd, funding_usd, commission_usd, other_usd, "   \
    "total_usd, covered"
#define PNL "unrealized_pnl, change, realized_pnl, funding, commission, other, total, " PNL_USD
#define INCOME_USD                                                                                 \
    "realized_pnl_usd, funding_usd, commission_usd, transfers_usd, other_usd, income_usd, covered"
#define EQUITY_USD "wallet_balance_usd, unrealized_pnl_usd, margin_balance_usd, covered"
#define EQUITY "wallet_balance, unrealized_pnl, margin_balance, maintenance_margin, " EQUITY_USD
#define TRIPS_USD                                                                                  \
    "net_pnl_usd, profit_factor, average_won_usd, average_lost_usd, expectancy_usd, "              \
    "average_held_s"
#define TRIPS_COUNTED "trips, open, known, won_share, "
#define TRIPS TRIPS_COUNTED "realized_pnl, commission, funding, net_pnl, " TRIPS_USD
#define PERFORMANCE                                                                                \
    "\"from\", \"to\", equity_first, equity_last, transfers, pnl, return, max_drawdown, "          \
    "drawdown_from, drawdown_to, recovered, sharpe, sortino, volatility, best_day, worst_day, "    \
    "days_won, fees, funding, turnover, covered"

static const struct report_by BYS[] = {
    {"equity", "asset", "equity_by", "asset, time, " EQUITY},
    {"equity", "account", "equity_by", "account, time, " EQUITY_USD},
    {"equity", TOTAL, "equity_by", "time, " EQUITY_USD},
    {"pnl", "leg", "pnl", NULL},
    {"pnl", "symbol", "pnl_by", "symbol, time, margin_asset, " PNL},
    {"pnl", "asset", "pnl_by", "margin_asset, time, " PNL},
    {"pnl", "account", "pnl_by", "account, time, " PNL_USD},
    {"pnl", TOTAL, "pnl_by", "time, " PNL_USD},
    {"income", "symbol", "income_by", "symbol, time, until, count, " INCOME_USD},
    {"income", "asset", "income_by", "asset, time, until, count, income, " INCOME_USD},
    {"income", "account", "income_by", "account, time, until, count, " INCOME_USD},
    {"income", TOTAL, "income_by", "time, until, count, " INCOME_USD},
    {"trips", "leg", "trips_by", "account, symbol, position_side, margin_asset, " TRIPS},
    {"trips", "symbol", "trips_by", "symbol, margin_asset, " TRIPS},
    {"trips", "asset", "trips_by", "margin_asset, " TRIPS},
    {"trips", "account", "trips_by", "account, " TRIPS_COUNTED TRIPS_USD},
    {"trips", TOTAL, "trips_by", TRIPS_COUNTED TRIPS_USD},
    {"performance", "account", "performance", NULL},
    {"performance", TOTAL, "performance_by", PERFORMANCE},
};
#define BY_COUNT (sizeof BYS / sizeof BYS[0])

static const struct report_by *find(const char *kind, const char *key)
{
    for (const struct report_by *by = BYS; by < BYS + BY_COUNT; by++) {
        if (strcmp(by->kind, kind) == 0 && strcmp(by->key, key) == 0) {
            return by;
        }
    }
    return NULL;
}

bool report_by_takes(const char *kind)
{
    return find(kind, TOTAL) != NULL;
}

bool report_by_find(const char *kind, const char *key, const struct report_by **by,
                    struct error *error)
{
    struct text keys = {0};
    *by = find(kind, key);
    if (*by != NULL) {
        return true;
    }
    for (const struct report_by *taken = BYS; taken < BYS + BY_COUNT; taken++) {
        if (strcmp(taken->kind, kind) == 0) {
            const char *between = strcmp(taken->key, TOTAL) == 0 ? " or " : ", "; /* the last */
            text_printf(&keys, "%s%s", keys.size == 0 ? "" : between, taken->key);
        }
    }
    error_set(error, ERROR_USAGE, "report %s: --by takes %s, not '%s'", kind, text_string(&keys),
              key);
    text_free(&keys);
    return false;
}

const struct report_by *report_by_total(const struct report_by *by)
{
    bool has_it = strcmp(by->key, TOTAL) == 0 || strcmp(by->kind, "performance") == 0;
    return has_it ? NULL : find(by->kind, TOTAL);
}
