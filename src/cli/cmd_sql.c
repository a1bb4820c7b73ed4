#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "host/clock.h"
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
    return clock_boot().ms < *end_ms
               ? NULL
               : "not done in time (give it a longer --timeout, or ask for less)";
}

static bool run_query(const struct cli *cli, const char *sql, int64_t *row_count,
                      struct error *error)
{
    struct maybe_int timeout_ms = cli->options.timeout_ms;
    int64_t end_ms = timeout_ms.known ? clock_boot().ms + timeout_ms.value : INT64_MAX;
    const struct query query = {sql, why_stop, &end_ms};
    signal(SIGINT, on_interrupt);
    return query_run(&cli->database, &query, cli->options.format, cli->out, row_count, error);
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

static bool run(struct cli *cli, struct error *error)
{
    struct text query = {0};
    int64_t rows = 0;
    bool opened = read_query(cli->arguments[0], &query, error) &&
                  cli_open_database(cli, DATABASE_READ, error) && cli_open_output(cli, error);
    bool done = opened && run_query(cli, text_string(&query), &rows, error);
    done = cli_close_output(cli, done, error);
    if (done && rows == 0) {
        cli_say(cli, "The query gives no rows.");
    }
    text_free(&query);
    return done;
}

const struct command COMMAND_SQL = {
    .name = "sql",
    .arguments = "QUERY",
    .summary = "run a query that reads and print its rows",
    .options = {OPTION(format), OPTION(output), OPTION(timeout_ms)},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
