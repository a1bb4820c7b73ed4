#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "report/query.h"

#define QUERY_SIZE_MAX ((size_t)1 << 20)

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* Ctrl-C and --timeout end the query; what it has printed so far stays. */
static const char *why_stop(void *context)
{
    const int64_t *end_ms = context;
    if (interrupted) {
        return "interrupted";
    }
    return clock_monotonic_ms() < *end_ms
               ? NULL
               : "not done in time (give it a longer --timeout, or ask for less)";
}

static bool run_query(const struct cli *cli, const struct database *database, const char *sql,
                      FILE *out, int64_t *row_count, struct error *error)
{
    struct maybe_int timeout_ms = cli->options.timeout_ms;
    int64_t end_ms = timeout_ms.known ? clock_monotonic_ms() + timeout_ms.value : INT64_MAX;
    struct query_watch watch = {why_stop, &end_ms};
    signal(SIGINT, on_interrupt);
    return query_run(database, sql, &watch, cli->options.format, out, row_count, error);
}

/* The query: the argument, or for `-` what standard input has. */
static bool read_query(const char *argument, struct text *query, struct error *error)
{
    char part[4096];
    size_t size;
    if (strcmp(argument, "-") != 0) {
        text_append_string(query, argument);
    } else {
        while (query->size <= QUERY_SIZE_MAX && (size = fread(part, 1, sizeof part, stdin)) > 0) {
            text_append(query, part, size);
        }
        if (ferror(stdin)) {
            return error_set(error, ERROR_FAILED, "sql: standard input cannot be read");
        }
    }
    if (query->size > QUERY_SIZE_MAX) {
        return error_set(error, ERROR_USAGE, "sql: a query of more than %zu bytes", QUERY_SIZE_MAX);
    }
    return !query->failed || error_no_memory(error);
}

static bool run(struct cli *cli, int *exit_code, struct error *error)
{
    struct database database;
    struct text query = {0};
    FILE *out;
    int64_t rows = 0;
    (void)exit_code;
    if (!read_query(cli->arguments[0], &query, error) ||
        !cli_open_database(cli, DATABASE_READ, &database, error)) {
        text_free(&query);
        return false;
    }
    bool done = cli_open_output(cli, &out, error);
    if (done) {
        done = run_query(cli, &database, text_string(&query), out, &rows, error);
        done = cli_close_output(cli, out, done, error);
    }
    if (done && rows == 0) {
        cli_say(cli, "The query gives no rows.");
    }
    database_close(&database);
    text_free(&query);
    return done;
}

const struct command COMMAND_SQL = {
    .name = "sql",
    .arguments = "QUERY",
    .summary = "run a query that reads and print its rows",
    .help =
        "QUERY is one SELECT; - reads it from standard input. Nothing can be written: the file is\n"
        "opened for reading, and ATTACH, extensions and changing PRAGMAs are refused. Ctrl-C ends\n"
        "a query, --timeout bounds it. The tables and views are described in docs/schema.md.\n\n"
        "Examples:\n"
        "  posrec sql \"SELECT symbol, position_side, unrealized_pnl FROM position_now\"\n"
        "  posrec sql --format csv \"SELECT * FROM pnl_history WHERE symbol = 'BTCUSD_PERP'\"\n"
        "  posrec sql --timeout 10s - < query.sql\n",
    .options = {OPTION_FORMAT, OPTION_OUTPUT, OPTION_TIMEOUT, OPTION_NONE},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
