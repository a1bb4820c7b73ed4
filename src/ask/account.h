/* One account as it is asked: its askers, and what each of their sources keeps. */
#pragma once

#include "ask/income.h"
#include "ask/listen_key.h"
#include "ask/positions.h"
#include "ask/trades.h"

struct ask_account {
    const struct account_settings *settings;
    struct ask_host *host;
    bool is_over; /* nothing more is asked of it, but for the key of its stream */
    struct asker positions;
    struct asker balances;
    struct asker configs, account_config;
    struct income income;
    struct trades trades;
    struct asker listen_key;
    struct asker *another; /* NULL, or what else it is asked */
    struct asker *sealer;  /* NULL, or whose captures are its own, though it is not asked */
};
