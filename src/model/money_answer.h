/* The exchange's answers about money, read: GET /dapi/v1/income and userTrades into the facts that
 * they tell, and where the lists stand in the answer to /dapi/v1/account (Binance, COIN-M futures,
 * "Account Endpoints"). */
#ifndef POSREC_MODEL_MONEY_ANSWER_H
#define POSREC_MODEL_MONEY_ANSWER_H

#include "model/told_rows.h"

/* What an element of account's `assets` and `positions` is read into. */
extern const struct object_kind ASSET_OBJECT;
extern const struct object_kind LEG_MARGIN_OBJECT;

/* Read an array of income, or of trades. False, the error naming element and field, when the body
 * is not that. */
bool money_answer_income(struct span body, struct told_rows *told, struct error *error);
bool money_answer_trades(struct span body, struct told_rows *told, struct error *error);

/* Where the two arrays of an account answer stand; false when it has not both. */
bool money_answer_account(struct span body, struct span *assets, struct span *positions,
                          struct error *error);

#endif
