#include "ask/income_pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "model/money_answer.h"
#include "model/row_kinds.h"

void income_pages_end(struct income_pages *pages)
{
    free(pages->types);
    *pages = (struct income_pages){0};
}

void income_pages_begin(struct income_pages *pages, const struct product *product, int64_t start_ms,
                        struct maybe_int end_ms)
{
    income_pages_end(pages);
    pages->product = product;
    pages->start_ms = start_ms;
    pages->end_ms = end_ms;
}

void income_pages_question(const struct income_pages *pages, int64_t now_ms,
                           struct question *question)
{
    int64_t last_ms = pages->end_ms.known ? pages->end_ms.value : now_ms;
    *question = (struct question){.endpoint = ENDPOINT_INCOME,
                                  .start_ms = maybe_of(pages->start_ms),
                                  .end_ms = pages->end_ms,
                                  .limit = maybe_of(PAGE_ROWS)};
    if (pages->types != NULL) {
        const char *type = pages->types[pages->next_type];
        question->end_ms = maybe_of(pages->start_ms);
        memcpy(question->income_type, type, strlen(type) + 1);
    } else if (last_ms - pages->start_ms >= pages->product->income_span_ms_max) {
        question->end_ms = maybe_of(pages->start_ms + pages->product->income_span_ms_max - 1);
    }
}

static void add_type(struct income_pages *pages, struct span type)
{
    size_t known = 0;
    while (known < pages->type_count && !span_is(type, pages->types[known])) {
        known++;
    }
    if (known == pages->type_count && known < INCOME_TYPES_MAX && type.size < QUESTION_NAME_SIZE) {
        memcpy(pages->types[known], type.data, type.size);
        pages->type_count++;
    }
}

/* All rows of a page are of one millisecond, which may have more. */
static enum income_step ask_by_type(struct income_pages *pages, const struct facts *facts)
{
    pages->types = calloc(INCOME_TYPES_MAX, sizeof *pages->types);
    if (pages->types == NULL) {
        return INCOME_NO_MEMORY;
    }
    pages->type_count = pages->next_type = 0;
    for (const char *const *type = pages->product->income_types; *type != NULL; type++) {
        add_type(pages, span_of(*type));
    }
    for (size_t i = 0; i < facts->count; i++) {
        add_type(pages, row_text(&facts->list[i].object.rows[0], INCOME_TYPE));
    }
    return INCOME_MORE;
}

/* On from a time; there may be nothing after it. */
static enum income_step go_on(struct income_pages *pages, int64_t start_ms, int64_t now_ms)
{
    pages->start_ms = start_ms;
    return start_ms <= (pages->end_ms.known ? pages->end_ms.value : now_ms) ? INCOME_MORE
                                                                            : INCOME_DONE;
}

static enum income_step take_full(struct income_pages *pages, const struct question *question,
                                  const struct facts *facts, int64_t now_ms)
{
    int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
    for (size_t i = 0; i < facts->count; i++) {
        int64_t time_ms = facts->list[i].object.rows[0].values[INCOME_TIME_MS];
        first_ms = time_ms < first_ms ? time_ms : first_ms;
        last_ms = time_ms > last_ms ? time_ms : last_ms;
    }
    int64_t latest_ms = question->end_ms.known ? question->end_ms.value : now_ms + DAY_MS;
    if (first_ms < pages->start_ms || last_ms > latest_ms) {
        return INCOME_NOT_AS_ASKED;
    }
    return last_ms > pages->start_ms ? go_on(pages, last_ms, now_ms) : ask_by_type(pages, facts);
}

enum income_step income_pages_take(struct income_pages *pages, const struct question *question,
                                   struct span body, int64_t now_ms)
{
    if (pages->types != NULL) {
        if (++pages->next_type < pages->type_count) {
            return INCOME_MORE;
        }
        free(pages->types);
        pages->types = NULL;
        return go_on(pages, pages->start_ms + 1, now_ms);
    }
    struct facts facts = {0};
    struct error error;
    enum income_step step = INCOME_NO_MEMORY; /* it was read well when it was recorded */
    if (money_answer_read(ENDPOINT_INCOME, body, &facts, &error)) {
        bool is_part = question->end_ms.known && !maybe_equal(question->end_ms, pages->end_ms);
        step = facts.count >= PAGE_ROWS ? take_full(pages, question, &facts, now_ms)
               : is_part                ? go_on(pages, question->end_ms.value + 1, now_ms)
                                        : INCOME_DONE;
    }
    facts_free(&facts);
    return step;
}

bool income_pages_is_cut_off(const struct question *question, int64_t row_count)
{
    return question->income_type[0] != '\0' && row_count >= PAGE_ROWS;
}
