/* The summary of a leg's valuations over one hour of UTC (table `leg_hour`): each of five
 * figures (model/leg_figures.h) as it was first and last, its lowest and its highest. */
#ifndef POSREC_MODEL_LEG_HOUR_H
#define POSREC_MODEL_LEG_HOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "model/maybe.h"
#include "model/row.h"

#define HOUR_MS (INT64_C(60) * 60 * 1000)

/* The hour that a time is in. */
static inline int64_t hour_of(int64_t time_ms)
{
    return time_ms - time_ms % HOUR_MS;
}

struct leg_hour {
    int64_t first_ms, last_ms;
    int32_t valuations; /* 0: none yet */
    int32_t findings;   /* of which `report reconcile` has something to say */
    struct leg_hour_values
        *values; /* NULL while the leg stood flat: most do, so it costs nothing */
};

/* Adds a valuation and the position that holds with it. False when out of memory. */
bool leg_hour_add(struct leg_hour *hour, const struct row *position, const struct row *valuation,
                  struct maybe_int contract_size_e8);

/* Writes the hour into a row of its table, but for leg_id. False when out of memory. */
bool leg_hour_to_row(const struct leg_hour *hour, struct row *row);

/* Makes it none, and frees its memory. */
void leg_hour_clear(struct leg_hour *hour);

#endif
