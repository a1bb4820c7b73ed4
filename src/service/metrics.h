/* The service's figures in Prometheus' text format, for node_exporter's textfile collector. Written
 * to a file beside the named one and renamed over it, so that a reader sees all of it or the one
 * before. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "derive/standing.h"
#include "model/capture.h"

#define METRICS_BUCKETS 12

/* Wallets, and open legs, in the file at most; of more those nearest to liquidation. Each is four
 * or five series of Prometheus' for as long as it keeps them. */
#define METRICS_ROWS_MAX ((size_t)500)

/* A histogram of times in milliseconds; metrics.c has the buckets' bounds. */
struct histogram {
    int64_t counts[METRICS_BUCKETS + 1]; /* the last is for all above */
    int64_t sum_ms;
};

void histogram_add(struct histogram *histogram, int64_t ms);

struct account_metrics {
    const char *name;
    int64_t captures[ENDPOINT_COUNT][OUTCOME_COUNT];
    int64_t skipped_ticks;
    int64_t received_bytes;
    int64_t last_good_ms; /* 0 before the first */
    bool has_stream;
    bool stream_is_up;
    struct histogram latency;
};

struct metrics {
    const struct account_metrics *const *accounts;
    size_t account_count;
    struct histogram commit;
    int64_t now_ms;
    int64_t used_weight;
    int64_t weight_limit;
    int64_t waiting; /* captures that wait to be written */
    int64_t dropped;
    int64_t database_bytes;    /* with its write-ahead log */
    int64_t disk_bytes;        /* left on its disk */
    struct standing *standing; /* its order may change */
};

/* How far behind a mirror is. */
struct mirror_metrics {
    bool connected;
    int64_t capture_id; /* the last that is mirrored */
    int64_t captures;   /* that wait ... */
    int64_t lag_ms;     /* ... the longest for so long; or CAPTURE_NO_AGE */
};

bool metrics_write_mirror(const struct mirror_metrics *metrics, const char *path,
                          struct error *error);

/* What the last `verify` came to. */
struct verify_metrics {
    bool sound;
    int64_t captures;
    int64_t ended_ms; /* since 1970 UTC */
    int64_t took_ms;
};

bool metrics_write_verify(const struct verify_metrics *metrics, const char *path,
                          struct error *error);

bool metrics_write(const struct metrics *metrics, const char *path, struct error *error);
