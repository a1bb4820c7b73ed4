/* Writes captures as capture lines, the inverse of import. */
#ifndef POSREC_REPORT_EXPORT_H
#define POSREC_REPORT_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "store/capture_reader.h"

/* Writes the captures of the range in the order in which they were recorded, which is the order of
 * the chain; counts them in *count. Fails at the first whose body is not what was received. */
bool export_captures(struct capture_reader *reader, const struct capture_range *range, FILE *out,
                     int64_t *count, struct error *error);

#endif
