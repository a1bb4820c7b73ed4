/* Writes polls as capture lines, the inverse of import. */
#ifndef POSREC_REPORT_EXPORT_H
#define POSREC_REPORT_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "store/poll_reader.h"

/* Writes the polls of the range by time; counts them in *count. */
bool export_polls(struct poll_reader *reader, const struct poll_range *range, FILE *out,
                  int64_t *count, struct error *error);

#endif
