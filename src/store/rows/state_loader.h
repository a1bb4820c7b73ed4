/* Loads what an earlier process derived: where a derivation stands before a given capture. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "derive/derivation.h"
#include "store/file/database.h"

/* Before no capture in particular: after all of them. */
#define STATE_NOW INT64_MAX

/* Loads accounts, contracts and the number of legs into a new derivation. Contracts before a
 * capture are what the exchangeInfo before it said of them, else what their names say. Ledgers are
 * loaded by themselves, when they are needed. Fails when ids are not from 1 on and without holes.
 */
bool state_load(const struct database *database, struct derivation *derivation,
                int64_t before_capture_id, struct error *error);

/* What assets were worth last: no row follows from it, and state_load() leaves it out. */
bool state_load_indexes(const struct database *database, struct derivation *derivation,
                        struct error *error);

/* Of it, the accounts alone: those that have a capture by then. */
bool state_load_accounts(const struct database *database, struct derivation *derivation,
                         int64_t before_capture_id, struct error *error);

/* Gives the account its ledger, while the derivation stands before the same capture. */
bool state_load_ledger(const struct database *database, struct derivation *derivation,
                       struct account *account, int64_t before_capture_id, struct error *error);
