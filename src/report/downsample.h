/* Thins a series of points for a chart without losing its extremes: time is cut into equal buckets,
 * and of each bucket the first, the lowest, the highest and the last point stay, in their order. A
 * series of one or two points a bucket stays as it is. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct downsample_point {
    int64_t time_ms;
    double value;
};

struct downsample {
    int64_t from_ms;
    int64_t bucket_ms;
    void (*emit)(void *context, const struct downsample_point *point); /* NULL for a break */
    void *context;

    int64_t bucket; /* that the points below are of */
    bool filled;    /* there are such points */
    struct downsample_point first, low, high, last;
    bool broken;   /* a break is due before the next point */
    int64_t taken; /* points given, and points emitted */
    int64_t kept;
};

/* `buckets` between from_ms and to_ms, 1 or more. Emitted points go to `emit`, also breaks. */
void downsample_begin(struct downsample *downsample, int64_t from_ms, int64_t to_ms, int buckets,
                      void (*emit)(void *context, const struct downsample_point *point),
                      void *context);

/* The next point; times do not decrease. */
void downsample_add(struct downsample *downsample, int64_t time_ms, double value);

/* The series is interrupted here. What is shorter than a bucket cannot be seen and is left out, as
 * are breaks before the first point and after the last. */
void downsample_break(struct downsample *downsample);

/* Emits what is still kept. */
void downsample_end(struct downsample *downsample);
