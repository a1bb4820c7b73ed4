#include "service/writer.h"

#include <stdlib.h>

#include "base/log.h"
#include "host/clock.h"

/* The same trouble is logged again no sooner than this. */
#define LOG_AGAIN_MS 60000

/* Captures of one transaction: what waited through a long trouble is written in parts. */
#define BATCH_MAX ((size_t)128)

/* A transaction takes no more captures after this: an account's first have many rows. */
#define BATCH_MS_MAX 50

/* So much may wait (of bodies) without being written while polls wait to go out, and so much while
 * they go out between transactions. */
#define HELD_BYTES_MAX ((size_t)12 << 20)
#define WAITING_BYTES_MAX ((size_t)16 << 20)

/* What waits: a ring of slots; those that are free are cleared captures. */
struct writer {
    struct recorder *recorder;
    struct writer_watch watch;
    struct capture slots[WRITER_WAITING_MAX];
    size_t first, waiting, bytes;
    struct recorded recorded[BATCH_MAX];
    int64_t dropped;
    struct losses losses;
    struct histogram commit;
    bool in_trouble;
    enum loss_cause cause; /* of the trouble */
    struct boot_time retry;
    struct boot_time logged;
};

struct writer *writer_new(struct recorder *recorder, const struct writer_watch *watch,
                          struct error *error)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        error_no_memory(error);
        return NULL;
    }
    writer->recorder = recorder;
    writer->watch = *watch;
    return writer;
}

/* The one that has waited longest is 0. */
static struct capture *capture_at(struct writer *writer, size_t index)
{
    return &writer->slots[(writer->first + index) % WRITER_WAITING_MAX];
}

static void release_oldest(struct writer *writer, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct capture *oldest = capture_at(writer, 0);
        writer->bytes -= oldest->body.capacity;
        capture_free(oldest);
        writer->first = (writer->first + 1) % WRITER_WAITING_MAX;
        writer->waiting--;
    }
    if (writer->waiting == 0) {
        writer->first = 0; /* the same few slots, and pages of memory, as long as none pile up */
    }
}

void writer_free(struct writer *writer)
{
    if (writer != NULL) {
        release_oldest(writer, writer->waiting);
        losses_free(&writer->losses);
        free(writer);
    }
}

static void drop_oldest(struct writer *writer)
{
    const struct capture *oldest = capture_at(writer, 0);
    losses_add(&writer->losses, oldest, writer->in_trouble ? writer->cause : LOSS_OVERLOAD);
    writer->watch.on_dropped(writer->watch.context, oldest);
    release_oldest(writer, 1);
}

void writer_add(struct writer *writer, struct capture *capture)
{
    int64_t dropped = 0;
    while (writer->waiting > 0 &&
           (writer->waiting == WRITER_WAITING_MAX ||
            writer->bytes + capture->body.capacity > WRITER_WAITING_BYTES_MAX)) {
        drop_oldest(writer);
        dropped++;
    }
    *capture_at(writer, writer->waiting++) = *capture;
    writer->bytes += capture->body.capacity;
    *capture = (struct capture){0};
    writer->dropped += dropped;
    if (dropped > 0) {
        log_event(LOG_ERROR, "captures_dropped", LOG_INT("now", dropped),
                  LOG_INT("since_start", writer->dropped),
                  LOG_INT("waiting", (int64_t)writer->waiting),
                  LOG_TEXT("reason", "too many captures wait for the disk: the oldest are lost"));
    }
}

/* Writes some of what waits; *lost and *count: how many losses, and captures after all of them. */
static bool write_batch(struct writer *writer, struct boot_time started, size_t *lost,
                        size_t *count, struct error *error)
{
    *count = *lost = 0;
    if (!recorder_begin(writer->recorder, error)) {
        return false;
    }
    bool done = losses_append(&writer->losses, writer->recorder, lost, error);
    bool goes_on = *lost == writer->losses.count;
    while (done && goes_on && *count < BATCH_MAX && *count < writer->waiting &&
           (*count == 0 || boot_since(clock_boot(), started) < BATCH_MS_MAX)) {
        done = recorder_append(writer->recorder, RECORD_LIVE, capture_at(writer, *count),
                               &writer->recorded[*count], error);
        ++*count;
    }
    done = done && recorder_commit(writer->recorder, error);
    if (!done) {
        recorder_rollback(writer->recorder);
    }
    return done;
}

static void log_capture(const struct capture *capture, const struct recorded *recorded)
{
    bool is_message = capture->endpoint == ENDPOINT_USER_DATA && capture->outcome == OUTCOME_OK &&
                      capture->detail.size == 0;
    bool good = capture->outcome == OUTCOME_OK || capture->outcome == OUTCOME_OPENED ||
                capture->endpoint == ENDPOINT_RECORDER;
    enum log_level level = is_message ? LOG_DEBUG : good ? LOG_INFO : LOG_WARNING;
    const char *account = text_string(&capture->account);
    struct maybe_int attempt = {capture->attempt > 1, capture->attempt};
    struct maybe_int latency_ms = {capture->sent_ms.known,
                                   capture->received_ms - capture->sent_ms.value};
    log_event(level, "capture", LOG_TEXT("account", account),
              LOG_INT("capture", recorded->capture_id),
              LOG_TEXT("endpoint", endpoint_name(capture->endpoint)),
              LOG_TEXT("outcome", outcome_name(capture->outcome)),
              LOG_MAYBE("api_code", capture->api_code),
              LOG_TEXT("detail", capture->detail.size > 0 ? text_string(&capture->detail) : NULL),
              LOG_MAYBE("attempt", attempt), LOG_INT("rows", recorded->row_count),
              LOG_INT("changed", recorded->position_count), LOG_MAYBE("latency_ms", latency_ms));
    if (recorded->time_moved) {
        log_event(LOG_WARNING, "time_moved", LOG_TEXT("account", account),
                  LOG_INT("capture", recorded->capture_id),
                  LOG_TEXT("reason", "the clock is behind the account's last capture"));
    }
}

static void tell(const struct writer *writer, const struct capture *capture,
                 const struct recorded *recorded)
{
    if (!recorded->is_duplicate) { /* else the stream said the same twice within a millisecond */
        log_capture(capture, recorded);
        writer->watch.on_recorded(writer->watch.context, capture, recorded);
    }
}

static void log_trouble(struct writer *writer, struct boot_time now, const struct error *error)
{
    if (!writer->in_trouble || boot_since(now, writer->logged) >= LOG_AGAIN_MS) {
        writer->logged = now;
        log_event(LOG_ERROR, "not_recorded", LOG_INT("waiting", (int64_t)writer->waiting),
                  LOG_TEXT("reason", error->text));
    }
}

/* One transaction; false when it failed, or cannot be tried again yet. */
static bool write_some(struct writer *writer, struct boot_time now)
{
    if (!boot_reached(now, writer->retry)) {
        return false;
    }
    if (writer->waiting > 0) {
        struct error error;
        size_t lost, count;
        struct boot_time started = clock_boot();
        if (!write_batch(writer, started, &lost, &count, &error)) {
            log_trouble(writer, now, &error);
            writer->in_trouble = true;
            writer->cause = loss_cause_of(&error);
            writer->retry = boot_after(now, WRITER_RETRY_MS);
            return false;
        }
        histogram_add(&writer->commit, boot_since(clock_boot(), started));
        if (writer->in_trouble) {
            writer->in_trouble = false;
            log_event(LOG_WARNING, "recording_again", LOG_INT("waiting", (int64_t)writer->waiting));
        }
        for (size_t i = 0; i < lost * 2; i++) {
            const struct loss *loss = &writer->losses.list[i / 2];
            tell(writer, &loss->notes[i % 2], &loss->recorded[i % 2]);
        }
        losses_remove(&writer->losses, lost);
        for (size_t i = 0; i < count; i++) {
            tell(writer, capture_at(writer, i), &writer->recorded[i]);
        }
        release_oldest(writer, count);
    }
    return true;
}

bool writer_flush(struct writer *writer, struct boot_time now)
{
    while (writer->waiting > 0 && write_some(writer, now)) {
    }
    return writer->waiting == 0;
}

bool writer_write(struct writer *writer, struct boot_time now, bool polls_wait)
{
    bool done = true;
    if (!polls_wait || writer->bytes > HELD_BYTES_MAX) {
        while ((done = write_some(writer, now)) && writer->bytes > WAITING_BYTES_MAX) {
        }
    }
    return done;
}

bool writer_flush_last(struct writer *writer, enum loss_cause *cause, int64_t *from_ms)
{
    writer->retry = (struct boot_time){0};
    if (writer_flush(writer, clock_boot())) {
        return true;
    }
    log_event(LOG_ERROR, "captures_lost", LOG_INT("count", (int64_t)writer->waiting),
              LOG_TEXT("reason", "they could not be written before the end"));
    *cause = writer->cause;
    *from_ms = capture_at(writer, 0)->received_ms;
    for (size_t i = 0; i < writer->losses.count; i++) {
        int64_t lost_ms = writer->losses.list[i].from_ms;
        *from_ms = lost_ms < *from_ms ? lost_ms : *from_ms;
    }
    return false;
}

struct boot_time writer_retry(const struct writer *writer)
{
    return writer->waiting > 0 ? writer->retry : BOOT_NEVER;
}

void writer_fill_metrics(const struct writer *writer, struct metrics *metrics)
{
    metrics->commit = writer->commit;
    metrics->waiting = (int64_t)writer->waiting;
    metrics->dropped = writer->dropped;
}
