/* What everybody may ask: the marks of a pair's contracts, and the rates at which funding was paid.
 */
#ifndef SIM_PRICES_H
#define SIM_PRICES_H

#include "sim.h"

/* Funding is paid at a rate: the exchange tells of it from now on. */
void prices_note_funding(struct sim *sim, int symbol, double rate, double mark, int64_t now_ms);

struct reply prices_premium_reply(struct sim *sim, struct request *request);
struct reply prices_rates_reply(struct sim *sim, struct request *request);

#endif
