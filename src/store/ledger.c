#include "store/ledger.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "model/json_span.h"
#include "model/row_kinds.h"

/* One element of a response: where it stands in the body, whose it is, and what it says when that
 * had to be parsed (`object_index`, or NO_OBJECT when the bytes were the last response's). */
struct element {
    size_t offset;
    size_t size;
    struct leg *leg;
    size_t object_index;
};
#define NO_OBJECT SIZE_MAX

struct elements {
    struct element *items;
    size_t count;
    size_t capacity;
};

struct ledger_scratch {
    struct elements now;    /* of the response being read */
    struct object *objects; /* what had to be parsed of it */
    size_t object_count;
    size_t object_capacity;
};

struct ledger {
    struct ledger_scratch *scratch;
    bool compares_bytes;
    struct leg **legs;
    size_t leg_count;
    size_t leg_capacity;
    void *by_name; /* tsearch tree of struct leg, by symbol and side */

    struct text body; /* the last good response and its elements */
    struct elements last;
    uint64_t generation;

    size_t next_element; /* where ledger_next_change() stands */
    size_t next_leg;
    struct ledger_change change;
};

const struct object_kind POSITION_OBJECT = {
    .rows = {&ROW_KINDS[ROW_POSITION], &ROW_KINDS[ROW_VALUATION]},
    .symbol = {"symbol", 6},
    .side = {"positionSide", 12},
};

struct ledger_scratch *ledger_scratch_new(void)
{
    return calloc(1, sizeof(struct ledger_scratch));
}

void ledger_scratch_free(struct ledger_scratch *scratch)
{
    if (scratch == NULL) {
        return;
    }
    for (size_t i = 0; i < scratch->object_capacity; i++) {
        object_free(&scratch->objects[i]);
    }
    free(scratch->objects);
    free(scratch->now.items);
    free(scratch);
}

struct ledger *ledger_new(struct ledger_scratch *scratch, bool compares_bytes)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger != NULL) {
        ledger->scratch = scratch;
        ledger->compares_bytes = compares_bytes;
    }
    return ledger;
}

static void leg_free(struct leg *leg)
{
    object_free(&leg->state);
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
    free(ledger->last.items);
    text_free(&ledger->body);
    free(ledger);
}

/* Doubles an array so that it holds `needed` items, the new ones zeroed. */
static bool grow(void **items, size_t item_size, size_t *capacity, size_t needed)
{
    if (needed <= *capacity) {
        return true;
    }
    size_t wanted = *capacity == 0 ? 16 : *capacity;
    while (wanted < needed) {
        wanted *= 2;
    }
    void *grown = reallocarray(*items, wanted, item_size);
    if (grown == NULL) {
        return false;
    }
    memset((char *)grown + *capacity * item_size, 0, (wanted - *capacity) * item_size);
    *items = grown;
    *capacity = wanted;
    return true;
}

static int compare_text(const struct text *a, const struct text *b)
{
    if (a->size != b->size) {
        return a->size < b->size ? -1 : 1;
    }
    return memcmp(text_string(a), text_string(b), a->size);
}

static int compare_legs(const void *a, const void *b)
{
    const struct leg *left = a, *right = b;
    int order = compare_text(&left->state.symbol, &right->state.symbol);
    return order != 0 ? order : compare_text(&left->state.side, &right->state.side);
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
    if (leg == NULL || !grow((void **)&ledger->legs, sizeof *ledger->legs, &ledger->leg_capacity,
                             ledger->leg_count + 1)) {
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

/* The same place in the last response, when the bytes at `at` begin with that element. What follows
 * does not matter: an object's text ends where its brackets close. */
static const struct element *same_as_last(const struct ledger *ledger, struct span body, size_t at)
{
    size_t index = ledger->scratch->now.count;
    if (!ledger->compares_bytes || index >= ledger->last.count) {
        return NULL;
    }
    const struct element *last = &ledger->last.items[index];
    bool same = body.size - at >= last->size &&
                memcmp(body.data + at, ledger->body.data + last->offset, last->size) == 0;
    return same ? last : NULL;
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

static bool parse_element(struct ledger *ledger, struct span text, struct element *element,
                          struct error *error)
{
    struct ledger_scratch *scratch = ledger->scratch;
    if (!grow((void **)&scratch->objects, sizeof *scratch->objects, &scratch->object_capacity,
              scratch->object_count + 1)) {
        return error_no_memory(error);
    }
    element->object_index = scratch->object_count;
    struct object *object = &scratch->objects[element->object_index];
    if (!object_read(&POSITION_OBJECT, text, object, error)) {
        return error_context(error, "element %zu", ledger->scratch->now.count);
    }
    scratch->object_count++;
    element->leg = ledger_leg(ledger, object);
    return element->leg != NULL || error_no_memory(error);
}

static bool read_element(struct ledger *ledger, struct span body, struct span text,
                         const struct element *last, struct error *error)
{
    if (!grow((void **)&ledger->scratch->now.items, sizeof *ledger->scratch->now.items,
              &ledger->scratch->now.capacity, ledger->scratch->now.count + 1)) {
        return error_no_memory(error);
    }
    struct element element = {
        .offset = (size_t)(text.data - body.data), .size = text.size, .object_index = NO_OBJECT};
    if (last != NULL) {
        element.leg = last->leg;
    } else if (!parse_element(ledger, text, &element, error)) {
        return false;
    }
    if (element.leg->generation == ledger->generation) {
        return error_set(error, ERROR_FAILED, "element %zu: %s %s is there twice",
                         ledger->scratch->now.count, text_string(&element.leg->state.symbol),
                         text_string(&element.leg->state.side));
    }
    element.leg->generation = ledger->generation;
    ledger->scratch->now.items[ledger->scratch->now.count++] = element;
    return true;
}

/* One step of the walk over the array, jumping over an element that the last response had too. */
static enum json_step next_element(const struct ledger *ledger, struct json_walk *walk,
                                   struct span *text, const struct element **last)
{
    size_t at = walk->begun ? json_skip_space(walk->text, walk->at) : walk->text.size;
    *last = NULL;
    if (at < walk->text.size && walk->text.data[at] == ',') {
        size_t start = json_skip_space(walk->text, at + 1);
        *last = same_as_last(ledger, walk->text, start);
        if (*last != NULL) {
            *text = (struct span){walk->text.data + start, (*last)->size};
            walk->at = start + (*last)->size;
            return JSON_ITEM;
        }
    }
    return json_next_element(walk, text);
}

static bool read_elements(struct ledger *ledger, struct span body, struct error *error)
{
    struct json_walk walk = json_walk_at(body, 0);
    struct span text;
    const struct element *last;
    enum json_step step;
    while ((step = next_element(ledger, &walk, &text, &last)) == JSON_ITEM) {
        if (!read_element(ledger, body, text, last, error)) {
            return false;
        }
    }
    if (step == JSON_END && json_walk_at_end(&walk)) {
        return true;
    }
    return error_set(error, ERROR_FAILED, "%s at byte %zu of %zu",
                     walk.begun ? "not JSON" : "not a JSON array", walk.at, body.size);
}

bool ledger_read(struct ledger *ledger, struct span body, struct error *error)
{
    size_t leg_count = ledger->leg_count;
    ledger->generation++;
    ledger->scratch->now.count = 0;
    ledger->scratch->object_count = 0;
    bool done = utf8_is_valid(body) ||
                error_set(error, ERROR_FAILED, "not UTF-8 at byte %zu", utf8_valid_size(body));
    if (!done || !read_elements(ledger, body, error)) {
        drop_new_legs(ledger, leg_count);
        return false;
    }
    text_clear(&ledger->body);
    text_append(&ledger->body, body.data, body.size);
    if (ledger->body.failed || !grow((void **)&ledger->last.items, sizeof *ledger->last.items,
                                     &ledger->last.capacity, ledger->scratch->now.count)) {
        drop_new_legs(ledger, leg_count);
        ledger->last.count = 0;
        return error_no_memory(error);
    }
    if (ledger->scratch->now.count > 0) {
        memcpy(ledger->last.items, ledger->scratch->now.items,
               ledger->scratch->now.count * sizeof(struct element));
    }
    ledger->last.count = ledger->scratch->now.count;
    ledger->next_element = 0;
    ledger->next_leg = 0;
    return true;
}

void ledger_forget_bytes(struct ledger *ledger)
{
    text_free(&ledger->body);
    free(ledger->last.items);
    ledger->last = (struct elements){0};
    ledger->next_element = 0;
}

size_t ledger_row_count(const struct ledger *ledger)
{
    return ledger->last.count;
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
    struct leg *leg = element->leg;
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
           leg->generation != ledger->generation &&
           request_filter_includes(filter, text_span(&leg->contract->contract.margin_asset),
                                   text_span(&leg->contract->contract.pair));
}

struct ledger_change *ledger_next_change(struct ledger *ledger, const struct request_filter *filter)
{
    while (ledger->next_element < ledger->last.count) {
        if (apply_element(ledger, &ledger->last.items[ledger->next_element++])) {
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
