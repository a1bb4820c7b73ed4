/* Writes the service's captures into the database, all that wait in one transaction. When that does
 * not work (disk full, database locked) they stay, and it is tried again. What waits is bounded:
 * beyond the bounds the oldest go, which is evidence too (service/losses.h), written before what
 * came after them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "model/capture.h"
#include "service/losses.h"
#include "service/metrics.h"
#include "store/recorder.h"

#define WRITER_RETRY_MS 1000
#define WRITER_WAITING_MAX ((size_t)10000)
#define WRITER_WAITING_BYTES_MAX ((size_t)512 << 20) /* of bodies */

struct writer;

/* What its owner is told. */
struct writer_watch {
    void *context;

    /* What a capture came to, once it is committed. */
    void (*on_recorded)(void *context, const struct capture *capture,
                        const struct recorded *recorded);

    /* A capture is dropped. */
    void (*on_dropped)(void *context, const struct capture *capture);
};

/* Uses the recorder until writer_free(). NULL with the error set on failure. */
struct writer *writer_new(struct recorder *recorder, const struct writer_watch *watch,
                          struct error *error);
void writer_free(struct writer *writer);

/* Takes the capture over (it is left cleared). */
void writer_add(struct writer *writer, struct capture *capture);

/* Commits what waits, and logs each capture after that. False when it could not: the captures stay,
 * the log has said why. Does nothing before a retry is due. */
bool writer_flush(struct writer *writer, struct boot_time now);

/* Commits some of what waits, so that what is due meanwhile goes out; while polls wait to go out,
 * only what there is no room for. False when that failed. */
bool writer_write(struct writer *writer, struct boot_time now, bool polls_wait);

/* Tries once more, whenever the next try was due. False when something is lost all the same, which
 * is logged: why, and when the first of it was received. */
bool writer_flush_last(struct writer *writer, enum loss_cause *cause, int64_t *from_ms);

/* When the next retry is due; BOOT_NEVER when none is. */
struct boot_time writer_retry(const struct writer *writer);

/* Fills in what waits, what the bounds have cost since the start, and how long commits took. */
void writer_fill_metrics(const struct writer *writer, struct metrics *metrics);
