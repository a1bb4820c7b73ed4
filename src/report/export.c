#include "report/export.h"

#include "model/capture_line.h"

struct export
{
    FILE *out;
    struct text line;
    int64_t count;
};

static bool write_capture(void *context, const struct stored_capture *stored, struct error *error)
{
    struct export *export = context;
    text_clear(&export->line);
    capture_line_append(&export->line, &stored->capture);
    if (export->line.failed) {
        return error_no_memory(error);
    }
    if (fwrite(text_string(&export->line), 1, export->line.size, export->out) !=
        export->line.size) {
        return error_set_output(error, export->out, NULL);
    }
    export->count++;
    return true;
}

bool export_captures(struct capture_reader *reader, const struct capture_range *range, FILE *out,
                     int64_t *count, struct error *error)
{
    struct export export = {.out = out};
    bool done = capture_reader_visit(reader, range, write_capture, &export, error);
    text_free(&export.line);
    *count = export.count;
    if (done && fflush(out) != 0) {
        return error_set_output(error, out, NULL);
    }
    return done;
}
