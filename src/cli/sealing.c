#include "cli/sealing.h"

bool sealing_load(const struct config *config, const struct account_settings *way,
                  struct sealing *sealing, struct error *error)
{
    *sealing = (struct sealing){.trust = timestamp_trust_new(config->seal_ca, error)};
    if (sealing->trust == NULL) {
        return error_context(error, "seal_ca");
    }
    sealing->settings = (struct sealer_settings){
        .authority = *way,
        .interval_ms = config->seal_interval_ms.known ? config->seal_interval_ms.value
                                                      : CONFIG_SEAL_INTERVAL_MS_DEFAULT,
        .policy = config->seal_policy != NULL ? config->seal_policy : "",
        .trust = sealing->trust,
    };
    sealing->settings.authority.exchange.base_url = config->seal_url;
    return true;
}

void sealing_free(struct sealing *sealing)
{
    timestamp_trust_free(sealing->trust);
    *sealing = (struct sealing){0};
}
