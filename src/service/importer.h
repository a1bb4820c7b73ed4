/* Imports recorded responses: files of capture lines, or one bare response a file. Each file is one
 * transaction. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "model/maybe.h"
#include "store/recorder.h"

/* A body of CAPTURE_BODY_SIZE_MAX with every byte escaped as \u00xx, and the other fields. */
#define IMPORT_LINE_SIZE_MAX ((size_t)100 << 20)

/* Where captures go. The recorder is asked for when the first good capture is there, so that
 * nothing is made for an input that has none. */
struct import_target {
    struct recorder *recorder; /* NULL until it is opened */
    void *context;
    bool (*open)(void *context, struct recorder **recorder, struct error *error);
};

struct import_settings {
    int64_t now_ms;                  /* no capture is from later than a day from then */
    const char *account;             /* of captures that name none */
    const struct product *product;   /* likewise; NULL: of the account that there is, or of whatever
                                        the request was for */
    struct maybe_int interval_ms;    /* likewise, but for the stream's, which have none */
    struct maybe_int received_at_ms; /* the file is one bare response of that time */
    bool skip_bad;                   /* report bad lines and go on */

    void *context; /* of the two below, either of which may be NULL */
    void (*on_progress)(void *context, int64_t bytes_done);
    void (*on_bad_line)(void *context, const char *name, int64_t line, const struct error *error);
};

struct import_counts {
    int64_t captures;   /* recorded */
    int64_t duplicates; /* recorded already */
    int64_t unreadable; /* among the captures */
    int64_t bad_lines;  /* skipped */
    int64_t positions;  /* rows written */
    int64_t valuations;
};

/* Imports a file and adds to `counts`. What is held in memory is a line of IMPORT_LINE_SIZE_MAX at
 * most, however long the file's are. On failure nothing of the file is kept; the error names file
 * and line. `name` is for people; the caller closes the file. */
bool import_file(struct import_target *target, FILE *file, const char *name,
                 const struct import_settings *settings, struct import_counts *counts,
                 struct error *error);
