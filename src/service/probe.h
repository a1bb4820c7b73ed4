/* Asks the exchange the questions of `posrec doctor`: can it be reached, what time does it have,
 * does it take this key? Nothing is recorded. */
#pragma once

#include <stdbool.h>

#include "exchange/endpoints.h"

struct probe_result {
    struct maybe_int clock_offset_ms; /* unknown when the time could not be had */
    struct capture capture;           /* of the signed call, without its body */
    bool is_refused;
};

/* Asks the endpoint, signed. False with the error set only for posrec's own failures. Free with
 * probe_result_free(). */
bool probe_endpoint(const struct account_settings *settings, enum endpoint endpoint,
                    struct probe_result *result, struct error *error);
void probe_result_free(struct probe_result *result);

/* Opens the account's user data stream, which must have a URL, and closes it again: `capture` says
 * that it was opened, or why not. Likewise. */
bool probe_stream(const struct account_settings *settings, struct capture *capture,
                  struct error *error);
