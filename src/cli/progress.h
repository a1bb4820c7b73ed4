/* A progress bar on stderr, drawn only when that is a terminal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on;
    const char *what;
    int64_t total; /* 0 when it is not known */
    int64_t drawn_ms;
    int64_t started_ms;
};

/* `quiet` turns it off. */
void progress_begin(struct progress *progress, const char *what, int64_t total, bool quiet);

/* Draws at most ten times a second. */
void progress_update(struct progress *progress, int64_t done);

/* The same as a callback of the store's: `context` is a struct progress. */
void progress_watch(void *context, int64_t done, int64_t total);

/* Wipes the bar, so that the next line starts clean. */
void progress_end(struct progress *progress);
