/* What was dropped because it could not be written, by account, on its way to become evidence: the
 * recorder stopped with the first capture that was dropped, because of what kept it from writing,
 * and started again after the last. So that no stream is taken for one that told nothing, and
 * `report gaps` names the cause. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/capture.h"
#include "store/recorder.h"

/* Accounts whose losses one transaction takes. */
#define LOSSES_BATCH_MAX ((size_t)32)

#define LOSS_WORDS_SIZE 64

enum loss_cause {
    LOSS_OVERLOAD, /* it was written, but too slowly */
    LOSS_DISK_FULL,
    LOSS_LOCKED,
    LOSS_WRITE_ERROR,
    LOSS_CAUSE_COUNT,
};

struct loss {
    enum loss_cause cause;  /* the last */
    int64_t from_ms, to_ms; /* when the first and the last of them were received */
    int64_t count;
    struct capture notes[2];     /* that it stopped, and started again */
    struct recorded recorded[2]; /* what became of them */
};

/* Zeroed: none. */
struct losses {
    struct loss *list;
    size_t count, capacity;
};

void losses_free(struct losses *losses);

/* What kept a capture from being written. */
enum loss_cause loss_cause_of(const struct error *error);

/* Takes note that a capture is dropped. False when out of memory. */
bool losses_add(struct losses *losses, const struct capture *capture, enum loss_cause cause);

/* Records what the oldest came to, inside the recorder's transaction: *count of them. They stay
 * until losses_remove(). */
bool losses_append(struct losses *losses, struct recorder *recorder, size_t *count,
                   struct error *error);
void losses_remove(struct losses *losses, size_t count);

/* What is lost at a run's end, for the next one: cause and when it began, as words and back. False
 * when they are no such words. */
void loss_to_words(enum loss_cause cause, int64_t from_ms, char words[LOSS_WORDS_SIZE]);
bool loss_from_words(const char *words, enum loss_cause *cause, int64_t *from_ms);

/* Makes the capture that an account's recorder stopped then; empty before. */
void loss_note_stopped(const char *account, enum loss_cause cause, int64_t from_ms,
                       struct capture *capture);
