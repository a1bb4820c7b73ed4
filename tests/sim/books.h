/* The books of what a simulated account does in a market: every income and every trade, from which
 * the answers to income, userTrades and account are made. Amounts are integers at 10^8. */
#ifndef SIM_BOOKS_H
#define SIM_BOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "market.h"

struct book_income {
    int64_t time_ms;
    int64_t tran_id;
    int64_t trade_id; /* 0 for none */
    int64_t amount_e8;
    char type[24];
    char asset[8];
    char symbol[24];
    char info[24];
    bool hidden; /* a fault: the exchange does not tell of it */
};

struct book_trade {
    struct market_fill fill;
    bool hidden;
};

struct books {
    struct book_income *incomes;
    struct book_trade *trades;
    size_t income_count, income_capacity;
    size_t trade_count, trade_capacity;
    int64_t last_tran_id;
    int64_t wallet_ms[MARKET_ASSETS_MAX]; /* when an asset's wallet last changed */
    int64_t wallet_off_e8;                /* a fault: the next account answer's first wallet */
};

void books_free(struct books *books);

/* A trade: it, and the income that it made. */
void books_note_fill(struct books *books, const struct market *market,
                     const struct market_fill *fill);

/* Moves an asset's wallet, with the income that says why; `symbol` -1 for none. */
void books_move(struct books *books, struct market_account *account, int asset, int symbol,
                const char *type, const char *info, double coins, int64_t now_ms);

/* What is asked of income and trades. */
struct books_query {
    const char *symbol, *pair, *type; /* "" for all */
    int64_t start_ms, end_ms;
    int64_t from_id; /* INT64_MIN for none */
    int64_t order_id;
    int64_t limit;
    bool newest; /* the last ones, not the first */
};

void books_write_income(FILE *out, const struct books *books, const struct market *market,
                        const struct books_query *query);
void books_write_trades(FILE *out, const struct books *books, const struct market *market,
                        const struct books_query *query);

/* All of an account's books, for tests to hold posrec's against. */
void books_write(FILE *out, const struct books *books, const struct market_account *account);

/* Keep them from one run to the next. */
bool books_save(const struct books *books, FILE *file);
bool books_load(struct books *books, FILE *file);

#endif
