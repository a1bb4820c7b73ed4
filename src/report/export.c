#include "report/export.h"

#include <errno.h>
#include <string.h>

#include "model/capture_line.h"

struct export
{
    FILE *out;
    struct text line;
    int64_t count;
};

static bool write_poll(void *context, const struct stored_poll *poll, struct error *error)
{
    struct export *export = context;
    text_clear(&export->line);
    capture_line_append(&export->line, &poll->capture);
    if (export->line.failed) {
        return error_no_memory(error);
    }
    if (fwrite(text_string(&export->line), 1, export->line.size, export->out) !=
        export->line.size) {
        return error_set(error, ERROR_FAILED, "output: %s", strerror(errno));
    }
    export->count++;
    return true;
}

bool export_polls(struct poll_reader *reader, const struct poll_range *range, FILE *out,
                  int64_t *count, struct error *error)
{
    struct export export = {.out = out};
    bool done = poll_reader_visit(reader, range, write_poll, &export, error);
    text_free(&export.line);
    *count = export.count;
    if (done && fflush(out) != 0) {
        return error_set(error, ERROR_FAILED, "output: %s", strerror(errno));
    }
    return done;
}
