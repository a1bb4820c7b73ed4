#include "report/kind.h"

#include <string.h>

const struct report_kind REPORT_KINDS[REPORT_KIND_COUNT + 1] = {
    {
        .name = "equity",
        .title = "Equity",
        .about = "What each asset of an account came to: wallet, unrealized PnL, margin balance "
                 "(both together) and maintenance margin, in the asset and in USD at the mark "
                 "price known then; the margin ratio (at 1 the account is liquidated) as it was, "
                 "and the highest since the row before.",
        .chart = CHART_EQUITY,
        .takes_every = true,
        .takes_all = true,
        .accounts = "chart_balance_accounts",
    },
    {
        .name = "pnl",
        .title = "PnL",
        .about =
            "What each leg's unrealized PnL was, in its margin asset and in USD at the mark price; "
            "how "
            "it changed since the range's start; the lowest and highest of all polls since "
            "the row before; and what the leg realized, its funding, commission and other income "
            "since the range's start, which with the change make the total. Funding names no side: "
            "it is counted at the side that was open, the larger one where both were.",
        .chart = CHART_PNL,
        .accounts = "chart_accounts",
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
        .chart = CHART_EXPOSURE,
        .accounts = "chart_accounts",
        .takes_every = true,
        .takes_symbol = true,
        .takes_side = true,
    },
    {
        .name = "margin",
        .title = "Margin and liquidation",
        .about = "The margin of each leg, and the part of the mark price still to go to its "
                 "liquidation price: as it was, and the least of all polls since the row before.",
        .chart = CHART_MARGIN,
        .accounts = "chart_accounts",
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
        .chart = CHART_INCOME,
        .takes_every = true,
        .takes_symbol = true,
        .accounts = "chart_money_accounts",
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
        .name = "changes",
        .title = "Position changes",
        .about = "What happened to each position, before and after: opened, increased, reduced, "
                 "closed, flipped, or its settings changed; and for how long it had been held, in "
                 "seconds.",
        .takes_symbol = true,
        .takes_side = true,
        .takes_all = true,
    },
    {
        .name = "coverage",
        .title = "Coverage",
        .about = "For each account and UTC day, how many polls were expected, good and failed, and "
                 "how large the holes were, in seconds.",
    },
    {
        .name = "reconcile",
        .title = "Reconciliation",
        .about =
            "What does not add up in the exchange's answers, each with the capture that shows it. "
            "'posrec body CAPTURE' gives that answer as it came; 'posrec verify --head HASH' "
            "proves that the history up to a head is unchanged.",
        .takes_symbol = true,
        .takes_side = true,
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

#define PARAMETER_COUNT 9 /* with the one that ends the list */

static void fill(struct report_parameter parameters[static PARAMETER_COUNT],
                 const struct report_filter *filter)
{
    const struct report_parameter values[PARAMETER_COUNT] = {
        {.name = ":account", .text = filter->account},
        {.name = ":symbol", .text = filter->symbol},
        {.name = ":side", .text = filter->side},
        {.name = ":from_ms", .number = filter->from_ms},
        {.name = ":to_ms", .number = filter->to_ms},
        {.name = ":every_ms", .number = filter->every_ms},
        {.name = ":all", .number = maybe_of(filter->all)},
        {.name = ":now_ms", .number = maybe_of(filter->now_ms)},
        {0},
    };
    memcpy(parameters, values, sizeof values);
}

sqlite3_stmt *report_filter_prepare(const struct database *database, const char *name,
                                    const struct report_filter *filter, struct error *error)
{
    struct report_parameter parameters[PARAMETER_COUNT];
    fill(parameters, filter);
    return report_prepare(database, name, parameters, error);
}

bool report_filter_run(const struct database *database, const char *name,
                       const struct report_filter *filter, enum report_format format, FILE *out,
                       int64_t *row_count, struct error *error)
{
    struct report_parameter parameters[PARAMETER_COUNT];
    fill(parameters, filter);
    return report_run(database, name, parameters, format, out, row_count, error);
}

bool report_filter_check(const struct database *database, const struct report_filter *filter,
                         struct error *error)
{
    if (!filter->every_ms.known) {
        return true;
    }
    sqlite3_stmt *range = report_filter_prepare(database, "range", filter, error);
    enum step step = range == NULL ? STEP_FAILED : database_step(database, range, error);
    int64_t steps = 0;
    if (step == STEP_ROW) {
        steps = (sqlite3_column_int64(range, 1) - sqlite3_column_int64(range, 0)) /
                filter->every_ms.value;
    }
    sqlite3_finalize(range);
    if (steps > REPORT_STEPS_MAX) {
        return error_set(
            error, ERROR_USAGE,
            "--every: that is %lld steps, %d at most (a longer step, or a shorter range)",
            (long long)steps, REPORT_STEPS_MAX);
    }
    return step != STEP_FAILED;
}
