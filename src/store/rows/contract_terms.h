/* What contracts were from which capture on (table `contract_term`). */
#pragma once

#include <stdbool.h>

#include "store/file/database.h"

/* Fills the empty table of a database that has contracts already, within the caller's transaction:
 * by each exchangeInfo, and by the first capture whose rows name a contract. */
bool contract_terms_fill(const struct database *database, struct error *error);
