/* How accounts stand: the wallets that are not empty and the legs that are open, as they were
 * recorded last, read from what the recorder remembers. */
#pragma once

#include "derive/account_book.h"
#include "derive/index_book.h"
#include "model/maybe.h"

/* All of them times 10^8. */
enum wallet_figure {
    WALLET_BALANCE, /* in the asset */
    WALLET_MARGIN_BALANCE,
    WALLET_MARGIN_RATIO, /* maintenance margin / margin balance */
    WALLET_PRICE, /* USD for one: the mark of a leg of the asset's, the perpetual's before others;
                     without one the asset's index */
    WALLET_FIGURE_COUNT,
};
enum open_leg_figure {
    OPEN_LEG_AMOUNT,       /* contracts, signed */
    OPEN_LEG_NOTIONAL_USD, /* amount x contract size, of linear ones x mark x index */
    OPEN_LEG_PNL_USD,
    OPEN_LEG_MARK_PRICE,           /* in what the contract is quoted in */
    OPEN_LEG_LIQUIDATION_DISTANCE, /* a fraction of the mark */
    OPEN_LEG_FIGURE_COUNT,
};

#define STANDING_FIGURES_MAX 5

/* A wallet, named by its asset, or an open leg, by symbol and side. The texts are the recorder's.
 */
struct standing_row {
    struct span account, name, side;
    struct maybe_int figures[STANDING_FIGURES_MAX];
};

/* The last moment that is known of an account, by kind. */
struct standing_known {
    struct span account;
    struct maybe_int last_ms[KNOWN_KIND_COUNT];
};

struct standing_list {
    struct standing_row *rows;
    size_t count, capacity;
};

/* Zeroed: empty. */
struct standing {
    struct standing_list wallets, legs;
    struct standing_known *known;
    size_t known_count, known_capacity;
    const struct index_book *indexes; /* NULL: none is known */
    struct object asset, leg;         /* scratch: what was said of one, opened */
};

/* Adds an account. False when out of memory. */
bool standing_add(struct standing *standing, const struct account *account);

/* Empties it, for accounts whose assets are worth that, and keeps its memory. */
void standing_clear(struct standing *standing, const struct index_book *indexes);
void standing_free(struct standing *standing);
