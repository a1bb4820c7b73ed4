/* HTTP over one curl_multi handle: any number of requests at once, in one thread; and channels,
 * which are connections made the same way (TLS, ca_file, proxy) over which the caller speaks
 * itself.
 *
 * TLS certificates and names are always verified, and redirects are not followed. Plain http goes
 * to loopback addresses only, and to timestamp authorities, whose answers are signed
 * (exchange/base_url.h). Of the environment nothing counts that libcurl reads: no
 * proxies, none that are to be passed by, no file for the secrets of TLS. Answers may come
 * compressed (gzip); a body is what it decodes to, and that is what is capped. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "model/capture.h"

#define TRANSPORT_REASON_SIZE 300

/* Everything is copied when the request starts. */
struct http_request {
    const char *method;  /* NULL for GET, or POST where there is a body */
    const char *url;     /* with the query; may hold a signature: never shown */
    const char *api_key; /* X-MBX-APIKEY; NULL for none */
    struct span body;    /* without data: none; else of these types is it, and what is accepted: */
    const char *body_type, *accepted_type;
    const char *ca_file; /* PEM, in the place of the system's; NULL for those */
    const char *proxy;   /* NULL for none */
    int64_t timeout_ms;  /* for all of it */
    int64_t idle_ms_max; /* a kept connection that was idle for longer is not used */
    bool is_channel;     /* only connect; the response's channel is the caller's then */
    void *owner;         /* handed back */
};

struct channel;

struct http_response {
    void *owner;
    bool is_channel;         /* as it was asked for */
    struct channel *channel; /* NULL but for a channel that is connected */

    /* OK for a whole answer, whatever its status, or a channel that is connected; UNREADABLE for
     * one that is too large; else TIMEOUT, NETWORK_ERROR or TLS_ERROR. */
    enum outcome outcome;

    struct maybe_int status;            /* known once headers came, even when the rest did not */
    struct maybe_int used_weight;       /* X-MBX-USED-WEIGHT-1M */
    struct maybe_int retry_after_s;     /* Retry-After */
    struct maybe_int date_ms;           /* Date: the exchange's time, to the second */
    bool has_body;                      /* a whole answer, or bytes of a broken one */
    struct text body;                   /* the bytes as received; empty when it was too large */
    char reason[TRANSPORT_REASON_SIZE]; /* what went wrong, without secrets; "" when answered */
};

struct transport;

/* NULL with the error set on failure. `body_size_max` in bytes. */
struct transport *transport_new(size_t body_size_max, struct error *error);

/* Requests still out are given up. */
void transport_free(struct transport *transport);

bool transport_start(struct transport *transport, const struct http_request *request,
                     struct error *error);

/* Moves requests on; waits up to timeout_ms for something to happen, or for `wake_file` (-1 for
 * none) to become readable. */
bool transport_poll(struct transport *transport, int wake_file, int timeout_ms,
                    struct error *error);

/* Takes out a finished request; false when there is none. The caller frees the response with
 * http_response_free(). */
bool transport_take(struct transport *transport, struct http_response *response);

/* The owner of a channel from which bytes can be read, or that is broken, since the last
 * transport_poll(); NULL after the last. It stays ready until it was read to CHANNEL_LATER. */
void *transport_ready(struct transport *transport);

enum channel_result {
    CHANNEL_DONE,
    CHANNEL_LATER, /* nothing now: transport_ready() tells when to go on */
    CHANNEL_OVER,  /* the other side ended it, or it broke */
};

/* Reads what came, up to `room` bytes. */
enum channel_result channel_receive(struct channel *channel, char *buffer, size_t room,
                                    size_t *size);

/* Sends as much as goes out now. */
enum channel_result channel_send(struct channel *channel, struct span bytes, size_t *size);

/* Ends it; before transport_free(). */
void channel_close(struct channel *channel);

void http_response_free(struct http_response *response);
