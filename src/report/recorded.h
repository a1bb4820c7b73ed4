/* Whether the account and the symbol that a question names are recorded, so that a misspelt one is
 * not answered with nothing. */
#ifndef POSREC_REPORT_RECORDED_H
#define POSREC_REPORT_RECORDED_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "store/database.h"

/* ERROR_USAGE, with the accounts that are recorded, when there are any but not this one (NULL for
 * all). */
bool recorded_account_check(const struct database *database, const char *account,
                            struct error *error);

/* Appends the symbol as it is recorded, whatever case it was asked for in, or as it is when none is
 * recorded; nothing for NULL. ERROR_USAGE, with those that are recorded, when it is none of them.
 */
bool recorded_symbol(const struct database *database, const char *symbol, struct text *found,
                     struct error *error);

#endif
