/* Command-line options: one table for all of them, from which getopt_long, `--help` and typed
 * values come. A command lists the options it takes. */
#ifndef POSREC_CLI_OPTIONS_H
#define POSREC_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "model/maybe.h"
#include "report/render.h"

enum option_id {
    OPTION_NONE, /* ends a list */
    OPTION_CONFIG,
    OPTION_DATABASE,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_ACCOUNT,
    OPTION_ALL,
    OPTION_AT,
    OPTION_FROM,
    OPTION_TO,
    OPTION_EVERY,
    OPTION_SYMBOL,
    OPTION_SIDE,
    OPTION_STRICT,
    OPTION_REFRESH,
    OPTION_TIMEOUT,
    OPTION_RECEIVED_AT,
    OPTION_INTERVAL,
    OPTION_SKIP_BAD,
    OPTION_FORMAT,
    OPTION_OUTPUT,
    OPTION_STATUS,
    OPTION_FROM_CAPTURE,
    OPTION_HEAD,
    OPTION_FOR,
    OPTION_COUNT_TICKS,
    OPTION_MAX_AGE,
    OPTION_SERVER,
    OPTION_NAME,
    OPTION_FOLLOW,
    OPTION_WITH_BODIES,
    OPTION_CHECK,
    OPTION_RESTORE,
    OPTION_DISTRIBUTE,
    OPTION_COUNT,
};

#define OPTIONS_PER_COMMAND_MAX 12

struct options {
    /* For every command */
    const char *config; /* NULL when not given, as all texts */
    const char *database;
    bool quiet;
    int verbosity; /* how many -v */
    bool help;
    bool version;

    const char *account;
    bool all;
    struct maybe_int at_ms;
    struct maybe_int from_ms;
    struct maybe_int to_ms;
    struct maybe_int every_ms;
    const char *symbol;
    const char *side;
    bool strict;
    struct maybe_int refresh_ms;
    struct maybe_int timeout_ms;
    struct maybe_int received_at_ms;
    struct maybe_int interval_ms;
    bool skip_bad;
    enum report_format format;
    const char *output;
    bool status;
    const char *from_capture;
    const char *head;
    struct maybe_int for_ms;
    struct maybe_int tick_count;
    struct maybe_int max_age_ms;
    const char *server;
    const char *name;
    bool follow;
    bool with_bodies;
    bool check;
    const char *restore;
    bool distribute;
};

/* Reads options in front of the first argument that is none (`first_only`), or among all arguments.
 * `accepted` ends with OPTION_NONE; the global ones are accepted always. Returns in *next the index
 * of the first argument left; they are moved to the end of argv. `now_ms` serves relative times. */
bool options_parse(struct options *options, int argc, char **argv, const enum option_id *accepted,
                   bool first_only, int64_t now_ms, int *next, struct error *error);

/* Writes a line or two for each option of the list. */
void options_print_help(const enum option_id *list, FILE *out);

/* Writes how the times and durations that the list's options take are written; nothing when there
 * are none. */
void options_print_values(const enum option_id *list, FILE *out);

extern const enum option_id OPTIONS_GLOBAL[];

#endif
