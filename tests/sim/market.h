/* The simulated exchange's markets, one of each product, and what its accounts do in them: prices,
 * positions and trades. Everything follows from the seed, the account's name and how many polls it
 * has answered. Shares no code with posrec. */
#ifndef SIM_MARKET_H
#define SIM_MARKET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MARKET_SYMBOLS_MAX 770
#define MARKET_ASSETS_MAX 64
#define MARKET_ACTIVE_SYMBOLS 8 /* the first ones: those that an account trades in */

struct product;

/* An asset that a wallet can hold. */
struct market_asset {
    char name[8];
    int64_t index_e8; /* USD for one of it, as assetIndex says */
    double start;     /* what a new account has of it */
};

struct market_symbol {
    char name[24];
    char pair[24];
    char base[16];
    char quote[8];
    int asset;        /* what margin and profit are in: of the market's assets */
    const char *type; /* PERPETUAL, CURRENT_QUARTER, ... */
    bool perpetual;
    int64_t delivery_ms; /* of a quarterly; 4133404800000 for a perpetual, as the exchange says */
    int contract_size;   /* USD; 1 where amounts are of the base asset */
    int amount_digits;   /* decimals of an amount, which is counted in the last of them */
    int price_digits;    /* decimals of a price in the book; 0 for any */
    double base_price;
};

/* How rows are written, and which of them. */
struct market_style {
    bool new_fields;     /* fields that the documentation does not know */
    bool plain_numbers;  /* leverage as a number, isAutoAddMargin as a boolean */
    bool short_decimals; /* "0" for "0.00000000" */
    char hidden[24];     /* a symbol that has vanished; "" for none */
    char added[24];      /* a symbol that is new; "" for none */
    const char *symbol, *margin_asset, *pair; /* those that are asked for; NULL or "" for all */
};

/* A funding that was paid. */
struct market_funding {
    int64_t time_ms;
    int symbol;
    double rate, mark;
    bool special; /* paid besides the regular ones, as for a dividend */
};

/* What is traded of a product. */
struct market {
    const struct product *product;
    struct market_symbol *symbols;
    int count;
    struct market_asset assets[MARKET_ASSETS_MAX];
    int asset_count;
    struct market_style style;
    struct market_funding *fundings;
    int funding_count;
};

struct market_leg {
    int64_t amount; /* signed: contracts, or in the last decimal of an amount */
    double entry_price;
    int leverage;
    bool isolated;
    double isolated_wallet;
    int64_t update_ms;
    int64_t order_amount; /* of an order that rests; 0 for none */
    double order_price;
    int64_t order_id;
};

/* What one trade did, for those who are told of it. */
struct market_fill {
    int symbol;
    int side;
    int64_t delta; /* as amounts are counted, signed: bought or sold */
    double price;
    double realized;   /* in the margin asset, before commission */
    double commission; /* in the asset of ... */
    int commission_asset;
    int64_t order_id;
    int64_t trade_id;
    int64_t time_ms;
    bool is_maker;
    bool is_liquidation;
};

#define MARKET_FILLS_MAX 64

enum market_side { SIDE_BOTH, SIDE_LONG, SIDE_SHORT, SIDE_COUNT };

extern const char *const MARKET_SIDES[SIDE_COUNT];

/* What an account has of a market. */
struct market_account {
    const struct market *market;
    bool hedge;
    bool multi_assets; /* all wallets are margin for all positions */
    bool steady;       /* leverage stays as it is */
    bool no_trades;    /* but those that it is told to make */
    bool still;        /* prices stay as they are */
    bool rests;        /* no trade at the next poll: the account was just opened, taken up again, or
                          changed */
    int fee_asset;     /* commission is taken from it; -1: from the margin asset */
    uint64_t random;
    int64_t last_order_id;
    int64_t last_trade_id;
    double wallet[MARKET_ASSETS_MAX];
    struct market_fill fills[MARKET_FILLS_MAX]; /* since they were told last */
    int fill_count;
    int leverage_changed; /* the symbol whose leverage changed since then; -1 for none */
    double *price;        /* of each symbol */
    struct market_leg (*leg)[SIDE_COUNT];
};

void market_open_account(struct market_account *account, const struct market *market,
                         const char *name, bool hedge, uint64_t seed, int64_t now_ms);
void market_close_account(struct market_account *account);

/* Changes the account between hedge and one-way mode. What is open goes over to the sides that the
 * new mode has, at its updateTime. */
void market_set_mode(struct market_account *account, bool hedge);

/* Buys (or sells, where it is negative) at the market's price; moves position, wallet and ids, and
 * notes the fill, which it returns until the next one; NULL when too many wait. */
struct market_fill *market_fill(struct market_account *account, int symbol, int side, int64_t delta,
                                int64_t now_ms);

/* Sets a symbol's leverage (0: as it is) and margin type, of a side or where it is one for all. */
void market_set_leverage(struct market_account *account, int symbol, int side, int leverage,
                         bool isolated);

/* The index of a symbol or an asset; -1 when there is none. */
int market_find_symbol(const struct market *market, const char *name);
int market_find_asset(const struct market *market, const char *name);

/* What a position comes to, in its margin asset. */
double market_break_even(const struct market_account *account, const struct market_leg *leg);
double market_unrealized(const struct market_account *account, int symbol, int side);
double market_value(const struct market_account *account, int symbol, int64_t amount, double price);

/* One step: prices move, and now and then the account trades. */
void market_step(struct market_account *account, int64_t now_ms);

/* An amount as text. */
void market_write_amount(char text[static 32], const struct market_symbol *symbol, int64_t amount);

/* Coins in units of 10^-8, and rounded to them. */
int64_t market_e8(double coins);
double market_unit(double coins);

/* Keep an account's part from one run to the next; what it loads goes by the account's market. */
bool market_save(const struct market_account *account, FILE *file);
bool market_load(struct market_account *account, FILE *file);

#endif
