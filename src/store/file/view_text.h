/* Views as parts of a statement: a query that composes them of this program's texts does not ask
 * the file's own, which count for nothing. */
#pragma once

#include "base/embedded_file.h"
#include "base/text.h"

/* Appends `NAME AS NOT MATERIALIZED (...)` to what comes between WITH and a query. The view must be
 * in the table. */
void view_text_append(const struct embedded_file *views, const char *name, struct text *sql);
