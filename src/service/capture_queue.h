/* Captures that wait to be recorded, in order: usually for a moment, for as long as it takes when
 * the disk is full or the database is locked. Bounded: beyond the bound the oldest go. */
#ifndef POSREC_SERVICE_CAPTURE_QUEUE_H
#define POSREC_SERVICE_CAPTURE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/capture.h"

#define CAPTURE_QUEUE_COUNT_MAX ((size_t)10000)
#define CAPTURE_QUEUE_BYTES_MAX ((size_t)512 << 20) /* of bodies */

struct capture_queue;

/* NULL when out of memory. */
struct capture_queue *capture_queue_new(void);
void capture_queue_free(struct capture_queue *queue);

/* Takes the capture over (it is left cleared). Returns how many old ones had to go. */
size_t capture_queue_add(struct capture_queue *queue, struct capture *capture);

size_t capture_queue_size(const struct capture_queue *queue);

/* The one at `index`, 0 being the oldest. */
struct capture *capture_queue_at(struct capture_queue *queue, size_t index);

/* Removes the oldest `count`. */
void capture_queue_drop(struct capture_queue *queue, size_t count);

#endif
