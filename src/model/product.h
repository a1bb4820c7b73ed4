/* A product: one side of the exchange's futures, and all that is to know about it in one
 * description. It is reached from the account (or the contract) that is of it; code asks what a
 * product says, and never which one it is. model/coin_m.c and model/usd_m.c describe one each. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "model/capture.h"
#include "model/contract.h"
#include "model/leg_object.h"

/* How an endpoint is asked for. */
struct product_endpoint {
    const char *path;  /* NULL: the product has none */
    int64_t weight;    /* Binance, "Market Data" and "Account" endpoints */
    bool takes_filter; /* the account's margin_asset or pair */
};

/* A place at which the exchange serves it, where that place's streams are, and where it tells what
 * keys may do; NULL: it does not. */
struct product_host {
    const char *base_url, *stream_url, *spot_url;
};

#define PRODUCT_HOSTS_MAX 3

struct product {
    const char *name;                             /* in tables, in the chain, in the config */
    const char *host_word;                        /* by which its hosts differ from others' */
    struct product_host hosts[PRODUCT_HOSTS_MAX]; /* the first is the usual one */
    struct product_endpoint endpoints[ENDPOINT_ASKED_COUNT];
    const char *stream_path;    /* before the listen key */
    const char *stream_word;    /* what messages of several products call it ("fs") */
    int64_t income_span_ms_max; /* the longest ranges that may be asked for at once */
    int64_t trades_span_ms_max;
    const char *const *income_types; /* that are documented, NULL after the last */
    enum endpoint prices;            /* what is asked for prices: */
    bool prices_by_pair;             /* of each pair that is held, and they say when funding was
                                        paid; else of everything at once, and funding rates are
                                        asked for by the hour, of each symbol that is held */
    const char *usual_symbol;        /* that there always is */
    bool has_configs;                /* leverage and margin type are not positionRisk's to say, and
                                        the account has settings of its own */
    bool has_totals;                 /* account says what all of it comes to */
    bool is_flat_when_absent;        /* a leg that positionRisk does not list is flat; else nothing
                                        is known of it any more */
    bool is_linear; /* profit is amount x (mark - entry), in the quote; else inverse:
                       amount x contract size x (1/entry - 1/mark), in the coin */
    const struct object_kind *position, *leg_margin; /* positionRisk's elements; account's */

    /* What a symbol's name says. False when out of memory; `contract` is empty but for its symbol.
     */
    bool (*name_contract)(struct span symbol, struct contract *contract);
};

extern const struct product COIN_M, USD_M;

/* The exchange's spot side, of which nothing is recorded, and that is none of all: where it is
 * asked what a key may do. */
extern const struct product SPOT;

/* What is meant where nobody says. */
#define PRODUCT_DEFAULT (&COIN_M)

/* The product of that name; NULL when there is none. */
const struct product *product_find(struct span name);

/* The product whose request that is, a path and query; NULL when it is none's. */
const struct product *product_of_request(struct span request);

/* The names of all, for messages: "coin-m or usd-m". */
#define PRODUCT_NAMES "coin-m or usd-m"

/* Another product whose symbol that is, by its name; NULL where it may be this one's. */
const struct product *product_of_foreign(const struct product *product, struct span symbol);

/* One by number, from 0; NULL after the last. */
const struct product *product_at(int index);
