/* The weight that an address may use in a minute on the simulated exchange, and what comes of using
 * more: 429, and for those who go on asking 418, a ban. All of it goes by the exchange's clock. */
#ifndef SIM_WEIGHT_H
#define SIM_WEIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What was used in a minute. */
struct weight_minute {
    int64_t start_ms;
    int used;
    int refused; /* requests answered 429 or 418 */
};

struct weight {
    int limit;
    int64_t minute_offset_ms; /* a minute begins so much later than the exchange's clock says */
    struct weight_minute *minutes;
    size_t minute_count;
    int used;       /* in the last of them */
    int over_limit; /* requests since the limit was passed */
    int64_t banned_until_ms;
};

enum weight_verdict { WEIGHT_GRANTED, WEIGHT_OVER, WEIGHT_BANNED };

/* Counts a request; what is not granted has, in seconds, when to ask again. */
enum weight_verdict weight_take(struct weight *weight, int amount, int64_t now_ms,
                                int *retry_after_s);

/* Counts what others on the address use. */
void weight_add(struct weight *weight, int amount, int64_t now_ms);

/* One JSON object a minute. */
void weight_write(const struct weight *weight, FILE *out);

/* Nothing used, nobody banned, minutes as the clock says. */
void weight_reset(struct weight *weight);
void weight_free(struct weight *weight);

#endif
