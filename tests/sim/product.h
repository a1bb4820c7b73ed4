/* The two products of the simulated exchange, each as one description: its paths with their
 * weights, its arithmetic, how its rows are written. What is not here is alike on both. */
#ifndef SIM_PRODUCT_H
#define SIM_PRODUCT_H

#include <stddef.h>

#include "market.h"

enum product_index { COIN_M, USD_M, PRODUCT_COUNT };

struct sim;
struct request;
struct sim_ledger;
struct books;

/* What is asked, and of what. */
struct question {
    struct sim *sim;
    struct request *request;
    struct market *market;
    struct sim_ledger *ledger; /* NULL: anybody may ask it */
};

struct product_path {
    const char *path;          /* behind the product's prefix */
    int weight, symbol_weight; /* with a symbol; 0 for the same */
    bool is_signed;            /* with key and signature */
    const char *takes;         /* " name name ": others are refused; NULL takes any */
    struct reply (*reply)(struct question *question);
};

#define PRODUCT_PATHS_MAX 12

struct product {
    const char *name;
    const char *prefix;                           /* of the REST paths */
    struct product_path paths[PRODUCT_PATHS_MAX]; /* the last one is empty */

    /* The value of an amount at a price, what it gains between two, and the entry price of one when
     * more is added to it. */
    double (*value)(const struct market_symbol *symbol, int64_t amount, double price);
    double (*gain)(const struct market_symbol *symbol, int64_t amount, double entry, double price);
    double (*mixed_entry)(double entry, int64_t amount, double price, int64_t more);

    double taker_rate, maker_rate; /* of commission */
    double maintenance_rate;
    double break_even_share;
    bool leverage_by_symbol; /* else by leg */
    bool tells_flat;         /* positionRisk has the legs without position or order too */
    bool tells_alias;        /* the stream's messages have `i` and `ma` */
    bool tells_trade_lite;
    bool plain_ids;        /* tranId is a number */
    bool no_pairs;         /* asked by symbol alone: pairs are neither taken nor told */
    bool tells_rate_type;  /* fundingRate says whether a rate is a regular one */
    int trades_limit;      /* rows of userTrades when no limit is said */
    int64_t income_days;   /* how far back income goes; 0 for all of it */
    bool object_by_symbol; /* premiumIndex of one symbol is no array */
    const char *new_leg;   /* what positionRisk says of a symbol that was not there before */

    void (*open_market)(struct market *market, int count);
    void (*write_leg)(FILE *out, const struct market_account *account, int symbol, int side);
    void (*write_contract)(FILE *out, const struct market *market, int symbol);
    void (*write_info)(FILE *out, const struct market *market); /* what exchangeInfo has besides */
    void (*write_trade)(FILE *out, const struct market *market, const struct market_fill *fill);
    void (*write_account)(FILE *out, struct books *books, const struct market_account *account);
};

extern const struct product PRODUCTS[PRODUCT_COUNT];

/* The index of the product of this name, or of which a REST path is; PRODUCT_COUNT for none. */
int product_named(const char *name);
int product_of_path(const char *path);

/* The path of a stream. */
struct stream_path {
    int product;      /* whose listen keys open it; PRODUCT_COUNT for nobody's: of market data */
    const char *rest; /* behind the product's part: /ws, /ws/NAME or /stream */
};

/* False when a path is of no stream. */
bool product_of_stream(const char *path, struct stream_path *stream);

#endif
