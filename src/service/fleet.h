/* Accounts that are recorded: what is asked of them, their streams, and how they fare, over a real
 * transport and the machine's clocks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ask/ask.h"
#include "service/metrics.h"

struct fleet;

/* A capture is to be recorded; it is taken over. */
typedef void fleet_capture(void *context, struct capture *capture);

/* `known` is used until fleet_free(), and may be NULL where no money is asked for. With a
 * `version` each account's recorder says that it starts, and of which. NULL with the error set on
 * failure. */
struct fleet *fleet_new(fleet_capture *on_capture, void *context, struct known *known,
                        const char *version, struct error *error);
void fleet_free(struct fleet *fleet);

/* Sets the accounts, which must outlive the next fleet_configure() or fleet_free(). Requests that
 * are out are given up. Accounts and exchanges that were there before keep their figures, clocks
 * and limits. With a tick count, accounts are left alone once they have had so many. `backfills`:
 * they are asked for the time before, too. */
bool fleet_configure(struct fleet *fleet, const struct account_settings *accounts, size_t count,
                     struct maybe_int tick_count, bool backfills, struct error *error);

/* Has what is recorded sealed, until the next fleet_configure(); what is passed must outlive that,
 * or fleet_free(). */
bool fleet_seal(struct fleet *fleet, const struct sealer_settings *settings, struct seals *seals,
                struct error *error);

/* Starts what is due. Returns when there is more to do; BOOT_NEVER when only an answer can tell. */
struct boot_time fleet_work(struct fleet *fleet);

/* Waits for answers up to timeout_ms, or for `wake_file`, and hands out what came. */
bool fleet_wait(struct fleet *fleet, int wake_file, int timeout_ms, struct error *error);

/* Ends all streams, each with a capture that says why. */
void fleet_stop_streams(struct fleet *fleet, const char *why);

/* Pings the streams that are open: one that leaves it unanswered ends, with a capture that says so.
 * Whether one that is open has still to answer. */
void fleet_ping_streams(struct fleet *fleet);
bool fleet_pings_wait(const struct fleet *fleet);

/* Has each account's recorder say that it stopped, and why. */
void fleet_note_stopped(struct fleet *fleet, const char *why);

/* Hands out what waits for the exchange's clock. */
void fleet_finish(struct fleet *fleet);

/* Whether polls that are in time still wait for answers to others. */
bool fleet_polls_wait(const struct fleet *fleet);

/* How many requests for what is recorded are out. */
size_t fleet_pending(const struct fleet *fleet);

/* Whether every account has had its tick count. */
bool fleet_is_done(const struct fleet *fleet);

/* A capture is committed: counts it, and has what follows from it asked; the contracts, too, when
 * what is known of them is old. */
void fleet_note_recorded(struct fleet *fleet, const struct capture *capture,
                         const struct recorded *recorded, bool contracts_are_old);

/* A capture is dropped, which could not be written: what it answered is asked again. */
void fleet_note_dropped(struct fleet *fleet, const struct capture *capture);

/* Fills in the accounts' figures and those of the first exchange. */
void fleet_fill_metrics(struct fleet *fleet, struct metrics *metrics);
