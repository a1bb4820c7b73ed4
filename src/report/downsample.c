#include "report/downsample.h"

#include <assert.h>
#include <stddef.h>

void downsample_begin(struct downsample *downsample, int64_t from_ms, int64_t to_ms, int buckets,
                      void (*emit)(void *context, const struct downsample_point *point),
                      void *context)
{
    assert(buckets >= 1 && from_ms <= to_ms);
    *downsample = (struct downsample){
        .from_ms = from_ms,
        .bucket_ms = (to_ms - from_ms) / buckets + 1,
        .emit = emit,
        .context = context,
    };
}

/* Emits the point unless it is the one before or earlier. */
static void emit_later(struct downsample *downsample, const struct downsample_point *point,
                       int64_t *last_ms)
{
    if (point->time_ms > *last_ms) {
        downsample->emit(downsample->context, point);
        downsample->kept++;
        *last_ms = point->time_ms;
    }
}

static void flush(struct downsample *downsample)
{
    if (!downsample->filled) {
        return;
    }
    bool low_first = downsample->low.time_ms <= downsample->high.time_ms;
    int64_t last_ms = INT64_MIN;
    emit_later(downsample, &downsample->first, &last_ms);
    emit_later(downsample, low_first ? &downsample->low : &downsample->high, &last_ms);
    emit_later(downsample, low_first ? &downsample->high : &downsample->low, &last_ms);
    emit_later(downsample, &downsample->last, &last_ms);
    downsample->filled = false;
}

static void take(struct downsample *downsample, struct downsample_point point)
{
    if (!downsample->filled) {
        downsample->first = downsample->low = downsample->high = point;
        downsample->filled = true;
    } else if (point.value < downsample->low.value) {
        downsample->low = point;
    } else if (point.value > downsample->high.value) {
        downsample->high = point;
    }
    downsample->last = point;
    downsample->taken++;
}

void downsample_add(struct downsample *downsample, int64_t time_ms, double value)
{
    int64_t bucket = (time_ms - downsample->from_ms) / downsample->bucket_ms;
    if (bucket != downsample->bucket) {
        flush(downsample);
        if (downsample->broken && downsample->kept > 0) {
            downsample->emit(downsample->context, NULL);
        }
        downsample->bucket = bucket;
    }
    downsample->broken = false;
    take(downsample, (struct downsample_point){time_ms, value});
}

void downsample_break(struct downsample *downsample)
{
    downsample->broken = true;
}

void downsample_end(struct downsample *downsample)
{
    flush(downsample);
}
