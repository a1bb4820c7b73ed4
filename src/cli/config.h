/* The configuration file (INI): where the database is and which accounts to poll. */
#ifndef POSREC_CLI_CONFIG_H
#define POSREC_CLI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/maybe.h"

#define CONFIG_DATABASE_DEFAULT "posrec.db"
#define CONFIG_INTERVAL_MS_DEFAULT 10000
#define CONFIG_INTERVAL_MS_MIN 100
#define CONFIG_TIMEOUT_MS_DEFAULT 10000
#define CONFIG_ACCOUNT_INTERVAL_MS_DEFAULT 60000
#define CONFIG_INCOME_INTERVAL_MS_DEFAULT 300000
#define CONFIG_ACCOUNTS_MAX ((size_t)10000)

/* Texts are NULL when not set. */
struct config_account {
    char *name;
    int line; /* of its section */
    char *product;
    char *base_url;
    char *api_key_file;
    char *secret_file;
    char *margin_asset;
    char *pair;
    char *ca_file;
    char *proxy;
    char *record; /* as written; see config_records() */
    char *stream_url;
    struct maybe_int recv_window_ms;
    struct maybe_int interval_ms;
    struct maybe_int timeout_ms;
    struct maybe_int account_interval_ms;
    struct maybe_int income_interval_ms;
};

struct config {
    char *path; /* of the file read; NULL when there is none */
    char *database;
    char *metrics_file;
    char *mirror_metrics_file;
    char *verify_metrics_file;
    char *mirror; /* conninfo of the PostgreSQL server that is mirrored to */
    struct maybe_int interval_ms;
    struct maybe_int timeout_ms;
    struct maybe_int account_interval_ms;
    struct maybe_int income_interval_ms;
    struct maybe_int weight_share; /* percent */
    struct config_account *accounts;
    size_t account_count;
    size_t account_capacity;
};

/* Reads the file that `path` names, or else the first there is of $POSREC_CONFIG, ./posrec.ini,
 * $XDG_CONFIG_HOME/posrec/posrec.ini (~/.config when that is not set) and /etc/posrec/posrec.ini.
 * No file at all is an empty config. ERROR_USAGE with file and line for what is wrong in it. Free
 * with config_free() in any case. */
bool config_load(const char *path, struct config *config, struct error *error);
void config_free(struct config *config);

/* NULL when it has none of that name. */
const struct config_account *config_find_account(const struct config *config, const char *name);

/* The account's own value, else the file's, else the default. */
int64_t config_interval_ms(const struct config *config, const struct config_account *account);
int64_t config_account_interval_ms(const struct config *config,
                                   const struct config_account *account);
int64_t config_income_interval_ms(const struct config *config,
                                  const struct config_account *account);

/* The account's exchange: its own, or the usual one. */
const char *config_base_url(const struct config_account *account);

/* Where the account's stream is; NULL when it is not to be recorded, or unknown for its base_url.
 */
const char *config_stream_url(const struct config_account *account);

/* Whether the account's `record` (all that there is, when it has none) names a kind of data. */
bool config_records(const struct config_account *account, const char *kind);

int64_t config_weight_share(const struct config *config);
int64_t config_timeout_ms(const struct config *config, const struct config_account *account);

#endif
