/* What round trips are made of (table `trip_part_kept`), of days that are over: the view trip_part
 * reads the last ones alone from trades, funding and polls. What is kept is what these make of what
 * stands, at any time: what is told of a time before takes the rows of the account's contract away,
 * and they are made anew.
 *
 * All are parts of the caller's transaction. */
#pragma once

#include "derive/hours_over.h"
#include "model/contract.h"
#include "model/row.h"
#include "store/file/database.h"

struct trip_parts;

/* NULL with the error set on failure. Uses the database until trip_parts_free(). */
struct trip_parts *trip_parts_new(const struct database *database, struct error *error);
void trip_parts_free(struct trip_parts *parts);

/* Reads up to when something is kept: at the start, and after another connection wrote. */
bool trip_parts_load(struct trip_parts *parts, struct error *error);

/* Hours of an account are over: with the first of a day the parts before the last day are kept, as
 * many as take no second. */
bool trip_parts_close(struct trip_parts *parts, int64_t account_id, const struct hours_over *over,
                      struct error *error);

/* A row was written: takes away what it makes wrong. */
bool trip_parts_note_row(struct trip_parts *parts, const struct row *row, struct error *error);

/* A contract is about to be told otherwise: income of it may be in another asset. */
bool trip_parts_note_contract(struct trip_parts *parts, int64_t contract_id,
                              const struct contract *contract, struct error *error);

/* Keeps the parts of all accounts. */
bool trip_parts_fill(const struct database *database, struct error *error);

/* Whether the parts are what stands; the first one that is not is described. */
bool trip_parts_check(const struct database *database, bool *sound, struct text *what,
                      struct error *error);
