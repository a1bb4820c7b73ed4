#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "model/product.h"
#include "service/importer.h"

/* The database is opened at once where it is there, else made for the first good capture. */
static bool open_recorder(void *context, struct recorder **recorder, struct error *error)
{
    struct cli *cli = context;
    if (cli_open_database(cli, DATABASE_WRITE, error)) {
        *recorder = recorder_new(&cli->database, true, error);
    }
    return *recorder != NULL;
}

static void on_progress(void *context, int64_t bytes_done)
{
    progress_update(context, bytes_done);
}

static void on_bad_line(void *context, const char *name, int64_t line, const struct error *error)
{
    (void)context;
    cli_print(stderr, "posrec: %s: line %lld: %s (skipped)", name, (long long)line, error->text);
}

static bool open_file(const char *path, FILE **file, const char **name, int64_t *size,
                      struct error *error)
{
    struct stat info;
    bool is_stdin = strcmp(path, "-") == 0;
    *name = is_stdin ? "standard input" : path;
    *file = is_stdin ? stdin : fopen(path, "re");
    if (*file == NULL) {
        return error_set(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
    }
    *size = fstat(fileno(*file), &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : 0;
    return true;
}

static bool import_one(const struct cli *cli, struct import_target *target, const char *path,
                       struct import_settings *settings, struct import_counts *counts,
                       struct error *error)
{
    struct progress progress;
    FILE *file;
    const char *name;
    int64_t size = 0;
    if (!open_file(path, &file, &name, &size, error)) {
        return false;
    }
    settings->context = &progress;
    progress_begin(&progress, name, size, cli->options.quiet);
    bool done = import_file(target, file, name, settings, counts, error);
    progress_end(&progress);
    if (file != stdin) {
        fclose(file);
    }
    return done;
}

static bool import_all(const struct cli *cli, struct import_target *target, struct error *error)
{
    const struct options *options = &cli->options;
    struct import_settings settings = {
        .now_ms = cli->now_ms,
        .account = options->account != NULL ? options->account : CAPTURE_ACCOUNT_DEFAULT,
        .product = options->product != NULL ? product_find(span_of(options->product)) : NULL,
        .interval_ms = options->interval_ms,
        .received_at_ms = options->received_at_ms,
        .skip_bad = options->skip_bad,
        .on_progress = on_progress,
        .on_bad_line = on_bad_line,
    };
    struct import_counts counts = {0};
    for (int i = 0; i < cli->argument_count; i++) {
        if (!import_one(cli, target, cli->arguments[i], &settings, &counts, error)) {
            /* A bad line is the input's fault, not the command line's. */
            error->kind = error->kind == ERROR_USAGE ? ERROR_FAILED : error->kind;
            return false;
        }
    }
    if (counts.captures > 0 && !recorder_sum_up(target->recorder, error)) {
        return false;
    }
    cli_say(cli,
            "%lld captures recorded (%lld position rows, %lld valuations, %lld unreadable), "
            "%lld recorded before, %lld bad lines skipped",
            (long long)counts.captures, (long long)counts.positions, (long long)counts.valuations,
            (long long)counts.unreadable, (long long)counts.duplicates,
            (long long)counts.bad_lines);
    return true;
}

static bool check_options(const struct cli *cli, struct error *error)
{
    const char *account = cli->options.account;
    const char *product = cli->options.product;
    struct maybe_int received_at_ms = cli->options.received_at_ms;
    if (account != NULL && !capture_account_is_valid(span_of(account))) {
        return error_set(error, ERROR_USAGE, "--account '%s': a name is " CAPTURE_ACCOUNT_RULE,
                         account);
    }
    if (product != NULL && product_find(span_of(product)) == NULL) {
        return error_set(error, ERROR_USAGE, "--product '%s': not " PRODUCT_NAMES, product);
    }
    if (cli->options.interval_ms.known &&
        cli->options.interval_ms.value > CAPTURE_INTERVAL_MS_MAX) {
        return error_set(error, ERROR_USAGE, "--interval: longer than %lld days",
                         (long long)CAPTURE_INTERVAL_MS_MAX / 86400000);
    }
    if (received_at_ms.known && cli->argument_count != 1) {
        return error_set(error, ERROR_USAGE, "--received-at goes with one file: one response");
    }
    return !received_at_ms.known ||
           capture_check_time("--received-at", received_at_ms.value, cli->now_ms, error);
}

/* Opens the database that is there; for one that is not, asks only whether it can be made. */
static bool open_existing(struct cli *cli, struct import_target *target, struct error *error)
{
    const char *path;
    if (!cli_database_path(cli, &path, error)) {
        return false;
    }
    if (access(path, F_OK) == 0) {
        return open_recorder(cli, &target->recorder, error);
    }
    char *copy = strdup(path);
    bool done =
        (copy != NULL && access(dirname(copy), W_OK | X_OK) == 0) ||
        error_set(error, ERROR_FAILED, "%s: cannot be opened: %s (check path and permissions)",
                  path, strerror(errno));
    free(copy);
    return done;
}

/* A file that cannot be read is found before another of them is imported. */
static bool check_files(const struct cli *cli, struct error *error)
{
    for (int i = 0; i < cli->argument_count; i++) {
        const char *path = cli->arguments[i];
        struct stat info;
        if (strcmp(path, "-") == 0) {
            continue;
        }
        bool found = access(path, R_OK) == 0 && stat(path, &info) == 0;
        if (!found || S_ISDIR(info.st_mode)) {
            return error_set(error, ERROR_FAILED, "%s: %s", path, strerror(found ? EISDIR : errno));
        }
    }
    return true;
}

static bool run(struct cli *cli, struct error *error)
{
    struct import_target target = {.context = cli, .open = open_recorder};
    bool done = check_options(cli, error) && check_files(cli, error) &&
                open_existing(cli, &target, error) && import_all(cli, &target, error);
    recorder_free(target.recorder);
    return done;
}

const struct command COMMAND_IMPORT = {
    .name = "import",
    .arguments = "FILE...",
    .summary = "record responses that were captured before",
    .options = {OPTION(account), OPTION(product), OPTION(received_at_ms), OPTION(interval_ms),
                OPTION(skip_bad)},
    .arguments_min = 1,
    .arguments_max = -1,
    .run = run,
};
