#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

#define QUERY_SIZE_MAX ((size_t)1 << 20)

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
        done = report_query(&database, text_string(&query), cli->options.format, out, &rows, error);
        done = cli_close_output(cli, out, done, error);
    }
    if (done && rows == 0 && cli->options.format == FORMAT_TABLE) {
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
        "opened for reading, and ATTACH, extensions and changing PRAGMAs are refused. The tables\n"
        "and views are described in docs/schema.md.\n\n"
        "Examples:\n"
        "  posrec sql \"SELECT symbol, position_side, unrealized_pnl FROM position_now\"\n"
        "  posrec sql --format csv \"SELECT * FROM pnl_history WHERE symbol = 'BTCUSD_PERP'\"\n",
    .options = {OPTION_FORMAT, OPTION_OUTPUT, OPTION_NONE},
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
