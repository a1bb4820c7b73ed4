#include "service/losses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* `report gaps` takes the cause from what stands before the colon. */
#define NOT_WRITTEN "could not be written"

static const char *const CAUSES[LOSS_CAUSE_COUNT] = {"overload", "disk_full", "locked",
                                                     "write_error"};

enum loss_cause loss_cause_of(const struct error *error)
{
    return error->kind == ERROR_NO_ROOM  ? LOSS_DISK_FULL
           : error->kind == ERROR_LOCKED ? LOSS_LOCKED
                                         : LOSS_WRITE_ERROR;
}

static void loss_free(struct loss *loss)
{
    capture_free(&loss->notes[0]);
    capture_free(&loss->notes[1]);
}

void losses_free(struct losses *losses)
{
    losses_remove(losses, losses->count);
    free(losses->list);
}

static struct loss *find_loss(const struct losses *losses, struct span account)
{
    for (size_t i = 0; i < losses->count; i++) {
        if (span_equal(text_span(&losses->list[i].notes[0].account), account)) {
            return &losses->list[i];
        }
    }
    return NULL;
}

static struct loss *add_loss(struct losses *losses, const struct capture *capture)
{
    if (!array_grow((void **)&losses->list, sizeof *losses->list, &losses->capacity,
                    losses->count + 1)) {
        return NULL;
    }
    struct loss *loss = &losses->list[losses->count];
    *loss = (struct loss){.from_ms = capture->received_ms, .to_ms = capture->received_ms};
    text_set(&loss->notes[0].account, text_span(&capture->account));
    text_set(&loss->notes[1].account, text_span(&capture->account));
    loss->notes[0].product = loss->notes[1].product = capture->product;
    if (capture_failed(&loss->notes[0]) || capture_failed(&loss->notes[1])) {
        loss_free(loss);
        return NULL;
    }
    losses->count++;
    return loss;
}

bool losses_add(struct losses *losses, const struct capture *capture, enum loss_cause cause)
{
    struct loss *loss = find_loss(losses, text_span(&capture->account));
    if (loss == NULL) {
        loss = add_loss(losses, capture);
    }
    if (loss == NULL) {
        return false;
    }
    loss->cause = cause;
    loss->count++;
    loss->from_ms = capture->received_ms < loss->from_ms ? capture->received_ms : loss->from_ms;
    loss->to_ms = capture->received_ms > loss->to_ms ? capture->received_ms : loss->to_ms;
    return true;
}

static void fill_note(struct capture *note, enum outcome outcome, int64_t received_ms,
                      const char *detail)
{
    note->endpoint = ENDPOINT_RECORDER;
    note->attempt = 1;
    note->outcome = outcome;
    note->received_ms = received_ms;
    text_clear(&note->detail);
    capture_append_detail(note, span_of(detail));
}

bool losses_append(struct losses *losses, struct recorder *recorder, size_t *count,
                   struct error *error)
{
    bool done = true;
    for (*count = 0; done && *count < losses->count && *count < LOSSES_BATCH_MAX; ++*count) {
        struct loss *loss = &losses->list[*count];
        char detail[LOSS_WORDS_SIZE * 2];
        snprintf(detail, sizeof detail, "%s: %lld capture%s " NOT_WRITTEN, CAUSES[loss->cause],
                 (long long)loss->count, loss->count == 1 ? "" : "s");
        fill_note(&loss->notes[0], OUTCOME_STOPPED, loss->from_ms, detail);
        fill_note(&loss->notes[1], OUTCOME_STARTED, loss->to_ms, "written again");
        for (int i = 0; i < 2 && done; i++) {
            done =
                recorder_append(recorder, RECORD_LIVE, &loss->notes[i], &loss->recorded[i], error);
        }
    }
    return done;
}

void losses_remove(struct losses *losses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        loss_free(&losses->list[i]);
    }
    losses->count -= count;
    if (count > 0) {
        memmove(losses->list, losses->list + count, losses->count * sizeof *losses->list);
    }
}

void loss_to_words(enum loss_cause cause, int64_t from_ms, char words[LOSS_WORDS_SIZE])
{
    snprintf(words, LOSS_WORDS_SIZE, "%s %lld", CAUSES[cause], (long long)from_ms);
}

bool loss_from_words(const char *words, enum loss_cause *cause, int64_t *from_ms)
{
    for (int i = 0; i < LOSS_CAUSE_COUNT; i++) {
        size_t size = strlen(CAUSES[i]);
        if (strncmp(words, CAUSES[i], size) == 0 && words[size] == ' ') {
            char *end;
            *cause = (enum loss_cause)i;
            *from_ms = strtoll(words + size + 1, &end, 10);
            return *end == '\0' && *from_ms >= CAPTURE_TIME_MS_MIN;
        }
    }
    return false;
}

void loss_note_stopped(const char *account, enum loss_cause cause, int64_t from_ms,
                       struct capture *capture)
{
    char detail[LOSS_WORDS_SIZE * 2];
    snprintf(detail, sizeof detail, "%s: what waited at the end " NOT_WRITTEN, CAUSES[cause]);
    text_append_string(&capture->account, account);
    fill_note(capture, OUTCOME_STOPPED, from_ms, detail);
}
