/* What everybody may ask: the marks of contracts, the rates at which funding was paid, and what
 * assets are worth in dollars. */
#ifndef SIM_PRICES_H
#define SIM_PRICES_H

#include "sim.h"

/* Funding is paid at a rate: the exchange tells of it from now on. */
void prices_note_funding(struct market *market, const struct market_funding *funding);

struct reply prices_premium_reply(struct question *question);
struct reply prices_rates_reply(struct question *question);
struct reply prices_assets_reply(struct question *question);

#endif
