/* What an account's run begins and ends with: the captures of endpoint `recorder`, whose times are
 * to be set. */
#pragma once

#include "exchange/endpoints.h"

/* It begins, of this version of posrec; the detail has a digest of what is asked and how. False
 * with the error set on failure. */
bool recorder_life_started(const struct account_settings *settings, const char *version,
                           struct capture *capture, struct error *error);

/* It ends, and why. */
struct capture recorder_life_stopped(const struct account_settings *settings, const char *why);
