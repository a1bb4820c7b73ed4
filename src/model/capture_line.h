/* Captures as NDJSON lines, the form that import reads and export writes:
 *
 *     {"account":"main","sent_ms":1,"received_ms":2,"http_status":200,"body":"[...]"}
 *
 * docs/capture-lines.md describes every field. A line that export wrote gives back the same
 * capture, to the byte. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "model/capture.h"

/* Reads one line into a cleared capture and judges its outcome. Fields it does not name stay
 * unknown; the account stays empty. ERROR_USAGE, naming the field, when the line is bad: among
 * others, when it tells what cannot be, such as a time a day after `now_ms`. */
bool capture_line_parse(struct span line, int64_t now_ms, struct capture *capture,
                        struct error *error);

/* Appends the capture as a line, with its newline. */
void capture_line_append(struct text *out, const struct capture *capture);
