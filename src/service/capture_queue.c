#include "service/capture_queue.h"

#include <assert.h>
#include <stdlib.h>

/* A ring of slots; those that are free are cleared captures. */
struct capture_queue {
    struct capture slots[CAPTURE_QUEUE_COUNT_MAX];
    size_t first;
    size_t size;
    size_t bytes;
};

struct capture_queue *capture_queue_new(void)
{
    return calloc(1, sizeof(struct capture_queue));
}

void capture_queue_free(struct capture_queue *queue)
{
    if (queue != NULL) {
        capture_queue_drop(queue, queue->size);
        free(queue);
    }
}

size_t capture_queue_size(const struct capture_queue *queue)
{
    return queue->size;
}

struct capture *capture_queue_at(struct capture_queue *queue, size_t index)
{
    assert(index < queue->size);
    return &queue->slots[(queue->first + index) % CAPTURE_QUEUE_COUNT_MAX];
}

void capture_queue_drop(struct capture_queue *queue, size_t count)
{
    assert(count <= queue->size);
    for (size_t i = 0; i < count; i++) {
        struct capture *oldest = capture_queue_at(queue, 0);
        queue->bytes -= oldest->body.capacity;
        capture_free(oldest);
        queue->first = (queue->first + 1) % CAPTURE_QUEUE_COUNT_MAX;
        queue->size--;
    }
    if (queue->size == 0) {
        queue->first = 0; /* the same few slots, and pages of memory, as long as nothing piles up */
    }
}

size_t capture_queue_add(struct capture_queue *queue, struct capture *capture)
{
    size_t dropped = 0;
    while (queue->size > 0 && (queue->size == CAPTURE_QUEUE_COUNT_MAX ||
                               queue->bytes + capture->body.capacity > CAPTURE_QUEUE_BYTES_MAX)) {
        capture_queue_drop(queue, 1);
        dropped++;
    }
    queue->size++;
    *capture_queue_at(queue, queue->size - 1) = *capture;
    queue->bytes += capture->body.capacity;
    *capture = (struct capture){0};
    return dropped;
}
