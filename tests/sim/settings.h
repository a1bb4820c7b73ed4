/* What an account has set on USD-M, where positionRisk does not tell of it. */
#ifndef SIM_SETTINGS_H
#define SIM_SETTINGS_H

#include "sim.h"

/* symbolConfig, and accountConfig. */
struct reply settings_symbols_reply(struct question *question);
struct reply settings_account_reply(struct question *question);

#endif
