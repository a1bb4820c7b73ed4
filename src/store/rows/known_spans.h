/* What the record can speak of (table `known_span`, derive/known_book.h), loaded and filled. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "derive/account_book.h"
#include "store/file/database.h"

/* Brings an account's book to where it stood before a capture. Its times are loaded already, its
 * book is empty. */
bool known_spans_load(const struct database *database, struct account *account,
                      int64_t before_capture_id, struct error *error);

/* Fills the empty table within the caller's transaction. */
bool known_spans_fill(const struct database *database, struct error *error);
