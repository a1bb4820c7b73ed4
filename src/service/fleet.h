/* All accounts that the service polls, with the exchanges they are at: who is asked when, and what
 * an answer means for the asking that follows. What came back goes to the writer. */
#ifndef POSREC_SERVICE_FLEET_H
#define POSREC_SERVICE_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/metrics.h"
#include "service/poller.h"
#include "service/writer.h"
#include "store/known.h"

struct fleet;

/* Uses both until fleet_free(). NULL with the error set on failure. */
struct fleet *fleet_new(struct writer *writer, struct known *known, struct error *error);
void fleet_free(struct fleet *fleet);

/* Sets the accounts, which must outlive the next fleet_configure() or fleet_free(). Requests that
 * are out are given up. Accounts and exchanges that were there before keep their figures, clocks
 * and limits. With a tick count, accounts are left alone once they have had so many. */
bool fleet_configure(struct fleet *fleet, const struct poller_settings *accounts, size_t count,
                     struct maybe_int tick_count, struct error *error);

/* Starts what is due at this time of the monotonic clock. */
void fleet_work(struct fleet *fleet, int64_t monotonic_ms);

/* Waits for answers up to timeout_ms, or for `wake_file`, and hands what came to the writer. */
bool fleet_wait(struct fleet *fleet, int wake_file, int timeout_ms, struct error *error);

/* Ends all streams, each with a capture that says why. */
void fleet_stop_streams(struct fleet *fleet, const char *why);

/* How many polls, and requests for the exchange's own data, are out. */
size_t fleet_pending(const struct fleet *fleet);

/* When fleet_work() has something to do next; INT64_MAX when only an answer can tell. */
int64_t fleet_wake_monotonic_ms(struct fleet *fleet, int64_t monotonic_ms);

/* Whether every account has had its tick count. */
bool fleet_is_done(const struct fleet *fleet);

/* A capture is committed: counts it, and asks for exchangeInfo when a contract is new or, as
 * `contracts_are_old` says, the record of them a day old. */
void fleet_note_recorded(struct fleet *fleet, const struct capture *capture,
                         const struct recorded *recorded, bool contracts_are_old);

/* Fills in the accounts' figures and those of the first exchange. */
void fleet_fill_metrics(const struct fleet *fleet, int64_t monotonic_ms, struct metrics *metrics);

#endif
