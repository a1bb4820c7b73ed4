/* The simulated exchange's accounts: their symbols, prices and trades. Everything follows from the
 * seed, the account's name and how many polls it has answered. Shares no code with posrec. */
#ifndef SIM_MARKET_H
#define SIM_MARKET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MARKET_SYMBOLS_MAX 96

struct market_symbol {
    char name[24];
    char pair[16];
    char asset[8];
    bool perpetual;
    int64_t delivery_ms; /* of a quarterly; 4133404800000 for a perpetual, as the exchange says */
    int contract_size;   /* USD */
    double base_price;
};

struct market_leg {
    int64_t amount; /* contracts, signed */
    double entry_price;
    int leverage;
    bool isolated;
    double isolated_wallet;
    int64_t update_ms;
};

/* What one trade did, for those who are told of it. */
struct market_fill {
    int symbol;
    int side;
    int64_t delta; /* contracts, signed: bought or sold */
    double price;
    double realized;   /* in the coin, before commission */
    double commission; /* in the coin */
    int64_t order_id;
    int64_t trade_id;
    int64_t time_ms;
    bool is_maker;
    bool is_liquidation;
};

#define MARKET_FILLS_MAX 64

enum market_side { SIDE_BOTH, SIDE_LONG, SIDE_SHORT, SIDE_COUNT };

struct market_account {
    bool hedge;
    bool steady;    /* leverage stays as it is */
    bool no_trades; /* but those that it is told to make */
    bool rests;     /* no trade at the next poll: the account was just opened, taken up again, or
                       changed */
    uint64_t random;
    int64_t last_order_id;
    int64_t last_trade_id;
    double wallet[MARKET_SYMBOLS_MAX]; /* by asset: at the index of the asset's first symbol */
    struct market_fill fills[MARKET_FILLS_MAX]; /* since they were told last */
    int fill_count;
    int leverage_changed; /* the symbol whose leverage changed since then; -1 for none */
    double price[MARKET_SYMBOLS_MAX];
    struct market_leg leg[MARKET_SYMBOLS_MAX][SIDE_COUNT];
};

/* How rows are written, and which of them. */
struct market_style {
    bool new_fields;     /* fields that the documentation does not know */
    bool plain_numbers;  /* leverage as a number, isAutoAddMargin as a boolean */
    bool short_decimals; /* "0" for "0.00000000" */
    char hidden[24];     /* a symbol that has vanished; "" for none */
    char added[24];      /* a symbol that is new; "" for none */
    char margin_asset[8];
    char pair[16];
};

/* Fills `symbols` with `count` contracts, perpetuals first, the same ones always. */
void market_symbols(struct market_symbol *symbols, int count);

void market_open_account(struct market_account *account, const char *name, bool hedge,
                         uint64_t seed, const struct market_symbol *symbols, int count,
                         int64_t now_ms);

/* Changes the account between hedge and one-way mode. What is open goes over to the sides that the
 * new mode has, at its updateTime. */
void market_set_mode(struct market_account *account, int count, bool hedge);

/* Buys (or sells, where it is negative) contracts at the market's price; moves position, wallet and
 * ids, and notes the fill, which it returns until the next one; NULL when too many wait. */
struct market_fill *market_fill(struct market_account *account, const struct market_symbol *symbols,
                                int symbol, int side, int64_t delta, int64_t now_ms);

/* Where an asset's wallet is. */
int market_wallet_index(const struct market_symbol *symbols, int symbol);

/* A position as the stream tells it, and as positionRisk does. */
double market_break_even(const struct market_leg *leg);
double market_unrealized(const struct market_account *account, const struct market_symbol *symbols,
                         int symbol, int side);

/* One step: prices move, and now and then the account trades. */
void market_step(struct market_account *account, const struct market_symbol *symbols, int count,
                 int64_t now_ms);

/* Writes the body of a positionRisk answer. */
void market_write_positions(FILE *out, const struct market_account *account,
                            const struct market_symbol *symbols, int count,
                            const struct market_style *style);

/* Writes the contracts of exchangeInfo. */
void market_write_contracts(FILE *out, const struct market_symbol *symbols, int count);

#endif
