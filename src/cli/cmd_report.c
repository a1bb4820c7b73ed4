#include <string.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "host/heap.h"
#include "report/by.h"
#include "report/kind.h"
#include "report/page.h"
#include "report/recorded.h"

#define ALL "all"

#define SHORT_RANGE_MS (8 * INT64_C(86400000))

/* A page does not load itself faster than it can be read. */
#define REFRESH_MS_MIN 1000

static bool find_kind(const char *name, const struct report_kind **kind, struct error *error)
{
    *kind = report_kind_find(name);
    return *kind != NULL || strcmp(name, ALL) == 0 ||
           error_set(
               error, ERROR_USAGE,
               "report %s: there is no such report (equity, pnl, exposure, margin, income, trades, "
               "trips, performance, changes, coverage, gaps, reconcile or all)",
               name);
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
        if (options->format != FORMAT_HTML) {
            return error_set(error, ERROR_USAGE, "report all: it is a page (add --format html)");
        }
        return options->columns == NULL ||
               error_set(error, ERROR_USAGE,
                         "report all: --columns says nothing here (name one report)");
    }
    const struct {
        const char *name;
        bool given, taken;
    } filters[] = {
        {"every", options->every.ms > 0, kind->takes_every},
        {"by", options->by != NULL, report_by_takes(kind->name)},
        {"symbol", options->symbol != NULL, kind->takes_symbol},
        {"side", options->side != NULL, kind->takes_side},
        {"all", options->all, kind->takes_all},
        {"strict", options->strict, kind->takes_strict},
    };
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        if (filters[i].given && !filters[i].taken) {
            return error_set(error, ERROR_USAGE,
                             "report %s: --%s says nothing here (see 'posrec help report')",
                             kind->name, filters[i].name);
        }
    }
    return true;
}

/* What is not recorded is listed among an audit's findings, and is none. */
static bool count_findings(const struct report_question *question, int64_t *row_count,
                           struct error *error)
{
    struct maybe_int silences;
    bool done = report_integer(question, "silences", &silences, error);
    *row_count -= silences.value;
    return done;
}

/* The page of one kind of report, or of all; counts the rows of one, or all findings. */
static bool write_page(const struct cli *cli, const struct report_question *question,
                       const struct report_kind *only, int64_t *row_count, struct error *error)
{
    struct progress progress;
    const struct page_watch watch = {progress_watch, &progress};
    progress_begin(&progress, "report", REPORT_KIND_COUNT, cli->options.quiet || only != NULL);
    bool done = page_begin(question, cli->options.refresh_ms, cli->out, error) &&
                (only != NULL ? page_section(question, only, cli->out, row_count, error)
                              : page_all(question, &watch, cli->out, row_count, error));
    progress_end(&progress);
    return done && page_end(cli->out, error);
}

static const char *name_of(const struct report_question *question, const struct report_kind *kind)
{
    return question->by != NULL ? question->by->report : kind->name;
}

/* What stands under the table: the kind's summary, or what rows that are summed up come to in all,
 * which `question` asks for then. NULL for nothing; the reports that have a row of all say it. */
static const char *under_table(struct report_question *question, const struct report_kind *kind)
{
    if (question->by == NULL) {
        return kind->summary;
    }
    const struct report_by *total = report_by_total(question->by);
    question->by = total;
    question->every = (struct calendar_step){0};
    return total != NULL ? total->report : NULL;
}

/* An audit is read with what it covers: for people that comes first, as a table of its own. */
static bool write_rows(const struct cli *cli, const struct report_question *question,
                       const struct report_kind *kind, int64_t *row_count, struct error *error)
{
    enum report_format format = cli->options.format;
    struct report_question beside = *question; /* --columns is not about these */
    int64_t accounts = 0;
    beside.columns = NULL;
    if (kind->is_audit && format == FORMAT_TABLE &&
        !report_run(&beside, "audit", format, cli->out, &accounts, error)) {
        return false;
    }
    if (accounts > 0) {
        fputc('\n', cli->out);
    }
    int64_t summed = 0;
    const char *under = under_table(&beside, kind);
    bool done = report_run(question, name_of(question, kind), format, cli->out, row_count, error);
    if (done && under != NULL && format == FORMAT_TABLE && *row_count > 0) {
        fputs(beside.by != NULL ? "\nTotal:\n" : "\n", cli->out);
        done = report_run(&beside, under, format, cli->out, &summed, error);
    }
    return done;
}

static bool answer(struct cli *cli, const struct report_question *question,
                   const struct report_kind *kind, int64_t *row_count, struct error *error)
{
    bool page = cli->options.format == FORMAT_HTML;
    bool done = report_check_steps(question, error) &&
                (kind == NULL || report_check_columns(question, name_of(question, kind), error)) &&
                cli_open_output(cli, error) &&
                (page ? write_page(cli, question, kind, row_count, error)
                      : write_rows(cli, question, kind, row_count, error));
    done = cli_close_output(cli, done, error);
    if (done && (kind == NULL || kind->is_audit)) {
        done = count_findings(question, row_count, error);
    }
    if (done && *row_count == 0 && !page) {
        done = cli_say_nothing(cli, question, kind->name, error);
    }
    if (done && !page && kind->note != NULL) {
        done = cli_say_note(cli, question, kind->note, error);
    }
    if (done && !page && !kind->tells_silence) {
        done = cli_say_silence(cli, question, kind->name, error);
    }
    if (done && *row_count > 0 && !page && kind->is_audit) {
        cli_say(cli, "%lld finding%s. See an answer as it came: posrec body CAPTURE",
                (long long)*row_count, *row_count == 1 ? "" : "s");
    }
    return done;
}

/* To map a page costs more than to read it. But what is mapped is read ahead, which a long range
 * gains by where the file is not in memory yet. */
static bool unmap_for_short_range(const struct report_question *question, struct error *error)
{
    int64_t to_ms = question->to_ms.known ? question->to_ms.value : question->now_ms;
    bool is_short = question->from_ms.known && to_ms - question->from_ms.value <= SHORT_RANGE_MS;
    return !is_short || database_unmap(question->database, error);
}

/* A page has each report's own rows. */
static bool find_by(const struct options *options, const struct report_kind *kind,
                    const struct report_by **by, struct error *error)
{
    if (options->by == NULL) {
        return true;
    }
    if (options->format == FORMAT_HTML) {
        return error_set(
            error, ERROR_USAGE,
            "report: --by is for tables and programs, no page (leave out --format html)");
    }
    return report_by_find(kind->name, options->by, by, error);
}

static bool run(struct cli *cli, struct error *error)
{
    heap_take();
    struct report_question question = cli_question(cli);
    const struct report_kind *kind;
    struct text symbol = {0};
    int64_t rows = 0;
    bool done =
        find_kind(cli->arguments[0], &kind, error) && check_options(&cli->options, kind, error) &&
        find_by(&cli->options, kind, &question.by, error) &&
        cli_open_database(cli, DATABASE_READ, error) && unmap_for_short_range(&question, error) &&
        database_freeze(&cli->database, error) && recorded_check_account(&question, error) &&
        recorded_find_symbol(&question, &symbol, error) &&
        answer(cli, &question, kind, &rows, error);
    text_free(&symbol);
    if (done && cli->options.strict && rows > 0) {
        cli->exit_code = EXIT_FAILED;
    }
    return done;
}

const struct command COMMAND_REPORT = {
    .name = "report",
    .arguments = "equity|pnl|exposure|margin|income|trades|trips|performance|changes|coverage|gaps|"
                 "reconcile|all",
    .summary = "answer a common question about the history",
    .options = {OPTION(from_ms), OPTION(to_ms), OPTION(day), OPTION(month), OPTION(every),
                OPTION(by), OPTION(symbol), OPTION(side), OPTION(account), OPTION(all),
                OPTION(strict), OPTION(refresh_ms), OPTION(columns), OPTION(wide), OPTION(format),
                OPTION(output)},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
