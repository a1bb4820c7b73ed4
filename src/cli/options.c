#include "cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "base/decimal.h"
#include "base/time_text.h"

enum kind {
    KIND_FLAG,
    KIND_COUNT,
    KIND_TEXT,
    KIND_SIDE,
    KIND_NUMBER,
    KIND_TIME,
    KIND_DURATION,
    KIND_FORMAT,
};

struct definition {
    const char *name;
    char letter;          /* 0 for none */
    const char *argument; /* NULL for none */
    enum kind kind;
    size_t offset; /* of the value in struct options */
    const char *help;
};

static const struct definition DEFINITIONS[OPTION_COUNT] = {
    [OPTION_CONFIG] = {"config", 'c', "FILE", KIND_TEXT, offsetof(struct options, config),
                       "configuration file"},
    [OPTION_DATABASE] = {"database", 'd', "DB", KIND_TEXT, offsetof(struct options, database),
                         "database file; else the config's, else posrec.db"},
    [OPTION_QUIET] = {"quiet", 'q', NULL, KIND_FLAG, offsetof(struct options, quiet),
                      "errors only"},
    [OPTION_VERBOSE] = {"verbose", 'v', NULL, KIND_COUNT, offsetof(struct options, verbosity),
                        "say more; twice for all"},
    [OPTION_HELP] = {"help", 'h', NULL, KIND_FLAG, offsetof(struct options, help),
                     "show help and end"},
    [OPTION_VERSION] = {"version", 'V', NULL, KIND_FLAG, offsetof(struct options, version),
                        "show posrec's and its libraries' versions and end"},
    [OPTION_ACCOUNT] = {"account", 0, "NAME", KIND_TEXT, offsetof(struct options, account),
                        "only this account"},
    [OPTION_ALL] = {"all", 0, NULL, KIND_FLAG, offsetof(struct options, all), "flat legs too"},
    [OPTION_AT] = {"at", 0, "TIME", KIND_TIME, offsetof(struct options, at_ms),
                   "as they stood then, not now"},
    [OPTION_FROM] = {"from", 0, "TIME", KIND_TIME, offsetof(struct options, from_ms),
                     "from this time on"},
    [OPTION_TO] = {"to", 0, "TIME", KIND_TIME, offsetof(struct options, to_ms),
                   "up to and including this time"},
    [OPTION_EVERY] = {"every", 0, "DURATION", KIND_DURATION, offsetof(struct options, every_ms),
                      "a row for each whole step in UTC, such as 5m, 1h or 1d"},
    [OPTION_SYMBOL] = {"symbol", 0, "SYMBOL", KIND_TEXT, offsetof(struct options, symbol),
                       "only this symbol"},
    [OPTION_SIDE] = {"side", 0, "SIDE", KIND_SIDE, offsetof(struct options, side),
                     "only this position side: BOTH, LONG or SHORT"},
    [OPTION_STRICT] = {"strict", 0, NULL, KIND_FLAG, offsetof(struct options, strict),
                       "exit 1 when there are findings"},
    [OPTION_REFRESH] = {"refresh", 0, "DURATION", KIND_DURATION,
                        offsetof(struct options, refresh_ms),
                        "the page loads itself anew this often (html)"},
    [OPTION_TIMEOUT] = {"timeout", 0, "DURATION", KIND_DURATION,
                        offsetof(struct options, timeout_ms), "give up after this long"},
    [OPTION_RECEIVED_AT] = {"received-at", 0, "TIME", KIND_TIME,
                            offsetof(struct options, received_at_ms),
                            "the file is one bare response, received then"},
    [OPTION_INTERVAL] = {"interval", 0, "DURATION", KIND_DURATION,
                         offsetof(struct options, interval_ms),
                         "how often the polls were meant to come"},
    [OPTION_SKIP_BAD] = {"skip-bad", 0, NULL, KIND_FLAG, offsetof(struct options, skip_bad),
                         "report bad lines and go on"},
    [OPTION_FORMAT] = {"format", 0, "FORMAT", KIND_FORMAT, offsetof(struct options, format),
                       "table, csv, json, ndjson or html"},
    [OPTION_OUTPUT] = {"output", 'o', "FILE", KIND_TEXT, offsetof(struct options, output),
                       "write to this file, not to standard output"},
    [OPTION_STATUS] = {"status", 0, NULL, KIND_FLAG, offsetof(struct options, status),
                       "only say where the database stands"},
    [OPTION_FROM_CAPTURE] = {"from", 0, "CAPTURE", KIND_TEXT,
                             offsetof(struct options, from_capture),
                             "start at this capture; take those before it as given"},
    [OPTION_HEAD] = {"head", 0, "HASH", KIND_TEXT, offsetof(struct options, head),
                     "this link, noted earlier, must be part of the chain"},
    [OPTION_FOR] = {"for", 0, "DURATION", KIND_DURATION, offsetof(struct options, for_ms),
                    "stop after this long"},
    [OPTION_COUNT_TICKS] = {"count", 0, "N", KIND_NUMBER, offsetof(struct options, tick_count),
                            "stop when each account has had so many ticks"},
    [OPTION_MAX_AGE] = {"max-age", 0, "DURATION", KIND_DURATION,
                        offsetof(struct options, max_age_ms),
                        "exit 1 when an account's last good poll is older"},
    [OPTION_SERVER] = {"to", 0, "CONNINFO", KIND_TEXT, offsetof(struct options, server),
                       "the server, as libpq takes it; else the config's `mirror`"},
    [OPTION_NAME] = {"name", 0, "NAME", KIND_TEXT, offsetof(struct options, name),
                     "of this recorder; else the host's name and the file's path"},
    [OPTION_FOLLOW] = {"follow", 0, NULL, KIND_FLAG, offsetof(struct options, follow),
                       "go on as captures come, until stopped"},
    [OPTION_WITH_BODIES] = {"with-bodies", 0, NULL, KIND_FLAG,
                            offsetof(struct options, with_bodies),
                            "the received bytes too; from then on always"},
    [OPTION_CHECK] = {"check", 0, NULL, KIND_FLAG, offsetof(struct options, check),
                      "then compare both sides"},
    [OPTION_RESTORE] = {"restore", 0, "FILE", KIND_TEXT, offsetof(struct options, restore),
                        "make a recorder's file again from a mirror with bodies"},
    [OPTION_DISTRIBUTE] = {"distribute", 0, NULL, KIND_FLAG, offsetof(struct options, distribute),
                           "first have Citus spread the tables over its workers"},
};

const enum option_id OPTIONS_GLOBAL[] = {OPTION_CONFIG,  OPTION_DATABASE, OPTION_QUIET,
                                         OPTION_VERBOSE, OPTION_HELP,     OPTION_VERSION,
                                         OPTION_NONE};

#define GLOBAL_COUNT (sizeof OPTIONS_GLOBAL / sizeof OPTIONS_GLOBAL[0] - 1)
#define ACCEPTED_MAX (OPTIONS_PER_COMMAND_MAX + GLOBAL_COUNT)

/* What getopt_long() returns for an option: its id, past the range of characters. */
#define VALUE_OF(id) (0x1000 + (int)(id))

struct tables {
    struct option longs[ACCEPTED_MAX + 1];
    char letters[ACCEPTED_MAX * 2 + 3];
    size_t count;
};

static void add_to_tables(struct tables *tables, const enum option_id *list)
{
    for (; *list != OPTION_NONE; list++) {
        const struct definition *definition = &DEFINITIONS[*list];
        assert(tables->count < ACCEPTED_MAX);
        tables->longs[tables->count++] = (struct option){
            definition->name, definition->argument != NULL ? required_argument : no_argument, NULL,
            VALUE_OF(*list)};
        if (definition->letter != 0) {
            size_t end = strlen(tables->letters);
            tables->letters[end] = definition->letter;
            if (definition->argument != NULL) {
                tables->letters[end + 1] = ':';
            }
        }
    }
}

static enum option_id id_of(int value)
{
    if (value >= VALUE_OF(0)) {
        return (enum option_id)(value - VALUE_OF(0));
    }
    int id = OPTION_NONE + 1;
    while (id < OPTION_COUNT && DEFINITIONS[id].letter != value) {
        id++;
    }
    return (enum option_id)id;
}

/* The exchange's own spelling, whatever the case it was typed in. */
static bool take_side(const char *argument, const char **side, struct error *error)
{
    static const char *const SIDES[] = {"BOTH", "LONG", "SHORT"};
    for (size_t i = 0; i < sizeof SIDES / sizeof SIDES[0]; i++) {
        if (strcasecmp(argument, SIDES[i]) == 0) {
            *side = SIDES[i];
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "'%s' is no position side (BOTH, LONG or SHORT)",
                     argument);
}

static bool take_value(struct options *options, const struct definition *definition,
                       const char *argument, int64_t now_ms, struct error *error)
{
    void *target = (char *)options + definition->offset;
    struct maybe_int *number = target;
    bool rounded = false;
    switch (definition->kind) {
    case KIND_FLAG:
        *(bool *)target = true;
        return true;
    case KIND_COUNT:
        ++*(int *)target;
        return true;
    case KIND_TEXT:
        *(const char **)target = argument;
        return true;
    case KIND_SIDE:
        return take_side(argument, target, error);
    case KIND_NUMBER:
        number->known =
            decimal_parse(span_of(argument), 0, &number->value, &rounded) == DECIMAL_OK &&
            !rounded && number->value > 0;
        return number->known || error_set(error, ERROR_USAGE, "'%s' is no number over 0", argument);
    case KIND_TIME:
        number->known = time_text_parse(argument, now_ms, &number->value, error);
        return number->known;
    case KIND_DURATION:
        number->known = duration_parse(argument, &number->value, error);
        return number->known;
    case KIND_FORMAT:
        return report_format_from_name(argument, target, error);
    }
    return false;
}

static bool unknown_option(char **argv, struct error *error)
{
    const char *word = argv[optind - 1];
    if (optopt >= VALUE_OF(0)) {
        const struct definition *definition = &DEFINITIONS[id_of(optopt)];
        return error_set(error, ERROR_USAGE,
                         definition->argument != NULL ? "option --%s needs a value"
                                                      : "option --%s takes no value",
                         definition->name);
    }
    if (optopt != 0) {
        return error_set(error, ERROR_USAGE, "option -%c: unknown, or its value is missing",
                         optopt);
    }
    return error_set(error, ERROR_USAGE, "option %s: unknown here", word);
}

bool options_parse(struct options *options, int argc, char **argv, const enum option_id *accepted,
                   bool first_only, int64_t now_ms, int *next, struct error *error)
{
    struct tables tables = {.letters = {first_only ? '+' : ':', first_only ? ':' : '\0'}};
    int value;
    add_to_tables(&tables, OPTIONS_GLOBAL);
    add_to_tables(&tables, accepted);
    optind = 0; /* starts getopt_long() afresh */
    opterr = 0;
    while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
        if (value == '?' || value == ':') {
            return unknown_option(argv, error);
        }
        const struct definition *definition = &DEFINITIONS[id_of(value)];
        if (!take_value(options, definition, optarg, now_ms, error)) {
            return error_context(error, "--%s", definition->name);
        }
    }
    *next = optind;
    return true;
}

void options_print_help(const enum option_id *list, FILE *out)
{
    for (; *list != OPTION_NONE; list++) {
        const struct definition *definition = &DEFINITIONS[*list];
        char name[64], letter[8] = "    ";
        snprintf(name, sizeof name, "--%s%s%s", definition->name,
                 definition->argument != NULL ? " " : "",
                 definition->argument != NULL ? definition->argument : "");
        if (definition->letter != 0) {
            snprintf(letter, sizeof letter, "-%c, ", definition->letter);
        }
        fprintf(out, "  %s%-22s %s\n", letter, name, definition->help);
    }
}

static bool takes(const enum option_id *list, enum kind kind)
{
    while (*list != OPTION_NONE && DEFINITIONS[*list].kind != kind) {
        list++;
    }
    return *list != OPTION_NONE;
}

void options_print_values(const enum option_id *list, FILE *out)
{
    if (takes(list, KIND_TIME)) {
        fputs(
            "\nTIME: 2026-11-24, 2026-11-24T14:03:10Z or with +02:00 (UTC where no zone is named), "
            "now,\n-24h (a duration from now), epoch seconds (a number of up to 10 digits) or "
            "milliseconds\n(of 11 and more).\n",
            out);
    }
    if (takes(list, KIND_DURATION)) {
        fputs("\nDURATION: a whole number and ms, s, m, h or d, such as 10s.\n", out);
    }
}
