/* Asks the exchange the questions of `posrec doctor`: can it be reached, what time does it have,
 * does it take this key, and what may that do? Nothing is recorded. */
#pragma once

#include <stdbool.h>

#include "exchange/endpoints.h"
#include "exchange/key_rights.h"

struct probe_result {
    struct maybe_int clock_offset_ms; /* unknown when the time could not be had, ... */
    int64_t clock_off_ms;             /* ... and else off by so much at most */
    struct capture capture;           /* of the signed call */
    bool is_refused;
    struct maybe_int others_weight; /* what others had used of a minute's weight when it came */
};

/* Asks the endpoint, signed. False with the error set only for posrec's own failures. Free with
 * probe_result_free(). */
bool probe_endpoint(const struct account_settings *settings, enum endpoint endpoint,
                    struct probe_result *result, struct error *error);
void probe_result_free(struct probe_result *result);

/* Asks what the account's key may do, where there is a URL that tells it: `rights` is it when the
 * result's outcome is OK; they are freed with key_rights_free(). Likewise. */
bool probe_key_rights(const struct account_settings *settings, struct probe_result *result,
                      struct key_rights *rights, struct error *error);

/* Opens the account's user data stream, which must have a URL, pings it and closes it again:
 * `capture` says that it was opened, and then it has answered, or why not. Likewise. */
bool probe_stream(const struct account_settings *settings, struct capture *capture,
                  struct error *error);
