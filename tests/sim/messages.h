/* What the simulated exchange's user data stream says, message by message (Binance, COIN-M futures,
 * "User Data Streams"). Each text is the caller's to free. */
#ifndef SIM_MESSAGES_H
#define SIM_MESSAGES_H

#include "sim.h"

/* ORDER_TRADE_UPDATE: the order of a fill as it is placed, or as it is filled. */
char *message_order(struct sim *sim, const struct sim_account *account,
                    const struct market_fill *fill, bool is_trade);

/* ACCOUNT_UPDATE: what a fill did to wallet and position; ... */
char *message_account(struct sim *sim, const struct sim_account *account,
                      const struct market_fill *fill);

/* ... a wallet that changed without one, `symbol` -1 for none; ... */
char *message_balance(struct sim *sim, const struct sim_account *account, const char *reason,
                      int wallet, int symbol, double change);

/* ... and a deposit that is in no book, the how many-th of its kind. */
char *message_deposit(struct sim *sim, const struct sim_account *account, int64_t number);

/* ACCOUNT_CONFIG_UPDATE: the leverage of a symbol. */
char *message_leverage(struct sim *sim, const struct sim_account *account, int symbol);

/* listenKeyExpired, of the key that the account has. */
char *message_key_expired(struct sim *sim, const struct sim_account *account, bool as_text);

#endif
