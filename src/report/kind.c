#include "report/kind.h"

#include <string.h>

#define EXTREMES "each hour's first, lowest, highest and last"

const struct report_kind REPORT_KINDS[REPORT_KIND_COUNT + 1] = {
    {
        .name = "equity",
        .title = "Equity",
        .about = "What each asset of an account came to: wallet, unrealized PnL, margin balance "
                 "(both together) and maintenance margin, in the asset and in USD at the mark "
                 "price known then; the margin ratio (at 1 the account is liquidated) as it was, "
                 "and the highest since the row before.",
        .chart = {.quantity = "margin balance, USD",
                  .accounts = "chart_balance_accounts",
                  .series = "chart_assets",
                  .values = "chart_equity"},
        .takes_every = true,
        .takes_all = true,
    },
    {
        .name = "pnl",
        .title = "PnL",
        .about =
            "What each leg's unrealized PnL was, in its margin asset and in USD at the mark price; "
            "how "
            "it changed since the range's start; the lowest and highest of all polls since "
            "the row before; and what the leg realized, its funding, commission and other income "
            "since the range's start, which with the change make the total; what was paid in "
            "another asset is in USD alone. Funding names no side: "
            "it is counted at the side that was open, the larger one where both were.",
        .chart = {.quantity = "unrealized PnL, USD",
                  .accounts = "chart_accounts",
                  .series = "chart_legs",
                  .values = "chart_pnl",
                  .hours = "chart_pnl_hours",
                  .points = EXTREMES},
        .takes_every = true,
        .takes_symbol = true,
        .takes_side = true,
        .takes_all = true,
    },
    {
        .name = "exposure",
        .title = "Exposure",
        .about =
            "The USD notional of each account's contracts by margin asset: long, short, net and "
            "gross, and their unrealized PnL.",
        .chart = {.quantity = "notional, USD",
                  .accounts = "chart_accounts",
                  .values = "chart_exposure",
                  .labels = {"long", "short", "net", "gross"}},
        .takes_every = true,
        .takes_symbol = true,
        .takes_side = true,
    },
    {
        .name = "margin",
        .title = "Margin and liquidation",
        .about = "The margin of each leg, and the part of the mark price still to go to its "
                 "liquidation price: as it was, and the least of all polls since the row before.",
        .chart = {.quantity = "distance to liquidation, % of the mark price",
                  .accounts = "chart_accounts",
                  .series = "chart_legs",
                  .values = "chart_margin",
                  .hours = "chart_margin_hours",
                  .points = EXTREMES,
                  .is_share = true},
        .takes_every = true,
        .takes_symbol = true,
        .takes_side = true,
        .takes_all = true,
    },
    {
        .name = "income",
        .title = "Income",
        .about = "What changed the wallets, added up by kind and symbol: realized PnL, funding, "
                 "commission, transfers and what else there was, in the asset and in USD at the "
                 "mark prices known then.",
        .chart = {.quantity = "earned and paid since the start, USD",
                  .accounts = "chart_money_accounts",
                  .values = "chart_income",
                  .labels = {"realized", "funding", "commission", "other", "total"}},
        .takes_every = true,
        .takes_symbol = true,
    },
    {
        .name = "trades",
        .title = "Trades",
        .about = "Every trade, and who told of it: the stream, the exchange's list of trades "
                 "(rest), or both.",
        .takes_symbol = true,
        .takes_side = true,
    },
    {
        .name = "trips",
        .title = "Round trips",
        .about = "Each position from flat to flat: when and at what average prices it was entered "
                 "and left, what it realized, its commission and funding, the best and the worst "
                 "that it stood at, and what of it is not recorded. A trip belongs to the range in "
                 "which it was closed; those that are open are listed too.",
        .summary = "trips_summary",
        .note = "trips_outside",
        .takes_symbol = true,
        .takes_side = true,
    },
    {
        .name = "performance",
        .title = "Performance",
        .about =
            "What each account, and all of them together (no name), made of their equity, in USD: "
            "PnL "
            "and time-weighted return, of which coins that came or went are no part; the deepest "
            "drawdown; what the daily returns say; fees, funding and turnover.",
        .takes_every = true,
    },
    {
        .name = "changes",
        .title = "Position changes",
        .about =
            "What happened to each position, before and after: opened, increased, reduced, "
            "closed, flipped, or its settings changed; for how long it had been held, in "
            "seconds; and at what average price contracts left it and what that realized, where "
            "the trades are known.",
        .takes_symbol = true,
        .takes_side = true,
        .takes_all = true,
    },
    {
        .name = "coverage",
        .title = "Coverage",
        .about = "For each account and UTC day (or step of --every), for how many seconds the "
                 "record can speak of its positions and of its stream, of how many; how many polls "
                 "were good and failed, and how large the gaps were, in seconds.",
        .takes_every = true,
        .tells_silence = true,
    },
    {
        .name = "gaps",
        .title = "Gaps",
        .about = "What was not recorded: polls, answers of account, the stream and income of each "
                 "account; for how many seconds, how many polls were missed, why, and which trades "
                 "and changes are known of that time from elsewhere.",
        .takes_strict = true,
        .tells_silence = true,
    },
    {
        .name = "reconcile",
        .title = "Reconciliation",
        .about =
            "What does not add up in the exchange's answers, each with the capture that shows "
            "it, and what is not recorded of the range. 'posrec body CAPTURE' gives that answer "
            "as it came; 'posrec verify --head HASH' proves that the history up to a head is "
            "unchanged.",
        .takes_symbol = true,
        .takes_side = true,
        .takes_strict = true,
        .is_audit = true,
    },
    {0},
};

const struct report_kind *report_kind_find(const char *name)
{
    for (const struct report_kind *kind = REPORT_KINDS; kind->name != NULL; kind++) {
        if (strcmp(kind->name, name) == 0) {
            return kind;
        }
    }
    return NULL;
}
