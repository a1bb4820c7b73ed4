#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/terminal.h"
#include "host/clock.h"

#define DRAW_EVERY_MS 100
#define BAR_WIDTH 30

void progress_begin(struct progress *progress, const char *what, int64_t total, bool quiet)
{
    *progress = (struct progress){
        .on = !quiet && isatty(STDERR_FILENO) == 1,
        .what = what,
        .total = total,
        .started_ms = clock_boot().ms,
    };
}

static void draw(const struct progress *progress, int64_t done, int64_t elapsed_ms)
{
    struct text what = {0};
    terminal_append(&what, span_of(progress->what));
    fprintf(stderr, "\r%s", text_string(&what));
    text_free(&what);
    if (progress->total <= 0) {
        fprintf(stderr, ": %lld so far, %lld s\033[K", (long long)done,
                (long long)(elapsed_ms / 1000));
        return;
    }
    int64_t share = done >= progress->total ? BAR_WIDTH : done * BAR_WIDTH / progress->total;
    char bar[BAR_WIDTH + 1];
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '#', (size_t)share);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, " [%s] %lld%%", bar, (long long)(done * 100 / progress->total));
    if (done > 0) {
        fprintf(stderr, ", %lld s left",
                (long long)(elapsed_ms * (progress->total - done) / done / 1000));
    }
    fputs("\033[K", stderr);
}

void progress_update(struct progress *progress, int64_t done)
{
    if (!progress->on) {
        return;
    }
    int64_t now_ms = clock_boot().ms;
    if (now_ms - progress->drawn_ms >= DRAW_EVERY_MS) {
        progress->drawn_ms = now_ms;
        draw(progress, done, now_ms - progress->started_ms);
    }
}

void progress_watch(void *context, int64_t done, int64_t total)
{
    struct progress *progress = context;
    progress->total = total;
    progress_update(progress, done);
}

void progress_end(struct progress *progress)
{
    if (progress->on && progress->drawn_ms != 0) {
        fputs("\r\033[K", stderr);
    }
    progress->on = false;
}
