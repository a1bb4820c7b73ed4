#include "service/writer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/capture_queue.h"

/* The same trouble is logged again no sooner than this. */
#define LOG_AGAIN_MS 60000

/* Captures of one transaction: what waited through a long trouble is written in parts. */
#define BATCH_MAX ((size_t)256)

struct writer {
    struct recorder *recorder;
    const struct writer_watch *watch;
    struct capture_queue *queue;
    struct recorded recorded[BATCH_MAX];
    int64_t dropped;
    int64_t commit_ms;
    bool in_trouble;
    int64_t retry_monotonic_ms;
    int64_t logged_monotonic_ms;
};

struct writer *writer_new(struct recorder *recorder, const struct writer_watch *watch,
                          struct error *error)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (writer != NULL) {
        writer->recorder = recorder;
        writer->watch = watch;
        writer->queue = capture_queue_new();
    }
    if (writer == NULL || writer->queue == NULL) {
        writer_free(writer);
        error_no_memory(error);
        return NULL;
    }
    return writer;
}

void writer_free(struct writer *writer)
{
    if (writer != NULL) {
        capture_queue_free(writer->queue);
        free(writer);
    }
}

void writer_add(struct writer *writer, struct capture *capture)
{
    struct log_line line;
    size_t dropped = capture_queue_add(writer->queue, capture);
    if (dropped > 0) {
        writer->dropped += (int64_t)dropped;
        log_begin(&line, LOG_ERROR, "captures_dropped");
        log_int(&line, "now", (int64_t)dropped);
        log_int(&line, "since_start", writer->dropped);
        log_int(&line, "waiting", (int64_t)capture_queue_size(writer->queue));
        log_text(&line, "reason", "too many captures wait for the disk: the oldest are lost");
        log_end(&line);
    }
}

static bool write_batch(struct writer *writer, size_t count, struct error *error)
{
    if (!recorder_begin(writer->recorder, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!recorder_append(writer->recorder, RECORD_LIVE, capture_queue_at(writer->queue, i),
                             &writer->recorded[i], error)) {
            recorder_rollback(writer->recorder);
            return false;
        }
    }
    if (!recorder_commit(writer->recorder, error)) {
        recorder_rollback(writer->recorder);
        return false;
    }
    return true;
}

static void log_capture(const struct capture *capture, const struct recorded *recorded)
{
    struct log_line line;
    bool is_message = capture->endpoint == ENDPOINT_USER_DATA && capture->outcome == OUTCOME_OK;
    bool good = capture->outcome == OUTCOME_OK || capture->outcome == OUTCOME_OPENED;
    enum log_level level = is_message ? LOG_DEBUG : good ? LOG_INFO : LOG_WARNING;
    log_begin(&line, level, "capture");
    log_text(&line, "account", text_string(&capture->account));
    log_int(&line, "capture", recorded->capture_id);
    log_text(&line, "endpoint", endpoint_name(capture->endpoint));
    log_text(&line, "outcome", outcome_name(capture->outcome));
    if (capture->api_code.known) {
        log_int(&line, "api_code", capture->api_code.value);
    }
    if (capture->detail.size > 0) {
        log_text(&line, "detail", text_string(&capture->detail));
    }
    if (capture->attempt > 1) {
        log_int(&line, "attempt", capture->attempt);
    }
    log_int(&line, "rows", recorded->row_count);
    log_int(&line, "changed", recorded->position_count);
    if (capture->sent_ms.known) {
        log_int(&line, "latency_ms", capture->received_ms - capture->sent_ms.value);
    }
    log_end(&line);
    if (recorded->time_moved) {
        log_begin(&line, LOG_WARNING, "time_moved");
        log_text(&line, "account", text_string(&capture->account));
        log_int(&line, "capture", recorded->capture_id);
        log_text(&line, "reason", "the clock is behind the account's last capture");
        log_end(&line);
    }
}

static void log_trouble(struct writer *writer, int64_t monotonic_ms, const struct error *error)
{
    struct log_line line;
    if (writer->in_trouble && monotonic_ms - writer->logged_monotonic_ms < LOG_AGAIN_MS) {
        return;
    }
    writer->logged_monotonic_ms = monotonic_ms;
    log_begin(&line, LOG_ERROR, "not_recorded");
    log_int(&line, "waiting", (int64_t)capture_queue_size(writer->queue));
    log_text(&line, "reason", error->text);
    log_end(&line);
}

static void log_recovery(struct writer *writer)
{
    struct log_line line;
    writer->in_trouble = false;
    log_begin(&line, LOG_WARNING, "recording_again");
    log_int(&line, "waiting", (int64_t)capture_queue_size(writer->queue));
    log_end(&line);
}

bool writer_flush(struct writer *writer, int64_t monotonic_ms)
{
    while (capture_queue_size(writer->queue) > 0 && monotonic_ms >= writer->retry_monotonic_ms) {
        struct error error;
        size_t waiting = capture_queue_size(writer->queue);
        size_t count = waiting < BATCH_MAX ? waiting : BATCH_MAX;
        int64_t started_ms = clock_monotonic_ms();
        if (!write_batch(writer, count, &error)) {
            log_trouble(writer, monotonic_ms, &error);
            writer->in_trouble = true;
            writer->retry_monotonic_ms = monotonic_ms + WRITER_RETRY_MS;
            return false;
        }
        writer->commit_ms = clock_monotonic_ms() - started_ms;
        if (writer->in_trouble) {
            log_recovery(writer);
        }
        for (size_t i = 0; i < count; i++) {
            struct capture *capture = capture_queue_at(writer->queue, i);
            if (writer->recorded[i].is_duplicate) {
                continue; /* the stream said the same twice within a millisecond */
            }
            log_capture(capture, &writer->recorded[i]);
            writer->watch->on_recorded(writer->watch->context, capture, &writer->recorded[i]);
        }
        capture_queue_drop(writer->queue, count);
    }
    return capture_queue_size(writer->queue) == 0;
}

void writer_flush_last(struct writer *writer)
{
    struct log_line line;
    writer->retry_monotonic_ms = 0;
    if (!writer_flush(writer, clock_monotonic_ms())) {
        log_begin(&line, LOG_ERROR, "captures_lost");
        log_int(&line, "count", (int64_t)capture_queue_size(writer->queue));
        log_text(&line, "reason", "they could not be written before the end");
        log_end(&line);
    }
}

int64_t writer_retry_monotonic_ms(const struct writer *writer)
{
    return capture_queue_size(writer->queue) > 0 ? writer->retry_monotonic_ms : INT64_MAX;
}

size_t writer_waiting(const struct writer *writer)
{
    return capture_queue_size(writer->queue);
}

int64_t writer_dropped(const struct writer *writer)
{
    return writer->dropped;
}

int64_t writer_commit_ms(const struct writer *writer)
{
    return writer->commit_ms;
}
