/* The accounts to poll: from the config file and the environment to what the service needs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "cli/config.h"
#include "exchange/endpoints.h"

struct accounts {
    struct account_settings *settings;
    struct credentials *credentials; /* credentials[i] belongs to settings[i] */
    size_t count;
};

/* ERROR_USAGE, with the accounts that there are, when `name` (NULL for all) is none of the config's
 * or, without one, not that of the environment's key. */
bool accounts_check_name(const struct config *config, const char *name, struct error *error);

/* Loads every account of the config, or only the one called `only` when it is not NULL, with its
 * credentials. Settings point into the config, which must outlive them. ERROR_USAGE when something
 * is missing or wrong. */
bool accounts_load(const struct config *config, const char *only, struct accounts *accounts,
                   struct error *error);

/* Wipes and frees. */
void accounts_free(struct accounts *accounts);

/* Loads the config and the accounts that the options name, opens the database to write, and has
 * both used. */
bool accounts_use(struct cli *cli,
                  bool (*use)(struct cli *cli, struct accounts *accounts, struct error *error),
                  struct error *error);
