/* A message of the exchange's user data stream, read into the rows that it tells
 * (Binance, COIN-M and USD-M futures, "User Data Streams"). */
#pragma once

#include "model/facts.h"
#include "model/product.h"

/* Reads a body into `facts`, which may hold an earlier one. Messages that tell no rows (an order
 * placed, a strategy, what is of another product, kinds to come) leave it empty. A message may
 * stand in an envelope, {"stream":...,"data":{...}}. False, the error saying why, when the body is
 * no message: not a JSON object that names its event, or not what its kind must be. */
bool stream_message_read(const struct product *product, struct span body, struct facts *facts,
                         struct error *error);

/* Whether the body is a message of this event ("listenKeyExpired"): its `e` alone says so, whatever
 * the rest of it is. */
bool stream_message_is(struct span body, const char *event);

/* Whether it is an ACCOUNT_UPDATE of the product that names positions. */
bool stream_message_moves_positions(const struct product *product, struct span body);
