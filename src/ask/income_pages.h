/* Income, page by page: which question follows from an answer.
 *
 * The exchange takes no page number (since 2026-10-16): a full page is followed by one that begins
 * at its last row's time, so that both may tell the same rows. A page whose rows are all of one
 * millisecond is followed by questions for that millisecond by type, and then by one from the next
 * millisecond on. Each question begins later than the one before, or is of another type: whatever
 * the exchange answers, it comes to an end. Times are on the exchange's clock, ms. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "exchange/endpoints.h"

/* Types by which one millisecond is asked for: those that are documented, and those that the page
 * shows besides. */
#define INCOME_TYPES_MAX ((size_t)32)

struct income_pages {
    const struct product *product;     /* whose it is */
    int64_t start_ms;                  /* of the page that is due */
    struct maybe_int end_ms;           /* of the range, inclusive; unknown: up to now */
    char (*types)[QUESTION_NAME_SIZE]; /* of the millisecond that is asked for by type, or NULL */
    size_t type_count, next_type;
};

/* What an answer led to. */
enum income_step {
    INCOME_MORE,         /* income_pages_question() has the next question */
    INCOME_DONE,         /* the range is told to its end */
    INCOME_NOT_AS_ASKED, /* it tells of other times than were asked for: nothing follows from it */
    INCOME_NO_MEMORY,
};

void income_pages_begin(struct income_pages *pages, const struct product *product, int64_t start_ms,
                        struct maybe_int end_ms);
void income_pages_end(struct income_pages *pages);

/* The question that is due; of a range longer than may be asked for at once its first part. */
void income_pages_question(const struct income_pages *pages, int64_t now_ms,
                           struct question *question);

/* Takes the good answer to `question`. */
enum income_step income_pages_take(struct income_pages *pages, const struct question *question,
                                   struct span body, int64_t now_ms);

/* Whether more rows of this type are in one millisecond than the exchange shows. */
bool income_pages_is_cut_off(const struct question *question, int64_t row_count);
