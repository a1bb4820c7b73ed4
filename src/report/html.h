/* The frame of an HTML page: one file that loads nothing from anywhere. Style and scripts are
 * inside, named by their hashes in the page's content security policy, so that no other script can
 * run, whatever a symbol or an account is called. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "model/maybe.h"

/* Appends text so that it is shown as it is, also inside a quoted attribute. Bytes that are not
 * UTF-8 become U+FFFD. */
void html_append_text(struct text *out, struct span text);

/* Appends a JSON string that may stand inside a <script> of data. */
void html_append_json(struct text *out, struct span text);

/* From the doctype to the page's heading, which is `title`. With `refresh_ms` the page loads itself
 * anew that often: by the charts' script, which keeps what the reader looks at, or, where scripts
 * do not run, by the browser. */
void html_begin(struct text *out, const char *title, struct maybe_int refresh_ms);

/* The rest of the page; `charts` adds the scripts that draw them. A failure shows in
 * `out->failed`. */
void html_end(struct text *out, bool charts);
