#include "derive/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/utf8.h"
#include "model/row_kinds.h"

struct ledger {
    struct element_scratch *scratch;
    struct leg **legs;
    size_t leg_count;
    size_t leg_capacity;
    struct subject_names by_name;

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

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    subject_names_free(&ledger->by_name);
    for (size_t i = 0; i < ledger->leg_count; i++) {
        subject_free(&ledger->legs[i]->subject);
    }
    free(ledger->legs);
    element_list_forget(&ledger->list);
    free(ledger);
}

/* A leg of which only the name is known so far. */
static struct leg *add_named(struct ledger *ledger, const struct object *object)
{
    struct leg *leg = subject_new(offsetof(struct leg, names), text_span(&object->symbol),
                                  text_span(&object->side));
    if (leg == NULL ||
        !array_grow((void **)&ledger->legs, sizeof *ledger->legs, &ledger->leg_capacity,
                    ledger->leg_count + 1) ||
        !subject_add(&ledger->by_name, &leg->subject)) {
        subject_free((struct subject *)leg);
        return NULL;
    }
    ledger->legs[ledger->leg_count++] = leg;
    return leg;
}

/* Notes what holds of the leg from now on. */
static bool say(struct leg *leg, const struct object *object)
{
    const struct row *position = &object->rows[0];
    leg->revision = position->values[POSITION_REVISION];
    leg->is_present = position->values[POSITION_PRESENT] != 0;
    leg->is_open = object_has(object, POSITION_AMOUNT);
    return subject_say(&leg->subject, object);
}

struct leg *ledger_add(struct ledger *ledger, const struct object *said)
{
    struct leg *leg = add_named(ledger, said);
    return leg != NULL && say(leg, said) ? leg : NULL;
}

bool leg_said(const struct leg *leg, struct object *object)
{
    return subject_said(&leg->subject, &POSITION_OBJECT, object);
}

/* Takes back the legs that an unreadable response had named for the first time. */
static void drop_new_legs(struct ledger *ledger, size_t leg_count)
{
    while (ledger->leg_count > leg_count) {
        struct leg *leg = ledger->legs[--ledger->leg_count];
        subject_remove(&ledger->by_name, &leg->subject);
        subject_free((struct subject *)leg);
    }
}

struct leg *ledger_leg(struct ledger *ledger, const struct object *object)
{
    struct subject *subject =
        subject_find(&ledger->by_name, text_span(&object->symbol), text_span(&object->side));
    return subject != NULL ? (struct leg *)subject : add_named(ledger, object);
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

static int64_t update_ms(struct object *object)
{
    return object_position(object)->values[POSITION_UPDATE_MS];
}

/* The revision of the leg's next row, of this updateTime; `before` is what was said last of a leg
 * that was seen before. */
static int64_t next_revision(const struct leg *leg, struct object *before, int64_t next_update_ms)
{
    if (!leg->seen_before || next_update_ms > leg->update_ms_max) {
        return 0;
    }
    return next_update_ms == update_ms(before) ? leg->revision + 1 : LEDGER_REVISION_UNKNOWN;
}

/* What becomes of the leg when a change writes a position. */
static void settle(struct ledger_change *change, struct object *before, int64_t next_update_ms)
{
    struct leg *leg = change->leg;
    change->is_new = !leg->seen_before;
    change->revision = leg->revision;
    if (change->writes_position) {
        change->revision = next_revision(leg, before, next_update_ms);
        leg->update_ms_max = leg->seen_before && leg->update_ms_max > next_update_ms
                                 ? leg->update_ms_max
                                 : next_update_ms;
    }
}

void ledger_change_settle(struct ledger_change *change, int64_t revision)
{
    change->revision = revision;
    change->leg->revision = revision;
    row_set(change->position, POSITION_REVISION, revision);
}

static void begin_change(struct ledger *ledger, struct leg *leg, struct object *now)
{
    ledger->change = (struct ledger_change){
        .leg = leg, .position = object_position(now), .valuation = object_valuation(now)};
}

/* An element whose bytes are those of the last response. */
static bool apply_same(struct ledger *ledger, struct leg *leg)
{
    struct object *said = &ledger->scratch->said;
    begin_change(ledger, leg, said);
    ledger->change.writes_valuation = leg->is_open;
    if (!leg->is_open) {
        return true;
    }
    if (!leg_said(leg, said)) {
        return false;
    }
    ledger_change_settle(&ledger->change, leg->revision);
    settle(&ledger->change, said, update_ms(said));
    return true;
}

/* ledger->change is what the element makes of its leg; it writes no valuation when that is nothing.
 */
static bool apply_element(struct ledger *ledger, const struct element *element)
{
    struct leg *leg = (struct leg *)element->subject; /* its first member */
    struct ledger_change *change = &ledger->change;
    if (element->object_index == NO_OBJECT) {
        return apply_same(ledger, leg);
    }
    struct object *before = &ledger->scratch->said;
    struct object *next = &ledger->scratch->objects[element->object_index];
    if (leg->seen_before && !leg_said(leg, before)) {
        return false;
    }
    begin_change(ledger, leg, next);
    row_set(change->position, POSITION_PRESENT, 1);
    change->writes_position = !leg->seen_before || update_ms(next) != update_ms(before) ||
                              !row_same(change->position, object_position(before)) ||
                              next->extra_keys != before->extra_keys;
    change->writes_valuation = change->writes_position || object_has(next, POSITION_AMOUNT) ||
                               !row_same(change->valuation, object_valuation(before));
    settle(change, before, update_ms(next));
    row_set(change->position, POSITION_REVISION, change->revision);
    leg->seen_before = true;
    return !change->writes_valuation || say(leg, next);
}

static bool apply_vanish(struct ledger *ledger, struct leg *leg)
{
    struct object *said = &ledger->scratch->said;
    struct ledger_change *change = &ledger->change;
    if (!leg_said(leg, said)) {
        return false;
    }
    int64_t last_update_ms = update_ms(said);
    begin_change(ledger, leg, said);
    change->writes_position = change->writes_valuation = true;
    settle(change, said, last_update_ms);
    for (int i = 0; i < OBJECT_ROWS_MAX; i++) {
        row_begin(&said->rows[i], POSITION_OBJECT.rows[i]); /* the kind it is of already */
    }
    said->extra_keys = 0;
    row_set(change->position, POSITION_UPDATE_MS, last_update_ms);
    row_set(change->position, POSITION_REVISION, change->revision);
    row_set(change->position, POSITION_PRESENT, 0);
    row_set(change->position, POSITION_ROUNDED, 0);
    row_set(change->valuation, VALUATION_UPDATE_MS, last_update_ms);
    row_set(change->valuation, VALUATION_ROUNDED, 0);
    return say(leg, said);
}

static bool has_vanished(const struct ledger *ledger, const struct leg *leg,
                         const struct request_filter *filter)
{
    return leg->seen_before && leg->is_present &&
           leg->subject.generation != ledger->list.generation &&
           request_filter_includes(filter, text_span(&leg->contract->contract.margin_asset),
                                   text_span(&leg->contract->contract.pair));
}

bool ledger_next_change(struct ledger *ledger, const struct request_filter *filter,
                        struct ledger_change **change)
{
    bool good = true;
    *change = NULL;
    ledger->change.writes_valuation = false;
    while (good && !ledger->change.writes_valuation &&
           ledger->next_element < ledger->list.last.count) {
        good = apply_element(ledger, &ledger->list.last.items[ledger->next_element++]);
    }
    while (good && !ledger->change.writes_valuation && ledger->next_leg < ledger->leg_count) {
        struct leg *leg = ledger->legs[ledger->next_leg++];
        if (has_vanished(ledger, leg, filter)) {
            good = apply_vanish(ledger, leg);
        }
    }
    if (good && ledger->change.writes_valuation) {
        *change = &ledger->change;
    }
    return good;
}
