/* Where seals come from: the config's seal_url, seal_interval, seal_ca and seal_policy. */
#pragma once

#include "ask/sealer.h"
#include "cli/config.h"

struct sealing {
    struct sealer_settings settings;
    struct timestamp_trust *trust;
};

/* `way` says of which account seals are captures, and how the authority is reached: as its exchange
 * is. ERROR_USAGE when what is configured is not good. */
bool sealing_load(const struct config *config, const struct account_settings *way,
                  struct sealing *sealing, struct error *error);
void sealing_free(struct sealing *sealing);
