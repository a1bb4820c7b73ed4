#include "cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

#include "base/decimal.h"

enum kind {
    KIND_FLAG,
    KIND_COUNT,
    KIND_TEXT,
    KIND_SIDE,
    KIND_NUMBER,
    KIND_TIME,
    KIND_END,
    KIND_DAY,
    KIND_MONTH,
    KIND_DURATION,
    KIND_STEP,
    KIND_FORMAT,
};

struct definition {
    size_t option;
    const char *name;
    char letter;          /* 0 for none */
    const char *argument; /* NULL for none */
    enum kind kind;
    const char *help;
};

static const struct definition DEFINITIONS[] = {
    {OPTION(config), "config", 'c', "FILE", KIND_TEXT, "configuration file"},
    {OPTION(database), "database", 'd', "DB", KIND_TEXT,
     "database file; else the config's, else posrec.db"},
    {OPTION(quiet), "quiet", 'q', NULL, KIND_FLAG, "errors only"},
    {OPTION(verbosity), "verbose", 'v', NULL, KIND_COUNT, "say more; twice for all"},
    {OPTION(help), "help", 'h', NULL, KIND_FLAG, "show help and end"},
    {OPTION(version), "version", 'V', NULL, KIND_FLAG,
     "show posrec's and its libraries' versions and end"},
    {OPTION(account), "account", 0, "NAME", KIND_TEXT, "only this account"},
    {OPTION(product), "product", 0, "PRODUCT", KIND_TEXT,
     "of an account that is new: coin-m or usd-m"},
    {OPTION(all), "all", 0, NULL, KIND_FLAG, "flat legs too"},
    {OPTION(at_ms), "at", 0, "TIME", KIND_TIME, "as they stood then, not now"},
    {OPTION(from_ms), "from", 0, "TIME", KIND_TIME, "from this time on"},
    {OPTION(to_ms), "to", 0, "TIME", KIND_END, "to before this time; to the end of a day or month"},
    {OPTION(day), "day", 0, "DAY", KIND_DAY, "from a day's midnight to the next"},
    {OPTION(month), "month", 0, "MONTH", KIND_MONTH, "from a month's first day to the next one's"},
    {OPTION(every), "every", 0, "STEP", KIND_STEP,
     "a row for each whole step in UTC, such as 5m, 1h, 1d, 1w or 1mo"},
    {OPTION(by), "by", 0, "KEY", KIND_TEXT, "rows summed by leg, symbol, asset, account or total"},
    {OPTION(symbol), "symbol", 0, "SYMBOL", KIND_TEXT, "only this symbol"},
    {OPTION(side), "side", 0, "SIDE", KIND_SIDE, "only this position side: BOTH, LONG or SHORT"},
    {OPTION(verify), "verify", 0, NULL, KIND_FLAG, "verify the copy, too"},
    {OPTION(prove), "prove", 0, NULL, KIND_FLAG,
     "say what shows it, and the command that proves it"},
    {OPTION(strict), "strict", 0, NULL, KIND_FLAG, "exit 1 when there are findings, or gaps"},
    {OPTION(refresh_ms), "refresh", 0, "DURATION", KIND_DURATION,
     "the page loads itself anew this often (html)"},
    {OPTION(timeout_ms), "timeout", 0, "DURATION", KIND_DURATION, "give up after this long"},
    {OPTION(received_at_ms), "received-at", 0, "TIME", KIND_TIME,
     "the file is one bare response, received then"},
    {OPTION(interval_ms), "interval", 0, "DURATION", KIND_DURATION,
     "how often the polls were meant to come"},
    {OPTION(skip_bad), "skip-bad", 0, NULL, KIND_FLAG, "report bad lines and go on"},
    {OPTION(columns), "columns", 0, "NAMES", KIND_TEXT,
     "only these, in this order: names with commas"},
    {OPTION(wide), "wide", 0, NULL, KIND_FLAG, "all columns, also where the terminal has no room"},
    {OPTION(format), "format", 0, "FORMAT", KIND_FORMAT, "table, csv, json, ndjson, html or sheet"},
    {OPTION(output), "output", 'o', "FILE", KIND_TEXT,
     "write to this file, not to standard output"},
    {OPTION(status), "status", 0, NULL, KIND_FLAG, "only say where the database stands"},
    {OPTION(from_capture), "from", 0, "CAPTURE", KIND_TEXT,
     "start at this capture; take those before it as given"},
    {OPTION(head), "head", 0, "HASH", KIND_TEXT,
     "this link, noted earlier, must be part of the chain"},
    {OPTION(root), "root", 0, "HASH", KIND_TEXT, "this root, noted earlier, must be the tree's"},
    {OPTION(tree_count), "count", 0, "N", KIND_NUMBER,
     "under the tree's root as it was after N captures, not now"},
    {OPTION(for_ms), "for", 0, "DURATION", KIND_DURATION, "stop after this long"},
    {OPTION(tick_count), "count", 0, "N", KIND_NUMBER,
     "stop when each account has had so many ticks"},
    {OPTION(max_age_ms), "max-age", 0, "DURATION", KIND_DURATION,
     "exit 1 when an account's last good poll is older"},
    {OPTION(server), "to", 0, "CONNINFO", KIND_TEXT,
     "the server, as libpq takes it; else the config's `mirror`"},
    {OPTION(name), "name", 0, "NAME", KIND_TEXT,
     "of this recorder; else the host's name and the file's path"},
    {OPTION(follow), "follow", 0, NULL, KIND_FLAG, "go on as captures come, until stopped"},
    {OPTION(backfill), "backfill", 0, NULL, KIND_FLAG,
     "and fetch the time before, of what weight is left"},
    {OPTION(with_bodies), "with-bodies", 0, NULL, KIND_FLAG,
     "the received bytes too; from then on always"},
    {OPTION(check), "check", 0, NULL, KIND_FLAG, "then compare both sides"},
    {OPTION(restore), "restore", 0, "FILE", KIND_TEXT,
     "make a recorder's file again from a mirror with bodies"},
    {OPTION(distribute), "distribute", 0, NULL, KIND_FLAG,
     "first have Citus spread the tables over its workers"},
    {OPTION(url), "url", 0, "URL", KIND_TEXT, "of the authority; else the config's seal_url"},
    {OPTION(ca_file), "ca", 0, "FILE", KIND_TEXT,
     "the certificates (PEM) that seals are to lead to"},
};
#define DEFINITION_COUNT (sizeof DEFINITIONS / sizeof DEFINITIONS[0])

const size_t OPTIONS_GLOBAL[] = {OPTION(config), OPTION(database), OPTION(quiet), OPTION(verbosity),
                                 OPTION(help),   OPTION(version),  OPTIONS_END};

#define GLOBAL_COUNT (sizeof OPTIONS_GLOBAL / sizeof OPTIONS_GLOBAL[0] - 1)
#define ACCEPTED_MAX (OPTIONS_PER_COMMAND_MAX + GLOBAL_COUNT)

/* What getopt_long() returns for a long option: its definition's number, past the range of
 * characters. */
#define VALUE_OF(definition) (0x1000 + (int)((definition)-DEFINITIONS))

struct tables {
    struct option longs[ACCEPTED_MAX + 1];
    char letters[ACCEPTED_MAX * 2 + 3];
    size_t count;
};

static const struct definition *definition_of(size_t option)
{
    const struct definition *definition = DEFINITIONS;
    while (definition->option != option) {
        definition++;
        assert(definition < DEFINITIONS + DEFINITION_COUNT);
    }
    return definition;
}

static void add_to_tables(struct tables *tables, const size_t *list)
{
    for (; *list != OPTIONS_END; list++) {
        const struct definition *definition = definition_of(*list);
        assert(tables->count < ACCEPTED_MAX);
        tables->longs[tables->count++] = (struct option){
            definition->name, definition->argument != NULL ? required_argument : no_argument, NULL,
            VALUE_OF(definition)};
        if (definition->letter != 0) {
            size_t end = strlen(tables->letters);
            tables->letters[end] = definition->letter;
            if (definition->argument != NULL) {
                tables->letters[end + 1] = ':';
            }
        }
    }
}

static const struct definition *definition_of_value(int value)
{
    const struct definition *definition = DEFINITIONS;
    while (VALUE_OF(definition) != value && definition->letter != value) {
        definition++;
    }
    return definition;
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

bool options_read_number(const char *text, int64_t *number)
{
    bool rounded = false;
    return decimal_parse(span_of(text), 0, number, &rounded) == DECIMAL_OK && !rounded &&
           *number > 0;
}

bool options_read_sha256(const char *option, const char *text, struct sha256_digest *digest,
                         struct error *error)
{
    return sha256_from_hex(span_of(text), digest) ||
           error_set(error, ERROR_USAGE, "%s '%s': not 64 hex digits", option, text);
}

/* A day or a month that was asked for as such. */
static bool take_span(const char *argument, const struct time_span *span, bool is_it,
                      const char *what, struct time_span *target, struct error *error)
{
    *target = *span;
    return is_it || error_set(error, ERROR_USAGE, "'%s' is no %s", argument, what);
}

static bool take_time(const char *argument, enum kind kind, int64_t now_ms, void *target,
                      struct error *error)
{
    struct time_span span;
    if (!time_span_parse(argument, now_ms, &span, error)) {
        return false;
    }
    switch (kind) {
    case KIND_DAY:
        return take_span(argument, &span, span.kind == TIME_DAY,
                         "day (write 2026-11-24, today or yesterday)", target, error);
    case KIND_MONTH:
        return take_span(argument, &span, span.kind == TIME_MONTH, "month (write 2026-11)", target,
                         error);
    default:
        *(struct maybe_int *)target = maybe_of(kind == KIND_END ? span.to_ms : span.from_ms);
        return true;
    }
}

static bool take_value(struct options *options, const struct definition *definition,
                       const char *argument, int64_t now_ms, struct error *error)
{
    void *target = (char *)options + definition->option;
    struct maybe_int *number = target;
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
        number->known = options_read_number(argument, &number->value);
        return number->known || error_set(error, ERROR_USAGE, "'%s' is no number over 0", argument);
    case KIND_TIME:
    case KIND_END:
    case KIND_DAY:
    case KIND_MONTH:
        return take_time(argument, definition->kind, now_ms, target, error);
    case KIND_DURATION:
        number->known = duration_parse(argument, &number->value, error);
        return number->known;
    case KIND_STEP:
        return step_parse(argument, target, error);
    case KIND_FORMAT:
        return report_format_from_name(argument, target, error);
    }
    return false;
}

static bool unknown_option(char **argv, struct error *error)
{
    const char *word = argv[optind - 1];
    if (optopt >= VALUE_OF(DEFINITIONS)) {
        const struct definition *definition = definition_of_value(optopt);
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

/* One range, however it was said. */
static bool settle_range(struct options *options, struct error *error)
{
    char from[TIME_TEXT_SIZE], to[TIME_TEXT_SIZE];
    bool is_day = options->day.from_ms < options->day.to_ms;
    bool is_month = options->month.from_ms < options->month.to_ms;
    if (is_day || is_month) {
        const char *name = is_day ? "day" : "month";
        const struct time_span *span = is_day ? &options->day : &options->month;
        if (options->from_ms.known || options->to_ms.known || (is_day && is_month)) {
            return error_set(error, ERROR_USAGE, "--%s is a whole range: it goes without %s", name,
                             is_day && is_month ? "--month" : "--from and --to");
        }
        options->from_ms = maybe_of(span->from_ms);
        options->to_ms = maybe_of(span->to_ms);
    }
    if (!options->from_ms.known || !options->to_ms.known ||
        options->from_ms.value < options->to_ms.value) {
        return true;
    }
    time_text_format(options->from_ms.value, from);
    time_text_format(options->to_ms.value, to);
    return error_set(error, ERROR_USAGE, "--from %s is not before --to %s", from, to);
}

bool options_parse(struct options *options, int argc, char **argv, const size_t *accepted,
                   int64_t now_ms, struct error *error)
{
    struct tables tables = {
        .letters = {accepted == NULL ? '+' : ':', accepted == NULL ? ':' : '\0'}};
    int value;
    add_to_tables(&tables, OPTIONS_GLOBAL);
    if (accepted != NULL) {
        add_to_tables(&tables, accepted);
    }
    optind = 0; /* starts getopt_long() afresh */
    opterr = 0;
    while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
        if (value == '?' || value == ':') {
            return unknown_option(argv, error);
        }
        const struct definition *definition = definition_of_value(value);
        if (!take_value(options, definition, optarg, now_ms, error)) {
            return error_context(error, "--%s", definition->name);
        }
    }
    options->next = optind;
    return options->help || settle_range(options, error);
}

void options_print_help(const size_t *list, FILE *out)
{
    for (; *list != OPTIONS_END; list++) {
        const struct definition *definition = definition_of(*list);
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

static bool takes(const size_t *list, enum kind kind)
{
    while (*list != OPTIONS_END && definition_of(*list)->kind != kind) {
        list++;
    }
    return *list != OPTIONS_END;
}

void options_print_values(const size_t *list, FILE *out)
{
    if (takes(list, KIND_TIME)) {
        fputs("\nTIME: 2026-11-24, 2026-11, today, yesterday, now, 2026-11-24T14:03:10Z or with "
              "+02:00, -24h, -1w\n(so far from now, in s, m, h, d, w, mo or y), epoch seconds (10 "
              "digits) or milliseconds (13). All is\nUTC where no zone is named.\n",
              out);
    }
    if (takes(list, KIND_STEP)) {
        fputs("\nSTEP: a whole number and s, m, h, d, w, mo or y. Weeks begin on Monday, months by "
              "the calendar.\n",
              out);
    }
    if (takes(list, KIND_DURATION)) {
        fputs("\nDURATION: a whole number and ms, s, m, h, d or w, such as 10s.\n", out);
    }
}
