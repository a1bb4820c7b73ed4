/* The rows of the simulated exchange's answers about an account, as each product writes them. */
#ifndef SIM_ROWS_H
#define SIM_ROWS_H

#include "books.h"
#include "market.h"

/* Writes the body of a positionRisk answer. */
void rows_write_positions(FILE *out, const struct market_account *account,
                          const struct market_style *style);

/* A row of it. */
void rows_write_coin_m_leg(FILE *out, const struct market_account *account, int symbol, int side);
void rows_write_usd_m_leg(FILE *out, const struct market_account *account, int symbol, int side);

/* A row of userTrades. */
void rows_write_coin_m_trade(FILE *out, const struct market *market,
                             const struct market_fill *fill);
void rows_write_usd_m_trade(FILE *out, const struct market *market, const struct market_fill *fill);

/* The body of an account answer. */
void rows_write_coin_m_account(FILE *out, struct books *books,
                               const struct market_account *account);
void rows_write_usd_m_account(FILE *out, struct books *books, const struct market_account *account);

/* "name":"1.50000000", and what comes after it. */
void rows_write_e8(FILE *out, const char *name, int64_t value_e8, const char *after);

#endif
