/* What is traded: the contracts and assets of each product's market, the same ones always, and how
 * exchangeInfo tells of them. */
#ifndef SIM_CONTRACTS_H
#define SIM_CONTRACTS_H

#include "market.h"

/* Fill a market with so many contracts. */
void contracts_open_coin_m(struct market *market, int count);
void contracts_open_usd_m(struct market *market, int count);

void contracts_write_coin_m(FILE *out, const struct market *market, int symbol);
void contracts_write_usd_m(FILE *out, const struct market *market, int symbol);

/* The margin assets, as USD-M's exchangeInfo has them. */
void contracts_write_assets(FILE *out, const struct market *market);

#endif
