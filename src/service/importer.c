#include "service/importer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/capture_line.h"

struct import {
    struct import_target *target;
    bool begun; /* the file's transaction */
    const struct import_settings *settings;
    const char *name;
    int64_t line;
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
    if (!capture->interval_ms.known) {
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

static bool take_line(struct import *import, struct span line, struct error *error)
{
    const struct import_settings *settings = import->settings;
    if (strspn(line.data, " \t\r\n") == line.size) {
        return true;
    }
    capture_clear(&import->capture);
    if (capture_line_parse(line, &import->capture, error) && append(import, error)) {
        return true;
    }
    if (error->kind != ERROR_USAGE || !settings->skip_bad) {
        return error_context(error, "%s: line %lld", import->name, (long long)import->line);
    }
    import->counts.bad_lines++;
    if (settings->on_bad_line != NULL) {
        settings->on_bad_line(settings->context, import->name, import->line, error);
    }
    return true;
}

static bool check_read(const struct import *import, FILE *file, struct error *error)
{
    return !ferror(file) || error_set(error, ERROR_FAILED, "%s: %s", import->name, strerror(errno));
}

static bool take_lines(struct import *import, FILE *file, struct error *error)
{
    const struct import_settings *settings = import->settings;
    char *buffer = NULL;
    size_t capacity = 0;
    ssize_t size;
    bool taken = true;
    while (taken && (size = getline(&buffer, &capacity, file)) >= 0) {
        import->line++;
        import->bytes_done += size;
        taken = (size_t)size <= IMPORT_LINE_SIZE_MAX ||
                error_set(error, ERROR_USAGE, "%s: line %lld: longer than %zu bytes", import->name,
                          (long long)import->line, IMPORT_LINE_SIZE_MAX);
        taken = taken && take_line(import, (struct span){buffer, (size_t)size}, error);
        if (settings->on_progress != NULL) {
            settings->on_progress(settings->context, import->bytes_done);
        }
    }
    free(buffer);
    return taken && check_read(import, file, error);
}

static bool read_whole(struct import *import, FILE *file, struct error *error)
{
    struct text *body = &import->capture.body;
    char part[65536];
    size_t size;
    while ((size = fread(part, 1, sizeof part, file)) > 0) {
        if (body->size + size > CAPTURE_BODY_SIZE_MAX) {
            return error_set(error, ERROR_USAGE, "%s: longer than %zu bytes", import->name,
                             CAPTURE_BODY_SIZE_MAX);
        }
        text_append(body, part, size);
    }
    if (body->failed) {
        return error_no_memory(error);
    }
    return check_read(import, file, error);
}

static bool take_bare_response(struct import *import, FILE *file, struct error *error)
{
    struct capture *capture = &import->capture;
    capture_clear(capture);
    if (!read_whole(import, file, error)) {
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
    struct import import = {.target = target, .settings = settings, .name = name};
    /* The stream keeps the buffer until its owner closes it. */
    setvbuf(file, settings->read_buffer, _IOFBF, IMPORT_READ_BUFFER_SIZE);
    bool done = settings->received_at_ms.known ? take_bare_response(&import, file, error)
                                               : take_lines(&import, file, error);
    done = done && (!import.begun || recorder_commit(target->recorder, error));
    if (done) {
        add_counts(counts, &import.counts);
    } else if (import.begun) {
        recorder_rollback(target->recorder);
    }
    capture_free(&import.capture);
    return done;
}
