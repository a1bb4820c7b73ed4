/* Command-line options: one table for all of them, from which getopt_long, `--help` and typed
 * values come. A command lists the options it takes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/calendar.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/time_text.h"
#include "model/maybe.h"
#include "report/render.h"

/* An option is known by the field that its value goes to. */
#define OPTION(field) offsetof(struct options, field)
#define OPTIONS_END 0 /* ends a list; what was not written of one is this, too */
#define OPTIONS_PER_COMMAND_MAX 18

struct options {
    int next; /* index of the first argument that is left; the field of no option */

    /* For every command */
    const char *config; /* NULL when not given, as all texts */
    const char *database;
    bool quiet;
    int verbosity; /* how many -v */
    bool help;
    bool version;

    const char *account;
    const char *product;
    bool all;
    struct maybe_int at_ms;
    struct maybe_int from_ms; /* [from_ms, to_ms), whichever way it was said */
    struct maybe_int to_ms;
    struct time_span day; /* empty when not given, as month */
    struct time_span month;
    struct calendar_step every; /* of length 0 when not given */
    const char *by;
    const char *symbol;
    const char *side;
    bool strict;
    bool verify;
    bool prove;
    struct maybe_int refresh_ms;
    struct maybe_int timeout_ms;
    struct maybe_int received_at_ms;
    struct maybe_int interval_ms;
    bool skip_bad;
    enum report_format format;
    const char *columns;
    bool wide;
    const char *output;
    bool status;
    const char *from_capture;
    const char *head;
    const char *root;
    struct maybe_int tree_count;
    struct maybe_int for_ms;
    struct maybe_int tick_count;
    struct maybe_int max_age_ms;
    const char *server;
    const char *name;
    bool follow;
    bool backfill;
    bool with_bodies;
    bool check;
    const char *restore;
    bool distribute;
    const char *url;
    const char *ca_file;
};

/* Reads the options of `accepted`, which ends with OPTIONS_END, and the global ones among all
 * arguments, and moves what is left to the end of argv; with NULL only global ones, in front of the
 * first argument that is none. `now_ms` serves relative times. A range is whole: --to a day or a
 * month is its end, --day and --month are both ends; one that would be empty is refused. */
bool options_parse(struct options *options, int argc, char **argv, const size_t *accepted,
                   int64_t now_ms, struct error *error);

/* Reads a whole number over 0. */
bool options_read_number(const char *text, int64_t *number);

/* Reads 64 hex digits; `option` is what the error calls it. */
bool options_read_sha256(const char *option, const char *text, struct sha256_digest *digest,
                         struct error *error);

/* Writes a line or two for each option of the list. */
void options_print_help(const size_t *list, FILE *out);

/* Writes how the times and durations that the list's options take are written; nothing when there
 * are none. */
void options_print_values(const size_t *list, FILE *out);

extern const size_t OPTIONS_GLOBAL[];
