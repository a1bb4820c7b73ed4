#include "service/backfill.h"

#include "host/clock.h"
#include "service/round.h"

struct backfill_run {
    struct round round; /* the first */
    struct ask_account asked;
    struct backfill backfill;
    const struct backfill_job *job;
    struct backfill_result *result;
};

static void on_capture(void *context, struct ask_account *asked, struct capture *capture)
{
    struct backfill_run *run = context;
    const struct now now = clock_now();
    struct recorded recorded;
    if (recorder_record(run->job->recorder, RECORD_LIVE, capture, &recorded,
                        &run->backfill.error)) {
        run->result->income += recorded.income_count;
        run->result->trades += recorded.trade_count;
        ask_recorded(&now, asked, capture, &recorded);
    } else {
        run->backfill.has_failed = true;
    }
    capture_free(capture);
}

/* How far it is; whether it goes on. */
static bool on_turn(void *context)
{
    const struct backfill_run *run = context;
    const struct backfill *backfill = &run->backfill;
    bool has_symbols = backfill->symbols != NULL;
    const struct backfill_progress progress = {
        .what = backfill_what(backfill),
        .done = (int64_t)backfill->symbol * backfill->range_count + backfill->range,
        .total = backfill->range_count * (has_symbols ? (int64_t)backfill->symbol_count : 1),
        .is_waiting = backfill->asker.flight == NULL,
        .trouble = backfill->trouble.size > 0 ? text_string(&backfill->trouble) : NULL,
    };
    run->job->watch.on_progress(run->job->watch.context, &progress);
    return !backfill->is_done && !backfill->has_failed;
}

bool backfill_account(const struct backfill_job *job, struct backfill_result *result,
                      struct error *error)
{
    struct backfill_run run = {.job = job, .result = result, .backfill.from_ms = job->from_ms};
    struct asker *asker = &run.backfill.asker;
    const struct now now = clock_now();
    *result = (struct backfill_result){0};
    run.round.settings = (struct ask_settings){
        .watch.on_capture = on_capture,
        .known = job->known,
    };
    run.round.on_turn = on_turn;
    bool done =
        round_start(&run.round, error) &&
        ask_add_one(run.round.ask, &run.asked, job->settings, asker, &SOURCE_BACKFILL, error);
    if (done) {
        asker_want(asker, now.boot);
        done = round_work(&run.round, error);
    }
    if (done && run.backfill.has_failed) {
        *error = run.backfill.error;
        done = false;
    }
    result->requests = run.backfill.requests;
    result->repeated = run.backfill.repeated;
    result->cut_off = run.backfill.cut_off;
    round_end(&run.round);
    return done;
}
