/* Income by the day (table `income_day`): what the days of an account that are over came to, in its
 * assets and in USD, by leg. A sum is what the view income_history says of what stands, at any
 * time: what is told later of a day's income, of what moves its price or the leg that it is counted
 * at takes the day's sums away, and they are made anew. A day without them is read from the rows.
 *
 * All are parts of the caller's transaction. */
#pragma once

#include "derive/hours_over.h"
#include "model/contract.h"
#include "model/row.h"
#include "store/file/database.h"
#include "store/rows/hours.h"

struct income_days;

/* NULL with the error set on failure. Uses the database until income_days_free(). */
struct income_days *income_days_new(const struct database *database, struct error *error);
void income_days_free(struct income_days *days);

/* Reads up to when there are sums: at the start, and after another connection wrote. */
bool income_days_load(struct income_days *days, struct error *error);

/* An hour of some account is over: sums up days of all accounts that are over since an hour and
 * have no sums, once an hour and as many as take no second. Of thousands of legs none are: there
 * they would take longer than they spare. */
bool income_days_close(struct income_days *days, int64_t hour_ms, struct error *error);

/* A row was written: takes away the sums that it makes wrong. */
bool income_days_note_row(struct income_days *days, const struct row *row, struct error *error);

/* A leg is about to be written: income of its symbol may have been counted at none. */
bool income_days_note_leg(struct income_days *days, int64_t account_id, struct span symbol,
                          struct error *error);

/* A contract is about to be told otherwise: which prices count may be others. */
bool income_days_note_contract(struct income_days *days, int64_t contract_id,
                               const struct contract *contract, struct error *error);

/* Sums up the days that are over, all of them or what takes some seconds. `watch` may be NULL. */
bool income_days_fill(const struct database *database, bool all, const struct hours_watch *watch,
                      struct error *error);

/* Whether the sums of the days from `from_ms` on are what stands; the first one that is not is
 * described. */
bool income_days_check(const struct database *database, int64_t from_ms, bool *sound,
                       struct text *what, struct error *error);
