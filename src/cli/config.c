#include "cli/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/time_text.h"
#include "exchange/endpoints.h"
#include "exchange/limits.h"
#include "exchange/transport.h"
#include "model/capture.h"
#include "model/contract.h"

#define SECTION_MAIN "posrec"
#define SECTION_ACCOUNT "account "

/* Where a known exchange's stream is. The first is the usual one. */
static const struct {
    const char *base_url, *stream_url;
} EXCHANGES[] = {
    {"https://dapi.binance.com", "wss://dstream.binance.com"},
    {"https://demo-dapi.binance.com", "wss://demo-dstream.binance.com"},
    {"https://testnet.binancefuture.com", "wss://dstream.binancefuture.com"},
};

enum section { SECTION_NONE, SECTION_IS_MAIN, SECTION_IS_ACCOUNT };

/* A file being read: inih calls back for each line it asks for and for each key it finds. */
struct reading {
    struct config *config;
    FILE *file;
    int line;
    const char *key;      /* being taken */
    enum section section; /* where the line stands; an account's is the last one added */
    bool failed;
    struct error *error;
};

static bool fail(struct reading *reading, const char *format, const char *value)
{
    if (!reading->failed) {
        reading->failed = true;
        error_set(reading->error, ERROR_USAGE, format, value);
        error_context(reading->error, "%s:%d", reading->config->path, reading->line);
    }
    return false;
}

static bool take_text(struct reading *reading, char **target, const char *value)
{
    if (*target != NULL) {
        return fail(reading, "'%s' is given twice", reading->key);
    }
    if (value[0] == '\0') {
        return fail(reading, "'%s' has no value", reading->key);
    }
    *target = strdup(value);
    return *target != NULL || fail(reading, "%s", "out of memory");
}

static bool take_interval(struct reading *reading, struct maybe_int *target, const char *value,
                          int64_t least_ms)
{
    struct error why;
    if (target->known) {
        return fail(reading, "'%s' is given twice", reading->key);
    }
    if (!duration_parse(value, &target->value, &why)) {
        return fail(reading, "%s", why.text);
    }
    target->known = true;
    return target->value >= least_ms || fail(reading, "%s: shorter than 100ms", value);
}

/* A whole number from 1 to `most` of what `unit` says. */
static bool take_number(struct reading *reading, struct maybe_int *target, const char *value,
                        int64_t most, const char *unit)
{
    bool rounded = false;
    if (target->known) {
        return fail(reading, "'%s' is given twice", reading->key);
    }
    target->known = decimal_parse(span_of(value), 0, &target->value, &rounded) == DECIMAL_OK &&
                    !rounded && target->value >= 1 && target->value <= most;
    char what[64];
    snprintf(what, sizeof what, "%s '%%s': not a number of %s from 1 to %lld", reading->key, unit,
             (long long)most);
    return target->known || fail(reading, what, value);
}

static bool take_product(struct reading *reading, struct config_account *account, const char *value)
{
    return take_text(reading, &account->product, value) &&
           (strcmp(value, PRODUCT_COIN_M) == 0 ||
            fail(reading, "product '%s': posrec records coin-m only so far", value));
}

static bool take_url(struct reading *reading, char **target, const char *value,
                     bool (*read)(const char *url, struct text *normal, struct error *error))
{
    struct text normal = {0};
    struct error why;
    bool done = (read(value, &normal, &why) || fail(reading, "%s", why.text)) &&
                take_text(reading, target, text_string(&normal));
    text_free(&normal);
    return done;
}

/* The next word of a list with commas; empty after the last. */
static struct span next_word(const char **list)
{
    *list += strspn(*list, ", \t");
    struct span word = {*list, strcspn(*list, ", \t")};
    *list += word.size;
    return word;
}

static bool take_record(struct reading *reading, struct config_account *account, const char *value)
{
    static const char *const KINDS[] = {"positions", "stream", "account", "income", "trades"};
    const char *list = value;
    struct span word;
    if (!take_text(reading, &account->record, value)) {
        return false;
    }
    while ((word = next_word(&list)).size > 0) {
        bool known = false;
        for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
            known |= span_is(word, KINDS[i]);
        }
        if (!known) {
            return fail(reading,
                        "record '%s': there are positions, stream, account, income and trades",
                        value);
        }
    }
    return config_records(account, "positions") ||
           fail(reading, "record '%s': positions are always recorded: name them too", value);
}

/* A key whose value is any text, and where it goes. */
struct text_key {
    const char *key;
    char **target;
};

static char **find_text(const struct text_key *keys, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].key, key) == 0) {
            return keys[i].target;
        }
    }
    return NULL;
}

/* A key whose value is a duration, and where it goes. */
struct duration_key {
    const char *key;
    struct maybe_int *target;
};

static struct maybe_int *find_duration(const struct duration_key *keys, size_t count,
                                       const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i].key, key) == 0) {
            return keys[i].target;
        }
    }
    return NULL;
}

static bool take_main_key(struct reading *reading, const char *key, const char *value)
{
    struct config *config = reading->config;
    const struct text_key texts[] = {
        {"database", &config->database},
        {"metrics_file", &config->metrics_file},
        {"mirror", &config->mirror},
        {"mirror_metrics_file", &config->mirror_metrics_file},
        {"verify_metrics_file", &config->verify_metrics_file},
    };
    char **text = find_text(texts, sizeof texts / sizeof texts[0], key);
    if (text != NULL) {
        return take_text(reading, text, value);
    }
    const struct duration_key durations[] = {
        {"interval", &config->interval_ms},
        {"timeout", &config->timeout_ms},
        {"account_interval", &config->account_interval_ms},
        {"income_interval", &config->income_interval_ms},
    };
    struct maybe_int *duration =
        find_duration(durations, sizeof durations / sizeof durations[0], key);
    if (duration != NULL) {
        return take_interval(reading, duration, value, CONFIG_INTERVAL_MS_MIN);
    }
    if (strcmp(key, "weight_share") == 0) {
        return take_number(reading, &config->weight_share, value, 100, "percent");
    }
    return fail(reading, "unknown key '%s' in [posrec]", key);
}

static bool take_account_key(struct reading *reading, struct config_account *account,
                             const char *key, const char *value)
{
    const struct text_key texts[] = {
        {"api_key_file", &account->api_key_file}, {"secret_file", &account->secret_file},
        {"margin_asset", &account->margin_asset}, {"pair", &account->pair},
        {"ca_file", &account->ca_file},           {"proxy", &account->proxy},
    };
    char **text = find_text(texts, sizeof texts / sizeof texts[0], key);
    if (text != NULL) {
        return take_text(reading, text, value);
    }
    if (strcmp(key, "record") == 0) {
        return take_record(reading, account, value);
    }
    if (strcmp(key, "stream_url") == 0) {
        return take_url(reading, &account->stream_url, value, transport_read_stream_url);
    }
    if (strcmp(key, "product") == 0) {
        return take_product(reading, account, value);
    }
    if (strcmp(key, "base_url") == 0) {
        return take_url(reading, &account->base_url, value, transport_read_base_url);
    }
    if (strcmp(key, "recv_window") == 0) {
        return take_number(reading, &account->recv_window_ms, value, RECV_WINDOW_MS_MAX,
                           "milliseconds");
    }
    const struct duration_key durations[] = {
        {"interval", &account->interval_ms},
        {"timeout", &account->timeout_ms},
        {"account_interval", &account->account_interval_ms},
        {"income_interval", &account->income_interval_ms},
    };
    struct maybe_int *duration =
        find_duration(durations, sizeof durations / sizeof durations[0], key);
    if (duration != NULL) {
        return take_interval(reading, duration, value, CONFIG_INTERVAL_MS_MIN);
    }
    return fail(reading, "unknown key '%s' in an account's section", key);
}

const struct config_account *config_find_account(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->account_count; i++) {
        if (strcmp(config->accounts[i].name, name) == 0) {
            return &config->accounts[i];
        }
    }
    return NULL;
}

/* inih cuts long section names, so the section is the one that see_section() saw. */
static int take_key(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    struct config *config = reading->config;
    (void)section;
    if (reading->failed) {
        return 1;
    }
    reading->key = key;
    switch (reading->section) {
    case SECTION_IS_MAIN:
        take_main_key(reading, key, value);
        break;
    case SECTION_IS_ACCOUNT:
        take_account_key(reading, &config->accounts[config->account_count - 1], key, value);
        break;
    case SECTION_NONE:
        fail(reading, "key '%s' before any section", key);
        break;
    }
    return 1;
}

static bool add_account(struct reading *reading, const char *name)
{
    struct config *config = reading->config;
    if (!capture_account_is_valid(span_of(name))) {
        return fail(reading, "account '%s': a name is " CAPTURE_ACCOUNT_RULE, name);
    }
    if (config_find_account(config, name) != NULL) {
        return fail(reading, "account '%s' is there twice", name);
    }
    if (config->account_count == config->account_capacity) {
        size_t wanted = config->account_capacity == 0 ? 4 : config->account_capacity * 2;
        void *grown = reallocarray(config->accounts, wanted, sizeof *config->accounts);
        if (grown == NULL || wanted > CONFIG_ACCOUNTS_MAX) {
            return fail(reading, "account '%s': too many", name);
        }
        config->accounts = grown;
        config->account_capacity = wanted;
    }
    struct config_account *account = &config->accounts[config->account_count];
    *account = (struct config_account){.name = strdup(name), .line = reading->line};
    if (account->name == NULL) {
        return fail(reading, "%s", "out of memory");
    }
    config->account_count++;
    return true;
}

/* inih says nothing of a section without keys, so sections are seen here. */
static void see_section(struct reading *reading, const char *line)
{
    char section[INI_MAX_LINE];
    size_t size = strcspn(line + 1, "]");
    if (line[1 + size] != ']') {
        fail(reading, "%s", "a section without its ']'");
        return;
    }
    snprintf(section, sizeof section, "%.*s", (int)size, line + 1);
    if (strncmp(section, SECTION_ACCOUNT, strlen(SECTION_ACCOUNT)) == 0) {
        reading->section = SECTION_IS_ACCOUNT;
        add_account(reading, section + strlen(SECTION_ACCOUNT));
    } else if (strcmp(section, SECTION_MAIN) == 0) {
        reading->section = SECTION_IS_MAIN;
    } else {
        fail(reading, "unknown section [%s] (there are [posrec] and [account NAME])", section);
    }
}

/* Hands inih the next line, without the white space before it: a key that is indented is no
 * continuation of the line above. */
static char *next_line(char *buffer, int size, void *context)
{
    struct reading *reading = context;
    if (reading->failed || fgets(buffer, size, reading->file) == NULL) {
        return NULL;
    }
    reading->line++;
    size_t length = strlen(buffer);
    if (length + 1 == (size_t)size && buffer[length - 1] != '\n') {
        fail(reading, "%s", "a line of 200 characters or more");
        return NULL;
    }
    size_t space = strspn(buffer, " \t");
    memmove(buffer, buffer + space, length - space + 1);
    if (buffer[0] == '[') {
        see_section(reading, buffer);
    }
    return buffer;
}

/* What only the whole section shows. */
static bool check_account(struct reading *reading, const struct config_account *account)
{
    reading->line = account->line;
    if (account->margin_asset != NULL && account->pair != NULL) {
        return fail(reading, "account '%s': margin_asset or pair, never both", account->name);
    }
    if ((account->api_key_file == NULL) != (account->secret_file == NULL)) {
        return fail(reading, "account '%s': api_key_file and secret_file go together",
                    account->name);
    }
    return true;
}

static bool read_file(struct reading *reading)
{
    int bad_line = ini_parse_stream(next_line, reading, take_key, reading);
    if (!reading->failed && bad_line != 0) {
        reading->line = bad_line > 0 ? bad_line : reading->line;
        fail(reading, "%s", bad_line > 0 ? "neither a section nor key = value" : "out of memory");
    }
    struct config *config = reading->config;
    for (size_t i = 0; i < config->account_count && !reading->failed; i++) {
        check_account(reading, &config->accounts[i]);
    }
    return !reading->failed;
}

/* The path of the file to read, malloc'ed; NULL when there is none. */
static char *find_file(void)
{
    const char *named = getenv("POSREC_CONFIG");
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char *path = NULL;
    if (named != NULL && named[0] != '\0') {
        return strdup(named);
    }
    if (access("posrec.ini", F_OK) == 0) {
        return strdup("posrec.ini");
    }
    int length = -1;
    if (xdg != NULL && xdg[0] != '\0') {
        length = asprintf(&path, "%s/posrec/posrec.ini", xdg);
    } else if (home != NULL) {
        length = asprintf(&path, "%s/.config/posrec/posrec.ini", home);
    }
    if (length >= 0) {
        if (access(path, F_OK) == 0) {
            return path;
        }
        free(path);
    }
    return access("/etc/posrec/posrec.ini", F_OK) == 0 ? strdup("/etc/posrec/posrec.ini") : NULL;
}

bool config_load(const char *path, struct config *config, struct error *error)
{
    *config = (struct config){0};
    config->path = path != NULL ? strdup(path) : find_file();
    if (config->path == NULL) {
        return path == NULL || error_no_memory(error);
    }
    struct reading reading = {.config = config, .error = error};
    reading.file = fopen(config->path, "re");
    if (reading.file == NULL) {
        return error_set(error, ERROR_USAGE, "config %s: %s", config->path, strerror(errno));
    }
    bool done = read_file(&reading);
    if (done && ferror(reading.file)) {
        done = error_set(error, ERROR_USAGE, "config %s: %s", config->path, strerror(errno));
    }
    fclose(reading.file);
    return done;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < config->account_count; i++) {
        struct config_account *account = &config->accounts[i];
        free(account->name);
        free(account->product);
        free(account->base_url);
        free(account->api_key_file);
        free(account->secret_file);
        free(account->margin_asset);
        free(account->pair);
        free(account->ca_file);
        free(account->proxy);
        free(account->record);
        free(account->stream_url);
    }
    free(config->accounts);
    free(config->database);
    free(config->metrics_file);
    free(config->mirror_metrics_file);
    free(config->verify_metrics_file);
    free(config->mirror);
    free(config->path);
    *config = (struct config){0};
}

static int64_t first_known(struct maybe_int own, struct maybe_int common, int64_t standard)
{
    return own.known ? own.value : common.known ? common.value : standard;
}

int64_t config_interval_ms(const struct config *config, const struct config_account *account)
{
    return first_known(account->interval_ms, config->interval_ms, CONFIG_INTERVAL_MS_DEFAULT);
}

int64_t config_account_interval_ms(const struct config *config,
                                   const struct config_account *account)
{
    return first_known(account->account_interval_ms, config->account_interval_ms,
                       CONFIG_ACCOUNT_INTERVAL_MS_DEFAULT);
}

int64_t config_income_interval_ms(const struct config *config, const struct config_account *account)
{
    return first_known(account->income_interval_ms, config->income_interval_ms,
                       CONFIG_INCOME_INTERVAL_MS_DEFAULT);
}

int64_t config_timeout_ms(const struct config *config, const struct config_account *account)
{
    return first_known(account->timeout_ms, config->timeout_ms, CONFIG_TIMEOUT_MS_DEFAULT);
}

int64_t config_weight_share(const struct config *config)
{
    return config->weight_share.known ? config->weight_share.value : LIMITS_SHARE_PERCENT;
}

bool config_records(const struct config_account *account, const char *kind)
{
    const char *list = account->record;
    struct span word;
    if (list == NULL) {
        return true;
    }
    while ((word = next_word(&list)).size > 0) {
        if (span_is(word, kind)) {
            return true;
        }
    }
    return false;
}

const char *config_base_url(const struct config_account *account)
{
    return account->base_url != NULL ? account->base_url : EXCHANGES[0].base_url;
}

const char *config_stream_url(const struct config_account *account)
{
    if (!config_records(account, "stream")) {
        return NULL;
    }
    for (size_t i = 0; account->stream_url == NULL && i < sizeof EXCHANGES / sizeof EXCHANGES[0];
         i++) {
        if (strcmp(config_base_url(account), EXCHANGES[i].base_url) == 0) {
            return EXCHANGES[i].stream_url;
        }
    }
    return account->stream_url;
}
