/* What a client asks over its WebSocket connection: SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS,
 * SET_PROPERTY and GET_PROPERTY (Binance, futures, "Live Subscribing/Unsubscribing to streams"). */
#ifndef SIM_SUBSCRIBE_H
#define SIM_SUBSCRIBE_H

#include <stddef.h>

struct sim_connection;

/* Does what a request asks, and answers it by `{"result":...,"id":...}`, or by
 * `{"error":{"code":...,"msg":...},"id":...}`. An id is an unsigned integer, as documented, or
 * letters and digits, at most 36, as the exchange's own connector sends them. */
void subscribe_answer(struct sim_connection *connection, const char *text, size_t size);

#endif
