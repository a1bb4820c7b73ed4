#include "weight.h"

#include <stdlib.h>

#define OVER_LIMIT_MAX 5 /* requests after a 429 that are still answered 429, not 418 */
#define BAN_S 120
#define MINUTE_MS 60000

/* The minute that it is, with nothing used when it has just begun. */
static struct weight_minute *turn_minute(struct weight *weight, int64_t now_ms)
{
    int64_t start_ms =
        (now_ms - weight->minute_offset_ms) / MINUTE_MS * MINUTE_MS + weight->minute_offset_ms;
    size_t count = weight->minute_count;
    if (count == 0 || weight->minutes[count - 1].start_ms != start_ms) {
        struct weight_minute *grown =
            reallocarray(weight->minutes, count + 1, sizeof *weight->minutes);
        if (grown == NULL) {
            abort();
        }
        weight->minutes = grown;
        weight->minutes[weight->minute_count++] = (struct weight_minute){.start_ms = start_ms};
        weight->used = 0;
        weight->over_limit = 0;
    }
    return &weight->minutes[weight->minute_count - 1];
}

void weight_add(struct weight *weight, int amount, int64_t now_ms)
{
    struct weight_minute *minute = turn_minute(weight, now_ms);
    weight->used += amount;
    if (minute->used < weight->used) {
        minute->used = weight->used;
    }
}

enum weight_verdict weight_take(struct weight *weight, int amount, int64_t now_ms,
                                int *retry_after_s)
{
    weight_add(weight, amount, now_ms);
    struct weight_minute *minute = &weight->minutes[weight->minute_count - 1];
    bool is_over = weight->used > weight->limit;
    if (now_ms >= weight->banned_until_ms && is_over && ++weight->over_limit > OVER_LIMIT_MAX) {
        weight->banned_until_ms = now_ms + BAN_S * 1000;
    }
    bool is_banned = now_ms < weight->banned_until_ms;
    if (!is_banned && !is_over) {
        return WEIGHT_GRANTED;
    }
    minute->refused++;
    int64_t again_ms = is_banned ? weight->banned_until_ms : minute->start_ms + MINUTE_MS;
    *retry_after_s = (int)((again_ms - now_ms + 999) / 1000);
    return is_banned ? WEIGHT_BANNED : WEIGHT_OVER;
}

void weight_write(const struct weight *weight, FILE *out)
{
    for (size_t i = 0; i < weight->minute_count; i++) {
        const struct weight_minute *minute = &weight->minutes[i];
        fprintf(out, "{\"start_ms\":%lld,\"used\":%d,\"refused\":%d}\n",
                (long long)minute->start_ms, minute->used, minute->refused);
    }
}

void weight_reset(struct weight *weight)
{
    weight->minute_offset_ms = 0;
    weight->used = 0;
    weight->over_limit = 0;
    weight->banned_until_ms = 0;
}

void weight_free(struct weight *weight)
{
    free(weight->minutes);
}
