/* The configuration file (INI): where the database is and which accounts to poll. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "model/maybe.h"

#define CONFIG_DATABASE_DEFAULT "posrec.db"
#define CONFIG_SEAL_INTERVAL_MS_DEFAULT (INT64_C(24) * 3600 * 1000)

/* What both the file and an account may set. */
struct config_times {
    struct maybe_int interval_ms;
    struct maybe_int timeout_ms;
    struct maybe_int account_interval_ms;
    struct maybe_int income_interval_ms;
};

/* Texts are NULL when not set. */
struct config_account {
    const char *name;
    int line;                      /* of its section */
    const struct product *product; /* NULL: COIN-M */
    const char *base_url;
    const char *api_key_file;
    const char *secret_file;
    const char *margin_asset;
    const char *pair;
    const char *ca_file;
    const char *proxy;
    const char *record; /* as written; see config_records() */
    const char *stream_url;
    struct maybe_int recv_window_ms;
    struct config_times times;
};

struct config {
    const char *path; /* of the file read; NULL when there is none */
    const char *database;
    const char *metrics_file;
    const char *mirror_metrics_file;
    const char *verify_metrics_file;
    const char *seal_url; /* of a timestamp authority: what is recorded is sealed, ... */
    const char *seal_ca;  /* ... by one whose certificate leads to this file's, not the system's */
    const char *seal_policy; /* an object identifier */
    struct maybe_int seal_interval_ms;
    const char *mirror; /* conninfo of the PostgreSQL server that is mirrored to */
    struct config_times times;
    struct maybe_int weight_share; /* percent */
    struct config_account *accounts;
    size_t account_count;
    struct config_text *texts; /* all of the above */
};

/* Reads the file that `path` names, or else the first there is of $POSREC_CONFIG, ./posrec.ini,
 * $XDG_CONFIG_HOME/posrec/posrec.ini (~/.config when that is not set) and /etc/posrec/posrec.ini.
 * No file at all is an empty config. ERROR_USAGE with file and line for what is wrong in it. Free
 * with config_free() in any case. */
bool config_load(const char *path, struct config *config, struct error *error);
void config_free(struct config *config);

/* A copy that lives as long as the config; NULL when there is no memory for it. */
const char *config_keep(struct config *config, const char *text);

/* The next word of a list with commas; empty after the last. */
struct span config_next_word(const char **list);

/* NULL when it has none of that name. */
const struct config_account *config_find_account(const struct config *config, const char *name);

/* The account's own times, else the file's, else the defaults: all are known. */
struct config_times config_times(const struct config *config, const struct config_account *account);

/* Whether the account's `record` (all that there is, when it has none) names a kind of data. */
bool config_records(const struct config_account *account, const char *kind);
