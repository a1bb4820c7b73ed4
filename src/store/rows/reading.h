/* What this posrec reads in the evidence, apart from what was read in it when it was recorded.
 *
 * A capture says for ever how it was read then: the chain binds it. Where this posrec reads it
 * otherwise, table `reading` says how; table `read_by` says which version of reading made the rows
 * of which captures. Rows of an older one are what its record says; rebuild reads everything
 * again. */
#pragma once

#include "derive/derivation.h"
#include "store/evidence/capture_reader.h"

/* The version of reading: another one whenever the same bytes make other rows. */
#define READER 2

/* Notes that this posrec makes the rows of captures from one on. */
bool reading_begin(const struct database *database, int64_t from_capture_id, struct error *error);

/* Forgets what was noted: nothing is read. */
bool reading_forget(const struct database *database, struct error *error);

/* Which version of reading made the rows of the last captures; 0 where there are none. */
bool reading_last_reader(const struct database *database, int64_t *reader, struct error *error);

/* Reads a stored capture as if it had just come. `present` gets its outcome, code and detail, and
 * is valid as long as the stored one is; its detail is its own, for the caller to free. */
bool reading_of(struct derivation *derivation, struct account *account,
                const struct stored_capture *stored, struct capture *present,
                struct reading *reading, struct error *error);

/* Whether this is what the capture's record, or what was noted of it since, says. */
bool reading_is_recorded(const struct stored_capture *stored, const struct reading *reading);

/* Notes how a capture is read now where its record says otherwise. */
bool reading_note(const struct database *database, const struct stored_capture *stored,
                  const struct reading *reading, struct error *error);
