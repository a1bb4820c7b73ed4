#include <string.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "report/kind.h"
#include "report/page.h"
#include "report/recorded.h"

#define ALL "all"

/* A page does not load itself faster than it can be read. */
#define REFRESH_MS_MIN 1000

static bool find_kind(const char *name, const struct report_kind **kind, struct error *error)
{
    *kind = report_kind_find(name);
    return *kind != NULL || strcmp(name, ALL) == 0 ||
           error_set(
               error, ERROR_USAGE,
               "report %s: there is no such report (equity, pnl, exposure, margin, income, trades, "
               "changes, coverage, reconcile or all)",
               name);
}

static bool refuse(const char *name, const char *option, struct error *error)
{
    return error_set(error, ERROR_USAGE,
                     "report %s: --%s says nothing here (see 'posrec help "
                     "report')",
                     name, option);
}

static bool check_refresh(const struct options *options, struct error *error)
{
    if (!options->refresh_ms.known) {
        return true;
    }
    if (options->format != FORMAT_HTML) {
        return error_set(error, ERROR_USAGE, "report: --refresh is for a page (add --format html)");
    }
    return options->refresh_ms.value >= REFRESH_MS_MIN ||
           error_set(error, ERROR_USAGE, "report: --refresh takes 1s or more");
}

/* An option that a report does not take is an error: its answer would be another than was asked. */
static bool check_options(const struct options *options, const struct report_kind *kind,
                          struct error *error)
{
    if (!check_refresh(options, error)) {
        return false;
    }
    if (kind == NULL) {
        return options->format == FORMAT_HTML ||
               error_set(error, ERROR_USAGE, "report all: it is a page (add --format html)");
    }
    if (options->every_ms.known && !kind->takes_every) {
        return refuse(kind->name, "every", error);
    }
    if (options->symbol != NULL && !kind->takes_symbol) {
        return refuse(kind->name, "symbol", error);
    }
    if (options->side != NULL && !kind->takes_side) {
        return refuse(kind->name, "side", error);
    }
    if (options->all && !kind->takes_all) {
        return refuse(kind->name, "all", error);
    }
    return !options->strict || kind->is_audit || refuse(kind->name, "strict", error);
}

static struct report_filter filter_of(const struct cli *cli, const char *symbol)
{
    const struct options *options = &cli->options;
    return (struct report_filter){
        .account = options->account,
        .symbol = symbol,
        .side = options->side,
        .from_ms = options->from_ms,
        .to_ms = options->to_ms,
        .every_ms = options->every_ms,
        .all = options->all,
        .now_ms = cli->now_ms,
    };
}

/* The page of one kind of report, or of all; counts the rows of one, or all findings. */
static bool write_page(const struct cli *cli, const struct database *database,
                       const struct report_kind *only, const struct report_filter *filter,
                       FILE *out, int64_t *row_count, struct error *error)
{
    struct progress progress;
    progress_begin(&progress, "report", REPORT_KIND_COUNT, cli->options.quiet || only != NULL);
    bool done = page_begin(database, filter, cli->options.refresh_ms, out, error);
    for (const struct report_kind *kind = REPORT_KINDS; done && kind->name != NULL; kind++) {
        int64_t rows = 0;
        progress_update(&progress, kind - REPORT_KINDS);
        if (only == NULL || only == kind) {
            done = page_section(database, kind, filter, out, &rows, error);
            *row_count += only == kind || kind->is_audit ? rows : 0;
        }
    }
    progress_end(&progress);
    return done && page_end(out, error);
}

/* An audit is read with what it covers: for people that comes first, as a table of its own. */
static bool write_rows(const struct cli *cli, const struct database *database,
                       const struct report_kind *kind, const struct report_filter *filter,
                       FILE *out, int64_t *row_count, struct error *error)
{
    enum report_format format = cli->options.format;
    int64_t accounts = 0;
    if (kind->is_audit && format == FORMAT_TABLE &&
        !report_filter_run(database, "audit", filter, format, out, &accounts, error)) {
        return false;
    }
    if (accounts > 0) {
        fputc('\n', out);
    }
    return report_filter_run(database, kind->name, filter, format, out, row_count, error);
}

static bool answer(const struct cli *cli, const struct database *database,
                   const struct report_kind *kind, const struct report_filter *filter,
                   int64_t *row_count, struct error *error)
{
    FILE *out;
    if (!report_filter_check(database, filter, error) || !cli_open_output(cli, &out, error)) {
        return false;
    }
    bool page = cli->options.format == FORMAT_HTML;
    bool done = page ? write_page(cli, database, kind, filter, out, row_count, error)
                     : write_rows(cli, database, kind, filter, out, row_count, error);
    done = cli_close_output(cli, out, done, error);
    if (done && *row_count == 0 && !page) {
        done = cli_say_nothing(cli, database, kind->name, filter, error);
    }
    if (done && *row_count > 0 && !page && kind->is_audit) {
        cli_say(cli, "%lld finding%s. See an answer as it came: posrec body CAPTURE",
                (long long)*row_count, *row_count == 1 ? "" : "s");
    }
    return done;
}

/* Asks for what is recorded under the names that were given. */
static bool ask(const struct cli *cli, const struct database *database,
                const struct report_kind *kind, int64_t *row_count, struct error *error)
{
    struct text symbol = {0};
    bool done = database_freeze(database, error) &&
                recorded_account_check(database, cli->options.account, error) &&
                recorded_symbol(database, cli->options.symbol, &symbol, error);
    if (done) {
        struct report_filter filter =
            filter_of(cli, cli->options.symbol != NULL ? text_string(&symbol) : NULL);
        done = answer(cli, database, kind, &filter, row_count, error);
    }
    text_free(&symbol);
    return done;
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    const struct report_kind *kind;
    struct database database;
    int64_t rows = 0;
    if (!find_kind(cli->arguments[0], &kind, error) || !check_options(&cli->options, kind, error) ||
        !cli_open_database(cli, DATABASE_READ, &database, error)) {
        return false;
    }
    bool done = ask(cli, &database, kind, &rows, error);
    database_close(&database);
    if (done && cli->options.strict && rows > 0) {
        *exit_code = EXIT_FAILED;
    }
    return done;
}

const struct command COMMAND_REPORT = {
    .name = "report",
    .arguments = "equity|pnl|exposure|margin|income|trades|changes|coverage|reconcile|all",
    .summary = "answer a common question about the history",
    .help = "equity     what each asset came to: wallet, margin balance, margin ratio, in USD too\n"
            "pnl        each leg's unrealized PnL, its change since the range's start, lowest, "
            "highest,\n"
            "           and what was realized, funding, commission and the total\n"
            "income     what changed the wallets, by kind and symbol\n"
            "trades     every trade, and who told of it\n"
            "margin     margin, leverage, and how far each leg was from liquidation\n"
            "exposure   USD notional long, short, net and gross, by margin asset\n"
            "changes    the ledger: opened, increased, reduced, closed, flipped, settings changed\n"
            "coverage   for each UTC day, polls expected, good and failed, and the holes\n"
            "reconcile  what does not add up, each with the capture that shows it\n"
            "all        all of them, as one page with charts (--format html)\n\n"
            "equity, pnl, margin and exposure give one row for the range, income its sums. With "
            "--every they give the last "
            "known\n"
            "values at each whole step in UTC, and nothing where the step falls into a gap; the "
            "lowest\n"
            "and highest are of all polls since the step before.\n\n"
            "Examples:\n"
            "  posrec report pnl --from -24h\n"
            "  posrec report pnl --every 1d --symbol BTCUSD_PERP --format csv --output pnl.csv\n"
            "  posrec report reconcile --from 2026-11-01 --to 2026-12-01 --strict\n"
            "  posrec report all --from 2026-11-01 --format html --output november.html\n"
            "  posrec report all --from -1d --format html --refresh 60s --output now.html\n",
    .options = {OPTION_FROM, OPTION_TO, OPTION_EVERY, OPTION_SYMBOL, OPTION_SIDE, OPTION_ACCOUNT,
                OPTION_ALL, OPTION_STRICT, OPTION_REFRESH, OPTION_FORMAT, OPTION_OUTPUT,
                OPTION_NONE},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
