#include "cli/config_file.h"

#include <ini.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_text.h"
#include "base/timestamp.h"
#include "cli/options.h"
#include "exchange/base_url.h"
#include "exchange/endpoints.h"
#include "model/capture.h"
#include "model/product.h"

#define SECTION_MAIN "posrec"
#define SECTION_ACCOUNT "account "

#define INTERVAL_MS_MIN 100
#define ACCOUNTS_MAX ((size_t)10000)

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

static bool take_text(struct reading *reading, void *target, const char *value)
{
    const char **text = target;
    if (*text != NULL) {
        return fail(reading, "'%s' is given twice", reading->key);
    }
    if (value[0] == '\0') {
        return fail(reading, "'%s' has no value", reading->key);
    }
    *text = config_keep(reading->config, value);
    return *text != NULL || fail(reading, "%s", "out of memory");
}

static bool take_time(struct reading *reading, void *target, const char *value)
{
    struct maybe_int *time_ms = target;
    struct error why;
    if (time_ms->known) {
        return fail(reading, "'%s' is given twice", reading->key);
    }
    if (!duration_parse(value, &time_ms->value, &why)) {
        return fail(reading, "%s", why.text);
    }
    time_ms->known = true;
    return time_ms->value >= INTERVAL_MS_MIN || fail(reading, "%s: shorter than 100ms", value);
}

/* A whole number from 1 to `most` of what `unit` says. */
static bool take_number(struct reading *reading, struct maybe_int *target, const char *value,
                        int64_t most, const char *unit)
{
    if (target->known) {
        return fail(reading, "'%s' is given twice", reading->key);
    }
    target->known = options_read_number(value, &target->value) && target->value <= most;
    char what[64];
    snprintf(what, sizeof what, "%s '%%s': not a number of %s from 1 to %lld", reading->key, unit,
             (long long)most);
    return target->known || fail(reading, what, value);
}

static bool take_percent(struct reading *reading, void *target, const char *value)
{
    return take_number(reading, target, value, 100, "percent");
}

static bool take_window(struct reading *reading, void *target, const char *value)
{
    return take_number(reading, target, value, RECV_WINDOW_MS_MAX, "milliseconds");
}

static bool take_product(struct reading *reading, void *target, const char *value)
{
    const struct product **product = target;
    if (*product != NULL) {
        return fail(reading, "'%s' is given twice", reading->key);
    }
    *product = product_find(span_of(value));
    return *product != NULL || fail(reading, "product '%s': not " PRODUCT_NAMES, value);
}

static bool take_url(struct reading *reading, void *target, const char *value,
                     bool (*read)(const char *url, struct text *normal, struct error *error))
{
    struct text normal = {0};
    struct error why;
    bool done = (read(value, &normal, &why) || fail(reading, "%s", why.text)) &&
                take_text(reading, target, text_string(&normal));
    text_free(&normal);
    return done;
}

static bool take_base_url(struct reading *reading, void *target, const char *value)
{
    return take_url(reading, target, value, base_url_read);
}

static bool take_stream_url(struct reading *reading, void *target, const char *value)
{
    return take_url(reading, target, value, base_url_read_stream);
}

static bool take_seal_url(struct reading *reading, void *target, const char *value)
{
    return take_url(reading, target, value, base_url_read_seal);
}

static bool take_policy(struct reading *reading, void *target, const char *value)
{
    return take_text(reading, target, value) &&
           (timestamp_policy_is_valid(value) ||
            fail(reading, "seal_policy '%s': not an object identifier such as 1.2.3", value));
}

static bool take_record(struct reading *reading, void *target, const char *value)
{
    static const char *const KINDS[] = {"positions", "stream", "account",
                                        "income",    "trades", "prices"};
    const char *list = value;
    struct span word;
    if (!take_text(reading, target, value)) {
        return false;
    }
    bool has_positions = false;
    while ((word = config_next_word(&list)).size > 0) {
        bool known = false;
        for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
            known |= span_is(word, KINDS[i]);
        }
        has_positions |= span_is(word, KINDS[0]);
        if (!known) {
            return fail(
                reading,
                "record '%s': there are positions, stream, account, income, trades and prices",
                value);
        }
    }
    return has_positions ||
           fail(reading, "record '%s': positions are always recorded: name them too", value);
}

/* A key, and where in the section's struct its value goes. */
struct key {
    const char *name;
    bool (*take)(struct reading *reading, void *target, const char *value);
    size_t offset;
};

static const struct key MAIN_KEYS[] = {
    {"database", take_text, offsetof(struct config, database)},
    {"metrics_file", take_text, offsetof(struct config, metrics_file)},
    {"mirror", take_text, offsetof(struct config, mirror)},
    {"mirror_metrics_file", take_text, offsetof(struct config, mirror_metrics_file)},
    {"verify_metrics_file", take_text, offsetof(struct config, verify_metrics_file)},
    {"seal_url", take_seal_url, offsetof(struct config, seal_url)},
    {"seal_interval", take_time, offsetof(struct config, seal_interval_ms)},
    {"seal_ca", take_text, offsetof(struct config, seal_ca)},
    {"seal_policy", take_policy, offsetof(struct config, seal_policy)},
    {"weight_share", take_percent, offsetof(struct config, weight_share)},
    {0},
};

static const struct key ACCOUNT_KEYS[] = {
    {"api_key_file", take_text, offsetof(struct config_account, api_key_file)},
    {"secret_file", take_text, offsetof(struct config_account, secret_file)},
    {"margin_asset", take_text, offsetof(struct config_account, margin_asset)},
    {"pair", take_text, offsetof(struct config_account, pair)},
    {"ca_file", take_text, offsetof(struct config_account, ca_file)},
    {"proxy", take_text, offsetof(struct config_account, proxy)},
    {"record", take_record, offsetof(struct config_account, record)},
    {"stream_url", take_stream_url, offsetof(struct config_account, stream_url)},
    {"product", take_product, offsetof(struct config_account, product)},
    {"base_url", take_base_url, offsetof(struct config_account, base_url)},
    {"recv_window", take_window, offsetof(struct config_account, recv_window_ms)},
    {0},
};

/* Of both sections, in struct config_times. */
static const struct key TIME_KEYS[] = {
    {"interval", take_time, offsetof(struct config_times, interval_ms)},
    {"timeout", take_time, offsetof(struct config_times, timeout_ms)},
    {"account_interval", take_time, offsetof(struct config_times, account_interval_ms)},
    {"income_interval", take_time, offsetof(struct config_times, income_interval_ms)},
    {0},
};

static const struct key *find_key(const struct key *keys, const char *name)
{
    while (keys->name != NULL && strcmp(keys->name, name) != 0) {
        keys++;
    }
    return keys->name != NULL ? keys : NULL;
}

/* Takes the value of a section that has these keys, and times. */
static void take_value(struct reading *reading, const struct key *keys, void *section,
                       struct config_times *times, const char *value)
{
    const struct key *key = find_key(keys, reading->key);
    const struct key *time = find_key(TIME_KEYS, reading->key);
    if (key != NULL) {
        key->take(reading, (char *)section + key->offset, value);
    } else if (time != NULL) {
        time->take(reading, (char *)times + time->offset, value);
    } else {
        fail(reading,
             keys == MAIN_KEYS ? "unknown key '%s' in [posrec]"
                               : "unknown key '%s' in an account's section",
             reading->key);
    }
}

/* inih cuts long section names, so the section is the one that see_section() saw. */
static int take_key(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    struct config *config = reading->config;
    (void)section;
    reading->key = key;
    if (reading->failed) {
        return 1;
    }
    if (reading->section == SECTION_NONE) {
        fail(reading, "key '%s' before any section", key);
    } else if (reading->section == SECTION_IS_MAIN) {
        take_value(reading, MAIN_KEYS, config, &config->times, value);
    } else {
        struct config_account *account = &config->accounts[config->account_count - 1];
        take_value(reading, ACCOUNT_KEYS, account, &account->times, value);
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
    size_t count = config->account_count;
    void *grown = count < ACCOUNTS_MAX
                      ? reallocarray(config->accounts, count + 1, sizeof *config->accounts)
                      : NULL;
    if (grown == NULL) {
        return fail(reading, "account '%s': too many", name);
    }
    config->accounts = grown;
    struct config_account *account = &config->accounts[count];
    *account = (struct config_account){.name = config_keep(config, name), .line = reading->line};
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

/* Whose place the base_url is known to be; NULL when it is none that is known. */
static const struct product *product_of_base_url(const char *base_url)
{
    for (int i = 0; product_at(i) != NULL; i++) {
        for (int j = 0; j < PRODUCT_HOSTS_MAX; j++) {
            const char *known = product_at(i)->hosts[j].base_url;
            if (known != NULL && strcmp(base_url, known) == 0) {
                return product_at(i);
            }
        }
    }
    return NULL;
}

static bool check_product(struct reading *reading, const struct config_account *account)
{
    const struct product *own = account->product != NULL ? account->product : PRODUCT_DEFAULT,
                         *served;
    served = account->base_url != NULL ? product_of_base_url(account->base_url) : NULL;
    if (served != NULL && served != own) {
        return fail(reading, "account '%s': its base_url serves another product than its product",
                    account->name);
    }
    return own->endpoints[ENDPOINT_POSITION_RISK].takes_filter ||
           (account->margin_asset == NULL && account->pair == NULL) ||
           fail(reading, "account '%s': its product knows no margin_asset or pair to ask for",
                account->name);
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
    return check_product(reading, account);
}

bool config_file_read(struct config *config, FILE *file, struct error *error)
{
    struct reading reading = {.config = config, .file = file, .error = error};
    int bad_line = ini_parse_stream(next_line, &reading, take_key, &reading);
    if (!reading.failed && bad_line != 0) {
        reading.line = bad_line > 0 ? bad_line : reading.line;
        fail(&reading, "%s", bad_line > 0 ? "neither a section nor key = value" : "out of memory");
    }
    for (size_t i = 0; i < config->account_count && !reading.failed; i++) {
        check_account(&reading, &config->accounts[i]);
    }
    return !reading.failed;
}
