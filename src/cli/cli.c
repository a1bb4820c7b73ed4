#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/terminal.h"
#include "cli/progress.h"
#include "host/run_lock.h"
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

bool cli_open_any_version(struct cli *cli, struct error *error)
{
    const char *path;
    return cli_database_path(cli, &path, error) &&
           database_open(path, DATABASE_READ, &cli->database, error);
}

bool cli_open_evidence(struct cli *cli, struct error *error)
{
    return cli_open_any_version(cli, error) && migrate_check_version(&cli->database, error);
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

bool cli_open_database(struct cli *cli, enum database_mode mode, struct error *error)
{
    struct database *database = &cli->database;
    const char *path;
    return cli_database_path(cli, &path, error) && database_open(path, mode, database, error) &&
           (mode == DATABASE_READ ? migrate_check(database, error) : migrate(cli, database, error));
}

bool cli_verify(const struct cli *cli, const struct database *database,
                struct verify_settings *settings, struct verify_report *report, struct error *error)
{
    struct progress progress;
    settings->context = &progress;
    settings->on_progress = progress_watch;
    progress_begin(&progress, "verify", 0, cli->options.quiet);
    bool done = verify_database(database, settings, report, error);
    progress_end(&progress);
    return done;
}

/* Where a name is a link, the file that it leads to is replaced. */
static bool choose_paths(struct cli *cli, const char *output, struct error *error)
{
    struct stat info;
    bool exists = stat(output, &info) == 0;
    char *resolved = exists ? realpath(output, NULL) : NULL;
    text_append_string(&cli->out_path, resolved != NULL ? resolved : output);
    free(resolved);
    if (!exists || S_ISREG(info.st_mode)) {
        text_printf(&cli->part_path, "%s.%d.part", text_string(&cli->out_path), (int)getpid());
    }
    return !(cli->out_path.failed || cli->part_path.failed) || error_no_memory(error);
}

static bool output_error(const struct cli *cli, struct error *error)
{
    return error_set(error, ERROR_FAILED, "output %s: %s", cli->options.output, strerror(errno));
}

bool cli_open_output(struct cli *cli, struct error *error)
{
    const char *output = cli->options.output;
    if (output == NULL) {
        cli->out = stdout;
    } else if (choose_paths(cli, output, error)) {
        const char *part = text_string(&cli->part_path);
        cli->out = fopen(part[0] != '\0' ? part : output, "we");
        return cli->out != NULL || output_error(cli, error);
    }
    return cli->out != NULL;
}

bool cli_close_output(struct cli *cli, bool done, struct error *error)
{
    const char *output = cli->options.output, *part = text_string(&cli->part_path);
    FILE *out = cli->out;
    if (out == NULL) {
        return false;
    }
    bool written = fflush(out) == 0 && ferror(out) == 0;
    if (!done && !written && output != NULL) {
        error_context(error, "%s", output); /* whoever wrote does not know the name */
    }
    if (done && !written) {
        done = error_set_output(error, out, output != NULL ? output : "standard output");
    }
    if (out != stdout && fclose(out) != 0 && done) {
        done = output_error(cli, error);
    }
    if (part[0] != '\0' && !done) {
        unlink(part);
    } else if (part[0] != '\0' && rename(part, text_string(&cli->out_path)) != 0) {
        done = output_error(cli, error);
    }
    return done;
}

struct report_question cli_question(const struct cli *cli)
{
    const struct options *options = &cli->options;
    return (struct report_question){
        .database = &cli->database,
        .account = options->account,
        .symbol = options->symbol,
        .side = options->side,
        .from_ms = options->from_ms,
        .to_ms = options->to_ms,
        .every = options->every,
        .all = options->all,
        .now_ms = cli->now_ms,
        .columns = options->columns,
        .wide = options->wide,
    };
}

bool cli_report(struct cli *cli, const struct report_question *question, const char *name,
                int64_t *row_count, struct error *error)
{
    bool done = cli_open_output(cli, error) &&
                report_run(question, name, cli->options.format, cli->out, row_count, error);
    return cli_close_output(cli, done, error);
}

/* A sentence that may be empty, and is freed. */
static bool say_sentence(const struct cli *cli, bool done, struct text *sentence)
{
    if (done && sentence->size > 0) {
        cli_say(cli, "%s", text_string(sentence));
    }
    text_free(sentence);
    return done;
}

bool cli_say_nothing(const struct cli *cli, const struct report_question *question,
                     const char *kind, struct error *error)
{
    struct text sentence = {0};
    return cli->options.quiet ||
           say_sentence(cli, report_explain_nothing(question, kind, &sentence, error), &sentence);
}

bool cli_say_silence(const struct cli *cli, const struct report_question *question,
                     const char *kind, struct error *error)
{
    struct text sentence = {0};
    return cli->options.quiet ||
           say_sentence(cli, report_tell_silence(question, kind, &sentence, error), &sentence);
}

bool cli_say_note(const struct cli *cli, const struct report_question *question, const char *name,
                  struct error *error)
{
    struct text sentence = {0};
    return cli->options.quiet ||
           say_sentence(cli, report_tell_note(question, name, &sentence, error), &sentence);
}

void cli_end(struct cli *cli)
{
    database_close(&cli->database);
    config_free(&cli->config);
    text_free(&cli->out_path);
    text_free(&cli->part_path);
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
