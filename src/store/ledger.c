#include "store/ledger.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "model/row_kinds.h"

struct ledger {
    struct element_scratch *scratch;
    struct leg **legs;
    size_t leg_count;
    size_t leg_capacity;
    void *by_name; /* tsearch tree of struct leg, by symbol and side */

    struct element_list list; /* of positionRisk */
    size_t next_element;      /* where ledger_next_change() stands */
    size_t next_leg;
    struct ledger_change change;
};

const struct object_kind POSITION_OBJECT = {
    .rows = {&ROW_KINDS[ROW_POSITION], &ROW_KINDS[ROW_VALUATION]},
    .symbol = {"symbol", 6},
    .side = {"positionSide", 12},
};

struct ledger *ledger_new(struct element_scratch *scratch, bool compares_bytes)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger != NULL) {
        ledger->scratch = scratch;
        element_list_start(&ledger->list, compares_bytes);
    }
    return ledger;
}

static void leg_free(struct leg *leg)
{
    object_free(&leg->state);
    leg_hour_clear(&leg->hour);
    free(leg);
}

static void keep(void *leg)
{
    (void)leg; /* the tree does not own its legs */
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    tdestroy(ledger->by_name, keep);
    for (size_t i = 0; i < ledger->leg_count; i++) {
        leg_free(ledger->legs[i]);
    }
    free(ledger->legs);
    element_list_forget(&ledger->list);
    free(ledger);
}

static int compare_legs(const void *a, const void *b)
{
    return object_compare_names(&((const struct leg *)a)->state, &((const struct leg *)b)->state);
}

static struct leg *find_leg(const struct ledger *ledger, const struct object *object)
{
    const struct leg wanted = {.state = {.symbol = object->symbol, .side = object->side}};
    void *found = tfind(&wanted, &ledger->by_name, compare_legs);
    return found == NULL ? NULL : *(struct leg **)found;
}

struct leg *ledger_add(struct ledger *ledger, struct object *state)
{
    struct leg *leg = calloc(1, sizeof *leg);
    if (leg == NULL || !element_list_grow((void **)&ledger->legs, sizeof *ledger->legs,
                                          &ledger->leg_capacity, ledger->leg_count + 1)) {
        free(leg);
        return NULL;
    }
    leg->state = *state;
    *state = (struct object){0};
    if (tsearch(leg, &ledger->by_name, compare_legs) == NULL) {
        leg_free(leg);
        return NULL;
    }
    ledger->legs[ledger->leg_count++] = leg;
    return leg;
}

/* Takes back the legs that an unreadable response had named for the first time. */
static void drop_new_legs(struct ledger *ledger, size_t leg_count)
{
    while (ledger->leg_count > leg_count) {
        struct leg *leg = ledger->legs[--ledger->leg_count];
        tdelete(leg, &ledger->by_name, compare_legs);
        leg_free(leg);
    }
}

/* A leg of which only the name is known so far. */
static struct leg *add_named(struct ledger *ledger, const struct object *object)
{
    struct object named = {0};
    bool begun = object_begin(&named, &POSITION_OBJECT);
    text_append(&named.symbol, object->symbol.data, object->symbol.size);
    text_append(&named.side, object->side.data, object->side.size);
    bool copied = begun && !named.symbol.failed && !named.side.failed;
    struct leg *leg = copied ? ledger_add(ledger, &named) : NULL;
    object_free(&named);
    return leg;
}

struct leg *ledger_leg(struct ledger *ledger, const struct object *object)
{
    struct leg *leg = find_leg(ledger, object);
    return leg != NULL ? leg : add_named(ledger, object);
}

size_t ledger_leg_count(const struct ledger *ledger)
{
    return ledger->leg_count;
}

struct leg *ledger_leg_at(const struct ledger *ledger, size_t index)
{
    return ledger->legs[index];
}

static struct subject *find_subject(void *context, const struct object *object)
{
    struct leg *leg = ledger_leg(context, object);
    return leg != NULL ? &leg->subject : NULL;
}

bool ledger_read(struct ledger *ledger, struct span body, struct error *error)
{
    const struct subject_finder finder = {ledger, find_subject};
    size_t leg_count = ledger->leg_count;
    struct json_walk walk = json_walk_at(body, 0);
    bool done = utf8_is_valid(body) ||
                error_set(error, ERROR_FAILED, "not UTF-8 at byte %zu", utf8_valid_size(body));
    done = done && element_list_read(&ledger->list, ledger->scratch, &POSITION_OBJECT, &walk,
                                     &finder, error);
    if (done && !json_walk_at_end(&walk)) {
        done = error_set(error, ERROR_FAILED, "not JSON at byte %zu of %zu", walk.at, body.size);
    }
    if (!done) {
        drop_new_legs(ledger, leg_count);
        return false;
    }
    if (!element_list_accept(&ledger->list, ledger->scratch)) {
        drop_new_legs(ledger, leg_count);
        return error_no_memory(error);
    }
    ledger->next_element = 0;
    ledger->next_leg = 0;
    return true;
}

void ledger_forget_bytes(struct ledger *ledger)
{
    element_list_forget(&ledger->list);
    ledger->next_element = 0;
}

size_t ledger_row_count(const struct ledger *ledger)
{
    return ledger->list.last.count;
}

static bool is_open(const struct object *state)
{
    return state->rows[0].values[POSITION_AMOUNT] != 0;
}

static int64_t update_ms(const struct object *state)
{
    return state->rows[0].values[POSITION_UPDATE_MS];
}

/* The revision of the leg's next row, of this updateTime. */
static int64_t next_revision(const struct leg *leg, int64_t next_update_ms)
{
    if (!leg->seen_before || next_update_ms > leg->update_ms_max) {
        return 0;
    }
    return next_update_ms == update_ms(&leg->state)
               ? leg->state.rows[0].values[POSITION_REVISION] + 1
               : LEDGER_REVISION_UNKNOWN;
}

static void settle(struct ledger *ledger, struct leg *leg, int64_t next_update_ms)
{
    struct ledger_change *change = &ledger->change;
    change->is_new = !leg->seen_before;
    change->leg = leg;
    change->revision = leg_position(leg)->values[POSITION_REVISION];
    if (change->writes_position) {
        change->revision = next_revision(leg, next_update_ms);
        leg->update_ms_max = leg->seen_before && leg->update_ms_max > next_update_ms
                                 ? leg->update_ms_max
                                 : next_update_ms;
    }
}

/* True when the element changes something. */
static bool apply_element(struct ledger *ledger, const struct element *element)
{
    struct leg *leg = (struct leg *)element->subject; /* its first member */
    struct ledger_change *change = &ledger->change;
    *change = (struct ledger_change){0};
    if (element->object_index == NO_OBJECT) {
        change->writes_valuation = is_open(&leg->state);
        settle(ledger, leg, update_ms(&leg->state));
        return change->writes_valuation;
    }
    struct object *next = &ledger->scratch->objects[element->object_index];
    row_set(&next->rows[0], POSITION_PRESENT, 1);
    change->writes_position = !leg->seen_before || update_ms(next) != update_ms(&leg->state) ||
                              !row_same(&next->rows[0], leg_position(leg)) ||
                              next->extra_keys != leg->state.extra_keys;
    change->writes_valuation =
        change->writes_position || is_open(next) || !row_same(&next->rows[1], leg_valuation(leg));
    settle(ledger, leg, update_ms(next));
    struct object before = leg->state;
    leg->state = *next;
    *next = before;
    row_set(leg_position(leg), POSITION_REVISION, change->revision);
    leg->seen_before = true;
    return change->writes_valuation;
}

static void apply_vanish(struct ledger *ledger, struct leg *leg)
{
    int64_t last_update_ms = update_ms(&leg->state);
    ledger->change = (struct ledger_change){.writes_position = true, .writes_valuation = true};
    settle(ledger, leg, last_update_ms);
    for (int i = 0; i < OBJECT_ROWS_MAX; i++) {
        row_begin(&leg->state.rows[i], POSITION_OBJECT.rows[i]); /* the kind it is of already */
    }
    leg->state.extra_keys = 0;
    row_set(leg_position(leg), POSITION_UPDATE_MS, last_update_ms);
    row_set(leg_position(leg), POSITION_REVISION, ledger->change.revision);
    row_set(leg_position(leg), POSITION_PRESENT, 0);
    row_set(leg_position(leg), POSITION_ROUNDED, 0);
    row_set(leg_valuation(leg), VALUATION_UPDATE_MS, last_update_ms);
    row_set(leg_valuation(leg), VALUATION_ROUNDED, 0);
}

static bool has_vanished(struct ledger *ledger, struct leg *leg,
                         const struct request_filter *filter)
{
    return leg->seen_before && leg_position(leg)->values[POSITION_PRESENT] != 0 &&
           leg->subject.generation != ledger->list.generation &&
           request_filter_includes(filter, text_span(&leg->contract->contract.margin_asset),
                                   text_span(&leg->contract->contract.pair));
}

struct ledger_change *ledger_next_change(struct ledger *ledger, const struct request_filter *filter)
{
    while (ledger->next_element < ledger->list.last.count) {
        if (apply_element(ledger, &ledger->list.last.items[ledger->next_element++])) {
            return &ledger->change;
        }
    }
    while (ledger->next_leg < ledger->leg_count) {
        struct leg *leg = ledger->legs[ledger->next_leg++];
        if (has_vanished(ledger, leg, filter)) {
            apply_vanish(ledger, leg);
            return &ledger->change;
        }
    }
    return NULL;
}
