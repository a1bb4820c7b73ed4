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

enum market_side { SIDE_BOTH, SIDE_LONG, SIDE_SHORT, SIDE_COUNT };

struct market_account {
    bool hedge;
    bool steady; /* leverage stays as it is */
    bool rests;  /* no trade at the next poll: the account was just opened, taken up again, or
                    changed */
    uint64_t random;
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

/* One step: prices move, and now and then the account trades. */
void market_step(struct market_account *account, const struct market_symbol *symbols, int count,
                 int64_t now_ms);

/* Writes the body of a positionRisk answer. */
void market_write_positions(FILE *out, const struct market_account *account,
                            const struct market_symbol *symbols, int count,
                            const struct market_style *style);

#endif
