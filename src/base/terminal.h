/* Text that came from outside, for a terminal: UTF-8 stays as it is, and nothing in it can move the
 * cursor, colour what follows or turn around the order in which text is read. */
#pragma once

#include "base/span.h"
#include "base/text.h"

/* Appends the bytes; those of control characters (C0, DEL, C1), of line and paragraph separators,
 * of marks and overrides of direction (Unicode, annex 9), and what is not UTF-8 as \x1b. */
void terminal_append(struct text *out, struct span bytes);

/* Takes from the front of such a text as many whole characters as fit into so many columns, one at
 * least, and ends with a word where there is more than one; blanks before the rest are left out. */
struct span terminal_take(struct span *text, size_t columns);

/* How many columns the result takes, as far as the locale's LC_CTYPE knows its characters. */
size_t terminal_columns(struct span text);
