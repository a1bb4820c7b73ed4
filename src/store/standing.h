/* How accounts stand: the wallets that are not empty and the legs that are open, as they were
 * recorded last, read from what the recorder remembers. */
#ifndef POSREC_STORE_STANDING_H
#define POSREC_STORE_STANDING_H

#include "model/maybe.h"
#include "store/account_book.h"

/* All of them times 10^8. */
enum wallet_figure {
    WALLET_BALANCE, /* in the asset */
    WALLET_MARGIN_BALANCE,
    WALLET_MARGIN_RATIO, /* maintenance margin / margin balance */
    WALLET_PRICE, /* USD for one: the mark of a leg of the asset's, the perpetual's before others */
    WALLET_FIGURE_COUNT,
};
enum open_leg_figure {
    OPEN_LEG_AMOUNT,       /* contracts, signed */
    OPEN_LEG_NOTIONAL_USD, /* amount x contract size */
    OPEN_LEG_PNL_USD,
    OPEN_LEG_MARK_PRICE,
    OPEN_LEG_LIQUIDATION_DISTANCE, /* a fraction of the mark */
    OPEN_LEG_FIGURE_COUNT,
};

/* The texts are the recorder's. */
struct wallet {
    struct span account, asset;
    struct maybe_int figures[WALLET_FIGURE_COUNT];
};
struct open_leg {
    struct span account, symbol, side;
    struct maybe_int figures[OPEN_LEG_FIGURE_COUNT];
};

/* Zeroed: empty. */
struct standing {
    struct wallet *wallets;
    size_t wallet_count, wallet_capacity;
    struct open_leg *legs;
    size_t leg_count, leg_capacity;
};

/* Adds an account. False when out of memory. */
bool standing_add(struct standing *standing, const struct account *account);

/* Empties it and keeps its memory. */
void standing_clear(struct standing *standing);
void standing_free(struct standing *standing);

#endif
