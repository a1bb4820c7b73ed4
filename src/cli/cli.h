/* What every command is given, and what they share. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "cli/config.h"
#include "cli/options.h"
#include "report/report.h"
#include "store/file/database.h"
#include "store/verify.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_REFUSED = 3,
    EXIT_READER_GONE = 141, /* as of what SIGPIPE ends */
};

struct cli {
    char **words; /* as the program was given them */
    struct options options;
    int argument_count; /* what follows the command and its options */
    char **arguments;
    int64_t now_ms; /* wall clock at the start */
    struct config config;
    struct database database; /* that cli_open_database() and its like open */
    FILE *out;                /* see cli_open_output() */
    struct text out_path;     /* of the file that it becomes ... */
    struct text part_path;    /* ... and where it is gathered; empty when it is written to itself */
    int exit_code;            /* of a command that did not fail: a check may have found something */
};

struct command {
    const char *name;
    const char *arguments; /* as in the usage line; "" for none */
    const char *summary;   /* one line; paragraphs and examples are in cli/help */
    size_t options[OPTIONS_PER_COMMAND_MAX];
    int arguments_min;
    int arguments_max; /* -1 for any number */

    /* Does the command. False with the error set when it failed: the error's kind decides the exit
     * code. */
    bool (*run)(struct cli *cli, struct error *error);
};

extern const struct command COMMAND_FETCH;
extern const struct command COMMAND_RUN;
extern const struct command COMMAND_BACKFILL;
extern const struct command COMMAND_IMPORT;
extern const struct command COMMAND_EXPORT;
extern const struct command COMMAND_BODY;
extern const struct command COMMAND_POSITIONS;
extern const struct command COMMAND_SQL;
extern const struct command COMMAND_STATUS;
extern const struct command COMMAND_REPORT;
extern const struct command COMMAND_DOCTOR;
extern const struct command COMMAND_VERIFY;
extern const struct command COMMAND_SEAL;
extern const struct command COMMAND_REBUILD;
extern const struct command COMMAND_BACKUP;
extern const struct command COMMAND_MIGRATE;
extern const struct command COMMAND_MIRROR;
extern const struct command COMMAND_PROVE;
extern const struct command COMMAND_CHECK_PROOF;

/* Reads the config file, once. */
bool cli_load_config(struct cli *cli, struct error *error);

/* The database that -d, the config or the default names. */
bool cli_database_path(struct cli *cli, const char **path, struct error *error);

/* Opens the database that -d, the config or the default names, until the command has ended. For
 * reading it must be there, posrec's and at the latest version; for writing it is made and migrated
 * as needed. */
bool cli_open_database(struct cli *cli, enum database_mode mode, struct error *error);

/* Like cli_open_database() for reading, whatever its views are: for what only looks at tables. */
bool cli_open_evidence(struct cli *cli, struct error *error);

/* The same, whatever the schema's version. */
bool cli_open_any_version(struct cli *cli, struct error *error);

/* verify_database() with a progress bar. */
bool cli_verify(const struct cli *cli, const struct database *database,
                struct verify_settings *settings, struct verify_report *report,
                struct error *error);

/* Sets cli->out, the stream for results: standard output, or for --output a file beside the named
 * one, which takes its name when all is written: a command that fails neither leaves a part nor
 * spoils what was there. What is no regular file (a pipe, a device) is written to itself. */
bool cli_open_output(struct cli *cli, struct error *error);

/* Closes it, if it was opened, and returns whether all went well: `done` says how opening and
 * writing went. A failed write shows at the latest here; an error that is set already stays. */
bool cli_close_output(struct cli *cli, bool done, struct error *error);

/* What the options ask the database. */
struct report_question cli_question(const struct cli *cli);

/* Runs a report with the options' format and output. */
bool cli_report(struct cli *cli, const struct report_question *question, const char *name,
                int64_t *row_count, struct error *error);

/* With -q these three ask nothing. */

/* Says why there is nothing to show, by report_explain_nothing(). */
bool cli_say_nothing(const struct cli *cli, const struct report_question *question,
                     const char *kind, struct error *error);

/* Says which parts of the range are not recorded, where there are some. */
bool cli_say_silence(const struct cli *cli, const struct report_question *question,
                     const char *kind, struct error *error);

/* Says what the report called `name` says in a sentence, where it does. */
bool cli_say_note(const struct cli *cli, const struct report_question *question, const char *name,
                  struct error *error);

/* What the command leaves open. */
void cli_end(struct cli *cli);

/* A line for people. Whatever its parts hold, it is one line and moves no terminal. */
void cli_print(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_vprint(FILE *out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* A line on stderr for people, unless -q was given. */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
