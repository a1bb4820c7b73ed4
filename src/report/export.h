/* Writes captures as capture lines, the inverse of import. */
#ifndef POSREC_REPORT_EXPORT_H
#define POSREC_REPORT_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "store/capture_reader.h"

/* Writes the captures of the range by time; counts them in *count. */
bool export_captures(struct capture_reader *reader, const struct capture_range *range, FILE *out,
                     int64_t *count, struct error *error);

#endif
