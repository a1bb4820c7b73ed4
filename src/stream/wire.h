/* A stream's connections over real sockets: what a link's stream wants done, and what happens on
 * it. */
#pragma once

#include "exchange/endpoints.h"
#include "stream/stream.h"

#define WIRE_READ_MAX ((size_t)32 << 10) /* of one connection at a time: polls go between */

/* Connects; the transport's answer is for wire_take(). */
void wire_connect(struct stream_link *link, const struct account_settings *settings,
                  struct transport *transport, const struct now *now);

/* Takes what became of it, and goes on with the handshake. */
void wire_take(struct stream_link *link, struct http_response *response,
               const struct account_settings *settings, const struct now *now);

/* Reads a link of which transport_ready() said so, WIRE_READ_MAX at most. True when there is more:
 * read it again in the next turn. */
bool wire_read(struct stream_link *link, const struct now *now);

void wire_ping(struct stream_link *link, const struct now *now);

/* Nothing more is wanted by it; with `says_goodbye` the other side is told. Before the transport
 * ends; of a link that has no wire nothing happens. */
void wire_close(struct stream_link *link, bool says_goodbye);
