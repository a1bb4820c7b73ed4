#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/terminal.h"
#include "cli/progress.h"
#include "report/nothing.h"
#include "service/run_lock.h"
#include "store/migrate.h"

bool cli_load_config(struct cli *cli, struct error *error)
{
    if (cli->config.path != NULL) {
        return true;
    }
    return config_load(cli->options.config, &cli->config, error);
}

/* With -d the config is not asked, so that a database can be read wherever it comes from. */
bool cli_database_path(struct cli *cli, const char **path, struct error *error)
{
    *path = cli->options.database;
    if (*path != NULL) {
        return true;
    }
    if (!cli_load_config(cli, error)) {
        return false;
    }
    *path = cli->config.database != NULL ? cli->config.database : CONFIG_DATABASE_DEFAULT;
    return true;
}

bool cli_open_any_version(struct cli *cli, struct database *database, struct error *error)
{
    const char *path;
    return cli_database_path(cli, &path, error) &&
           database_open(path, DATABASE_READ, database, error);
}

bool cli_open_evidence(struct cli *cli, struct database *database, struct error *error)
{
    if (!cli_open_any_version(cli, database, error)) {
        return false;
    }
    if (!migrate_check_version(database, error)) {
        database_close(database);
        return false;
    }
    return true;
}

/* An older recorder that is still running would go on as if nothing had changed. */
static bool migrate(const struct cli *cli, const struct database *database, struct error *error)
{
    struct progress progress;
    struct hours_watch watch = {&progress, progress_watch};
    int64_t version;
    if (!migrate_version(database, &version, error)) {
        return false;
    }
    if (version < migrate_latest() && run_lock_is_held(database->path)) {
        return error_set(error, ERROR_FAILED,
                         "%s: schema version %lld is older than this posrec's %d, and an older "
                         "'posrec run' is recording into it (stop that one first)",
                         database->path, (long long)version, migrate_latest());
    }
    progress_begin(&progress, "migrate", 0, cli->options.quiet);
    bool done = migrate_apply(database, cli->now_ms, &watch, error);
    progress_end(&progress);
    return done;
}

bool cli_open_database(struct cli *cli, enum database_mode mode, struct database *database,
                       struct error *error)
{
    const char *path;
    if (!cli_database_path(cli, &path, error) || !database_open(path, mode, database, error)) {
        return false;
    }
    bool ready =
        mode == DATABASE_READ ? migrate_check(database, error) : migrate(cli, database, error);
    if (!ready) {
        database_close(database);
    }
    return ready;
}

/* The file that --output's content is gathered in; "" when it is written to directly. Where a name
 * is a link, the file that it leads to is replaced. */
static bool part_name(const char *output, struct text *target, struct text *part,
                      struct error *error)
{
    struct stat info;
    bool exists = stat(output, &info) == 0;
    char *resolved = exists ? realpath(output, NULL) : NULL;
    text_append_string(target, resolved != NULL ? resolved : output);
    free(resolved);
    if (!exists || S_ISREG(info.st_mode)) {
        text_printf(part, "%s.%d.part", text_string(target), (int)getpid());
    }
    return !(target->failed || part->failed) || error_no_memory(error);
}

bool cli_open_output(const struct cli *cli, FILE **out, struct error *error)
{
    const char *output = cli->options.output;
    struct text target = {0}, part = {0};
    bool done = true;
    *out = stdout;
    if (output != NULL && (done = part_name(output, &target, &part, error))) {
        *out = fopen(part.size > 0 ? text_string(&part) : output, "we");
        done = *out != NULL ||
               error_set(error, ERROR_FAILED, "output %s: %s", output, strerror(errno));
    }
    text_free(&target);
    text_free(&part);
    return done;
}

/* Gives the gathered file its name, or takes it away. */
static bool end_part(const char *output, bool done, struct error *error)
{
    struct text target = {0}, part = {0};
    bool named = part_name(output, &target, &part, error);
    if (named && part.size > 0) {
        if (!done) {
            unlink(text_string(&part));
        } else if (rename(text_string(&part), text_string(&target)) != 0) {
            named = error_set(error, ERROR_FAILED, "output %s: %s", output, strerror(errno));
        }
    }
    text_free(&target);
    text_free(&part);
    return done && named;
}

bool cli_close_output(const struct cli *cli, FILE *out, bool done, struct error *error)
{
    const char *output = cli->options.output;
    bool written = fflush(out) == 0 && ferror(out) == 0;
    if (!done && !written && output != NULL) {
        error_context(error, "%s", output); /* whoever wrote does not know the name */
    }
    if (done && !written) {
        done = error_set_output(error, out, output != NULL ? output : "standard output");
    }
    if (out != stdout && fclose(out) != 0 && done) {
        done = error_set(error, ERROR_FAILED, "output %s: %s", output, strerror(errno));
    }
    return output != NULL ? end_part(output, done, error) : done;
}

bool cli_report(const struct cli *cli, const struct database *database, const char *name,
                const struct report_parameter *parameters, int64_t *row_count, struct error *error)
{
    FILE *out;
    if (!cli_open_output(cli, &out, error)) {
        return false;
    }
    bool done = report_run(database, name, parameters, cli->options.format, out, row_count, error);
    return cli_close_output(cli, out, done, error);
}

bool cli_say_nothing(const struct cli *cli, const struct database *database, const char *kind,
                     const struct report_filter *filter, struct error *error)
{
    struct text sentence = {0};
    bool done = nothing_explain(database, kind, filter, &sentence, error);
    if (done) {
        cli_say(cli, "%s", text_string(&sentence));
    }
    text_free(&sentence);
    return done;
}

void cli_vprint(FILE *out, const char *format, va_list arguments)
{
    struct text line = {0};
    char *words = NULL;
    int size = vasprintf(&words, format, arguments);
    if (size >= 0) {
        terminal_append(&line, (struct span){words, (size_t)size});
        free(words);
    }
    text_append_char(&line, '\n');
    fputs(text_string(&line), out);
    text_free(&line);
}

void cli_print(FILE *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    cli_vprint(out, format, arguments);
    va_end(arguments);
}

void cli_say(const struct cli *cli, const char *format, ...)
{
    if (cli->options.quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    cli_vprint(stderr, format, arguments);
    va_end(arguments);
}
