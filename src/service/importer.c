#include "service/importer.h"

#include <errno.h>
#include <string.h>

#include "model/capture_line.h"

#define PART_SIZE ((size_t)64 << 10)

struct import {
    struct import_target *target;
    bool begun; /* the file's transaction */
    const struct import_settings *settings;
    const char *name;
    FILE *file;
    char part[PART_SIZE]; /* read from it, of which `line` has not taken what is left */
    size_t part_size, part_taken;
    struct text line; /* with its newline, where it has one */
    int64_t line_number;
    bool too_long; /* the line, which is cut then */
    int64_t bytes_done;
    struct capture capture;
    struct import_counts counts; /* of this file */
};

/* The transaction of the file, begun with its first capture. */
static bool begin(struct import *import, struct error *error)
{
    struct import_target *target = import->target;
    if (!import->begun) {
        import->begun =
            (target->recorder != NULL || target->open(target->context, &target->recorder, error)) &&
            recorder_begin(target->recorder, error);
    }
    return import->begun;
}

static bool append(struct import *import, struct error *error)
{
    const struct import_settings *settings = import->settings;
    struct capture *capture = &import->capture;
    struct recorded recorded;
    if (capture->account.size == 0) {
        text_append_string(&capture->account, settings->account);
    }
    if (capture->product == NULL) {
        capture->product = settings->product;
    }
    if (!capture->interval_ms.known && capture->endpoint != ENDPOINT_USER_DATA &&
        capture->endpoint != ENDPOINT_TIMESTAMP) {
        capture->interval_ms = settings->interval_ms;
    }
    if (!begin(import, error) ||
        !recorder_append(import->target->recorder, RECORD_IMPORT, capture, &recorded, error)) {
        return false;
    }
    if (recorded.is_duplicate) {
        import->counts.duplicates++;
        return true;
    }
    import->counts.captures++;
    import->counts.unreadable += capture->outcome == OUTCOME_UNREADABLE;
    import->counts.positions += recorded.position_count;
    import->counts.valuations += recorded.valuation_count;
    return true;
}

/* Records what the line holds; ERROR_USAGE when it is bad. */
static bool record_line(struct import *import, struct error *error)
{
    capture_clear(&import->capture);
    if (import->too_long) {
        return error_set(error, ERROR_USAGE, "longer than %zu bytes", IMPORT_LINE_SIZE_MAX);
    }
    return capture_line_parse(text_span(&import->line), import->settings->now_ms, &import->capture,
                              error) &&
           append(import, error);
}

static bool take_line(struct import *import, struct error *error)
{
    const struct import_settings *settings = import->settings;
    bool is_blank =
        !import->too_long && strspn(text_string(&import->line), " \t\r\n") == import->line.size;
    if (is_blank || record_line(import, error)) {
        return true;
    }
    if (error->kind != ERROR_USAGE || !settings->skip_bad) {
        return error_context(error, "%s: line %lld", import->name, (long long)import->line_number);
    }
    import->counts.bad_lines++;
    if (settings->on_bad_line != NULL) {
        settings->on_bad_line(settings->context, import->name, import->line_number, error);
    }
    return true;
}

static bool check_read(const struct import *import, struct error *error)
{
    return !ferror(import->file) ||
           error_set(error, ERROR_FAILED, "%s: %s", import->name, strerror(errno));
}

/* Makes sure that there are bytes to take; false at the file's end. */
static bool read_part(struct import *import)
{
    if (import->part_taken == import->part_size) {
        import->part_size = fread(import->part, 1, PART_SIZE, import->file);
        import->part_taken = 0;
    }
    return import->part_size > 0;
}

/* Reads the next line, of one that is too long no more than is allowed unless bad lines are
 * skipped. False at the file's end. */
static bool read_line(struct import *import)
{
    bool ended = false, any = false;
    text_clear(&import->line);
    import->too_long = false;
    while (!ended && !(import->too_long && !import->settings->skip_bad) && read_part(import)) {
        const char *from = import->part + import->part_taken;
        size_t left = import->part_size - import->part_taken;
        const char *newline = memchr(from, '\n', left);
        size_t size = newline != NULL ? (size_t)(newline + 1 - from) : left;
        import->too_long |= import->line.size + size > IMPORT_LINE_SIZE_MAX;
        if (!import->too_long) {
            text_append(&import->line, from, size);
        }
        import->part_taken += size;
        import->bytes_done += (int64_t)size;
        ended = newline != NULL;
        any = true;
    }
    import->line_number += any;
    return any;
}

static bool take_lines(struct import *import, struct error *error)
{
    const struct import_settings *settings = import->settings;
    bool taken = true;
    while (taken && read_line(import)) {
        taken = import->line.failed ? error_no_memory(error) : take_line(import, error);
        if (settings->on_progress != NULL) {
            settings->on_progress(settings->context, import->bytes_done);
        }
    }
    return taken && check_read(import, error);
}

static bool read_whole(struct import *import, struct error *error)
{
    struct text *body = &import->capture.body;
    while (read_part(import)) {
        if (body->size + import->part_size > CAPTURE_BODY_SIZE_MAX) {
            return error_set(error, ERROR_USAGE, "%s: longer than %zu bytes", import->name,
                             CAPTURE_BODY_SIZE_MAX);
        }
        text_append(body, import->part, import->part_size);
        import->part_taken = import->part_size;
    }
    if (body->failed) {
        return error_no_memory(error);
    }
    return check_read(import, error);
}

static bool take_bare_response(struct import *import, struct error *error)
{
    struct capture *capture = &import->capture;
    capture_clear(capture);
    if (!read_whole(import, error)) {
        return false;
    }
    capture->received_ms = import->settings->received_at_ms.value;
    capture->has_body = true;
    capture_judge(capture);
    return append(import, error) || error_context(error, "%s", import->name);
}

static void add_counts(struct import_counts *sum, const struct import_counts *more)
{
    sum->captures += more->captures;
    sum->duplicates += more->duplicates;
    sum->unreadable += more->unreadable;
    sum->bad_lines += more->bad_lines;
    sum->positions += more->positions;
    sum->valuations += more->valuations;
}

bool import_file(struct import_target *target, FILE *file, const char *name,
                 const struct import_settings *settings, struct import_counts *counts,
                 struct error *error)
{
    struct import import = {.target = target, .settings = settings, .name = name, .file = file};
    bool done = settings->received_at_ms.known ? take_bare_response(&import, error)
                                               : take_lines(&import, error);
    done = done && (!import.begun || recorder_commit(target->recorder, error));
    if (done) {
        add_counts(counts, &import.counts);
    } else if (import.begun) {
        recorder_rollback(target->recorder);
    }
    capture_free(&import.capture);
    text_free(&import.line);
    return done;
}
