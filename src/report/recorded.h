/* Whether the account and the symbol that a question names are recorded, so that a misspelt one is
 * not answered with nothing. */
#pragma once

#include "report/report.h"

/* ERROR_USAGE, with the nearest of the accounts that are recorded (base/names.h), when there are
 * any but not the question's. */
bool recorded_check_account(const struct report_question *question, struct error *error);

/* Makes the question's symbol, whatever case it was asked for in, the one that is recorded; `text`
 * holds it. It stays as it is when none is recorded; ERROR_USAGE, with those that are, when it is
 * none of them. */
bool recorded_find_symbol(struct report_question *question, struct text *text, struct error *error);
