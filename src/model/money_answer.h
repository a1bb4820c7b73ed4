/* The exchange's answers about money, read: income, userTrades, premiumIndex, fundingRate and
 * assetIndex into the facts that they tell, and the answer to `account` list by list (Binance,
 * COIN-M and USD-M futures, "Account Endpoints" and "Market Data Endpoints"). */
#pragma once

#include "model/capture.h"
#include "model/facts.h"
#include "model/json_span.h"

/* What an element of account's `assets`, its totals, an element of symbolConfig, and accountConfig
 * are read into. */
extern const struct object_kind ASSET_OBJECT;
extern const struct object_kind ACCOUNT_TOTAL_OBJECT;
extern const struct object_kind SYMBOL_CONFIG_OBJECT;
extern const struct object_kind ACCOUNT_CONFIG_OBJECT;

/* Whether an endpoint answers with a list of facts. */
bool money_answer_has(enum endpoint endpoint);

/* Reads such a list. False, the error naming element and field, when the body is not that. */
bool money_answer_read(enum endpoint endpoint, struct span body, struct facts *facts,
                       struct error *error);

/* An account answer that is being read, and the lists that it has. */
enum account_list { ACCOUNT_ASSETS, ACCOUNT_POSITIONS, ACCOUNT_LIST_COUNT };

struct account_answer {
    struct json_walk walk; /* stands at a list, which the caller reads */
    bool has[ACCOUNT_LIST_COUNT];
    struct text *rest; /* NULL, or an object of the other members, up to where the walk stands */
};

/* `rest` is NULL where nobody asks for it, or emptied first. */
bool account_answer_begin(struct account_answer *answer, struct span body, struct text *rest,
                          struct error *error);

/* The next list, at which the walk then stands. JSON_END when the answer is complete; JSON_INVALID,
 * with the error set, when it is no object, or has not each list once. */
enum json_step account_answer_next(struct account_answer *answer, enum account_list *list,
                                   struct error *error);
