/* What the simulated exchange's user data stream says, message by message (Binance, COIN-M
 * and USD-M, "User Data Streams"). Each text is the caller's to free. */
#ifndef SIM_MESSAGES_H
#define SIM_MESSAGES_H

#include "sim.h"

enum message_order { ORDER_NEW, ORDER_FILLED, ORDER_CANCELED };

/* ORDER_TRADE_UPDATE: the order of a fill as it is placed, or as it is filled; or one that rests,
 * of which trade_id is 0. */
char *message_order(struct sim *sim, const struct sim_ledger *ledger,
                    const struct market_fill *fill, enum message_order what);

/* TRADE_LITE: a fill without its commission. */
char *message_trade_lite(struct sim *sim, const struct sim_ledger *ledger,
                         const struct market_fill *fill);

/* ACCOUNT_UPDATE: what a fill did to wallet and position; ... */
char *message_account(struct sim *sim, const struct sim_ledger *ledger,
                      const struct market_fill *fill);

/* ... a wallet that changed without one, `symbol` -1 for none; ... */
char *message_balance(struct sim *sim, const struct sim_ledger *ledger, const char *reason,
                      int asset, int symbol, double change);

/* ... and a deposit that is in no book, the how many-th of its kind. */
char *message_deposit(struct sim *sim, const struct sim_ledger *ledger, int64_t number);

/* ACCOUNT_CONFIG_UPDATE: the leverage of a symbol. */
char *message_leverage(struct sim *sim, const struct sim_ledger *ledger, int symbol);

/* ACCOUNT_CONFIG_UPDATE: the multi-assets mode. */
char *message_multi_assets(struct sim *sim, const struct sim_ledger *ledger);

/* listenKeyExpired, of the key that the account has. */
char *message_key_expired(struct sim *sim, const struct sim_ledger *ledger, bool as_text);

#endif
