/* What is asked of a host for all of its accounts: its time, and its contracts. */
#pragma once

#include "ask/way.h"

/* The clock is measured again after this, and at once when it is in doubt. */
#define TIME_EVERY_MS (INT64_C(30) * 60 * 1000)

/* exchangeInfo is asked for no more often. */
#define CONTRACTS_EVERY_MS (INT64_C(3600) * 1000)

extern const struct source SOURCE_TIME;
extern const struct source SOURCE_CONTRACTS;

/* A contract is new, or what is known of them old. */
void contracts_want(struct ask_host *host);

/* The clock is in doubt: nothing else is asked until the time was. */
void time_want(struct ask_host *host, struct boot_time now);

/* Whether the time had just been told when a request was sent: if that was refused for its time, it
 * was not the clock (it took too long, or its recv_window is too small). */
bool time_is_fresh(const struct ask_host *host, struct boot_time sent);
