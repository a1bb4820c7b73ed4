#include "cli/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "exchange/limits.h"
#include "model/product.h"

#define ENV_KEY "POSREC_API_KEY"
#define ENV_SECRET "POSREC_API_SECRET"

/* The account that the environment's key is for when there is no config. */
static const struct config_account ENV_ACCOUNT = {.name = CAPTURE_ACCOUNT_DEFAULT};

static bool load_credentials(const struct config_account *account, bool alone,
                             struct credentials *credentials, struct error *error)
{
    struct credentials_source source = {.api_key_file = account->api_key_file,
                                        .secret_file = account->secret_file};
    if (account->api_key_file == NULL && alone) {
        source.api_key = getenv(ENV_KEY);
        source.secret = getenv(ENV_SECRET);
    }
    return credentials_load(&source, credentials, error) ||
           error_context(error, "account %s", account->name);
}

/* What belongs to the base_url; nothing where it is none that is known, but that what stands in for
 * the exchange on this machine, as plain http says, is all of it. */
static struct product_host host_of(const struct product *product, const char *base_url)
{
    for (int i = 0; i < PRODUCT_HOSTS_MAX; i++) {
        const struct product_host *host = &product->hosts[i];
        if (host->base_url != NULL && strcmp(base_url, host->base_url) == 0) {
            return *host;
        }
    }
    bool is_here = strncmp(base_url, "http://", strlen("http://")) == 0;
    return (struct product_host){.spot_url = is_here ? base_url : NULL};
}

static struct account_settings settings_of(const struct config *config,
                                           const struct config_account *account,
                                           const struct credentials *credentials)
{
    const struct config_times times = config_times(config, account);
    const struct product *product = account->product != NULL ? account->product : PRODUCT_DEFAULT;
    const char *base_url =
        account->base_url != NULL ? account->base_url : product->hosts[0].base_url;
    bool streams = config_records(account, "stream");
    const struct product_host host = host_of(product, base_url);
    const char *stream_url = !streams                      ? NULL
                             : account->stream_url != NULL ? account->stream_url
                                                           : host.stream_url;
    struct account_settings settings = {
        .account = account->name,
        .exchange =
            {
                .product = product,
                .base_url = base_url,
                .margin_asset = account->margin_asset,
                .pair = account->pair,
                .recv_window_ms = account->recv_window_ms.known ? account->recv_window_ms.value
                                                                : RECV_WINDOW_MS_DEFAULT,
                .credentials = credentials,
            },
        .ca_file = account->ca_file,
        .proxy = account->proxy,
        .timeout_ms = times.timeout_ms.value,
        .interval_ms = times.interval_ms,
        .interval_is_set = config->times.interval_ms.known || account->times.interval_ms.known,
        .records =
            {
                [ENDPOINT_POSITION_RISK] = true,
                [ENDPOINT_ACCOUNT] = config_records(account, "account"),
                [ENDPOINT_INCOME] = config_records(account, "income"),
                [ENDPOINT_USER_TRADES] = config_records(account, "trades"),
                [ENDPOINT_SYMBOL_CONFIG] = product->has_configs,
                [ENDPOINT_ACCOUNT_CONFIG] = product->has_configs,
            },
        .account_interval_ms = times.account_interval_ms.value,
        .income_interval_ms = times.income_interval_ms.value,
        .weight_share_percent =
            config->weight_share.known ? config->weight_share.value : LIMITS_SHARE_PERCENT,
        .stream_url = stream_url,
        .lacks_stream_url = streams && stream_url == NULL,
        .spot_url = host.spot_url,
    };
    settings.records[product->prices] = config_records(account, "prices");
    return settings;
}

static bool load_account(const struct config *config, const struct config_account *account,
                         bool alone, struct accounts *accounts, struct error *error)
{
    struct credentials *credentials = &accounts->credentials[accounts->count];
    if (!load_credentials(account, alone, credentials, error)) {
        return false;
    }
    accounts->settings[accounts->count++] = settings_of(config, account, credentials);
    return true;
}

bool accounts_check_name(const struct config *config, const char *name, struct error *error)
{
    bool has_config = config->account_count > 0;
    struct names names = {.wanted = name};
    if (name == NULL || config_find_account(config, name) != NULL ||
        (!has_config && strcmp(name, ENV_ACCOUNT.name) == 0)) {
        return true;
    }
    for (size_t i = 0; i < config->account_count; i++) {
        names_add(&names, config->accounts[i].name);
    }
    error_set(error, ERROR_USAGE, "account %s: not in the config (there is: %s)", name,
              has_config ? names_string(&names) : ENV_ACCOUNT.name);
    names_free(&names);
    return false;
}

bool accounts_load(const struct config *config, const char *only, struct accounts *accounts,
                   struct error *error)
{
    bool has_config = config->account_count > 0;
    size_t count = has_config ? config->account_count : 1;
    const struct config_account *list = has_config ? config->accounts : &ENV_ACCOUNT;
    *accounts = (struct accounts){0};
    if (!has_config && getenv(ENV_KEY) == NULL) {
        return error_set(error, ERROR_USAGE,
                         "no account is configured%s%s (write an [account NAME] section with "
                         "api_key_file and secret_file, or set " ENV_KEY " and " ENV_SECRET ")",
                         config->path != NULL ? " in " : "",
                         config->path != NULL ? config->path : "");
    }
    if (!accounts_check_name(config, only, error)) {
        return false;
    }
    accounts->settings = calloc(count, sizeof *accounts->settings);
    accounts->credentials = calloc(count, sizeof *accounts->credentials);
    bool done =
        (accounts->settings != NULL && accounts->credentials != NULL) || error_no_memory(error);
    for (size_t i = 0; i < count && done; i++) {
        if (only == NULL || strcmp(only, list[i].name) == 0) {
            done = load_account(config, &list[i], count == 1, accounts, error);
        }
    }
    if (!done) {
        accounts_free(accounts);
    }
    return done;
}

void accounts_free(struct accounts *accounts)
{
    for (size_t i = 0; i < accounts->count; i++) {
        credentials_free(&accounts->credentials[i]);
    }
    free(accounts->settings);
    free(accounts->credentials);
    *accounts = (struct accounts){0};
}

bool accounts_use(struct cli *cli,
                  bool (*use)(struct cli *cli, struct accounts *accounts, struct error *error),
                  struct error *error)
{
    struct accounts accounts;
    if (!cli_load_config(cli, error) ||
        !accounts_load(&cli->config, cli->options.account, &accounts, error)) {
        return false;
    }
    bool done = cli_open_database(cli, DATABASE_WRITE, error) && use(cli, &accounts, error);
    accounts_free(&accounts);
    return done;
}
