/* The hours that are over (tables `leg_hour`, `poll_hour`, `balance_hour` and `balance_change`),
 * each by one statement over what stands (sql/hours): recorder and rebuild insert what it gives,
 * verify compares it. It reads the formulas of posrec's views, by their texts in this program, not
 * by the file's. A contract's terms count that captures before the closing one told, so that it
 * gives the same at any time. */
#pragma once

#include <stdint.h>

#include "base/span.h"
#include "derive/hours_over.h"
#include "model/row_kinds.h"
#include "store/file/database.h"

/* A statement that gives the rows of a kind of hour in the order of its columns, or inserts them.
 * NULL with the error set on failure. */
sqlite3_stmt *hours_prepare(const struct database *database, const struct row_kind *kind,
                            bool inserts, struct error *error);

/* Names the account and the hours. */
void hours_bind(sqlite3_stmt *statement, struct span account, const struct hours_over *over);

/* The hour in which an account was answered last, of all accounts; 0 where none was. */
bool hours_last_answered(const struct database *database, int64_t *hour_ms, struct error *error);

/* Told now and then how much of what takes long is done. NULL for nobody. */
struct hours_watch {
    void *context;
    void (*on_progress)(void *context, int64_t done, int64_t total);
};

/* Fills the empty tables, all or those of balances alone, within the caller's transaction. */
bool hours_fill(const struct database *database, bool all, const struct hours_watch *watch,
                struct error *error);
