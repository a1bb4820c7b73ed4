/* A message of the exchange's user data stream, read into the rows that it tells
 * (Binance, COIN-M futures, "User Data Streams"). */
#ifndef POSREC_MODEL_STREAM_MESSAGE_H
#define POSREC_MODEL_STREAM_MESSAGE_H

#include "model/leg_object.h"

/* One row that a message tells: its object, read, but for the ids that only the store knows. */
struct told_row {
    const struct object_kind *kind;
    struct object object;
};

struct stream_message {
    struct told_row *rows;
    size_t count;
    size_t capacity;
};

void stream_message_free(struct stream_message *message);

/* Reads a body into `message`, which may hold an earlier one. Messages that tell no rows (an order
 * placed, a strategy, kinds to come) leave it empty. False, the error saying why, when the body is
 * no message: not a JSON object, or not what its kind must be. */
bool stream_message_read(struct span body, struct stream_message *message, struct error *error);

/* Whether the body is a message of this event ("listenKeyExpired"). */
bool stream_message_is(struct span body, const char *event);

/* Whether it is an ACCOUNT_UPDATE that names positions. */
bool stream_message_moves_positions(struct span body);

#endif
