/* Writes the service's captures into the database, all that wait in one transaction. When that does
 * not work (disk full, database locked) they stay, and it is tried again. */
#ifndef POSREC_SERVICE_WRITER_H
#define POSREC_SERVICE_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/capture.h"
#include "store/recorder.h"

#define WRITER_RETRY_MS 1000

struct writer;

/* What a capture came to, once it is committed. */
struct writer_watch {
    void *context;
    void (*on_recorded)(void *context, const struct capture *capture,
                        const struct recorded *recorded);
};

/* Uses the recorder until writer_free(). NULL with the error set on failure. */
struct writer *writer_new(struct recorder *recorder, const struct writer_watch *watch,
                          struct error *error);
void writer_free(struct writer *writer);

/* Takes the capture over. */
void writer_add(struct writer *writer, struct capture *capture);

/* Commits what waits, and logs each capture after that. False when it could not: the captures stay,
 * the log has said why. Does nothing before a retry is due. */
bool writer_flush(struct writer *writer, int64_t monotonic_ms);

/* Tries once more, whenever the next try was due; logs what is lost when that does not work either.
 */
void writer_flush_last(struct writer *writer);

/* When the next retry is due, on the monotonic clock; INT64_MAX when none is. */
int64_t writer_retry_monotonic_ms(const struct writer *writer);

size_t writer_waiting(const struct writer *writer);

/* How many captures the bound has cost since the start. */
int64_t writer_dropped(const struct writer *writer);

/* How long the last commit took, ms. */
int64_t writer_commit_ms(const struct writer *writer);

#endif
