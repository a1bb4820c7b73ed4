#include "derive/ledger.h"

#include "model/row_kinds.h"

/* Whatever its fields are called, this is what is kept of it. */
static const struct object_kind SAID = {
    .rows = {&ROW_KINDS[ROW_POSITION], &ROW_KINDS[ROW_VALUATION]},
};

void ledger_start(struct element_list *ledger, const struct product *product, bool compares_bytes)
{
    element_list_start(ledger, product->position, offsetof(struct leg, names), compares_bytes);
}

/* Notes what holds of the leg from now on. */
static bool say(struct leg *leg, const struct object *object)
{
    const struct row *position = &object->rows[0];
    leg->revision = position->values[POSITION_REVISION];
    leg->is_present = position->values[POSITION_PRESENT] != 0;
    leg->is_open = object_has(object, POSITION_AMOUNT);
    return subject_say(&leg->subject, object, NULL);
}

struct leg *ledger_add(struct element_list *ledger, const struct object *said)
{
    struct leg *leg = ledger_leg(ledger, said);
    return leg != NULL && say(leg, said) ? leg : NULL;
}

struct leg *ledger_leg(struct element_list *ledger, const struct object *object)
{
    return (struct leg *)element_list_subject(ledger, object); /* its first member */
}

struct leg *ledger_leg_at(const struct element_list *ledger, size_t index)
{
    return (struct leg *)ledger->subjects.list[index];
}

bool leg_said(const struct leg *leg, struct object *object)
{
    return subject_said(&leg->subject, &SAID, object);
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

/* The revision of the row that the leg gets; it is of that updateTime. */
static int64_t take_revision(struct leg *leg, struct object *before, int64_t next_update_ms)
{
    int64_t revision = next_revision(leg, before, next_update_ms);
    if (!leg->seen_before || next_update_ms > leg->update_ms_max) {
        leg->update_ms_max = next_update_ms;
    }
    return revision;
}

void ledger_change_settle(struct ledger_change *change, int64_t revision)
{
    change->leg->revision = revision;
    row_set(change->position, POSITION_REVISION, revision);
}

static const struct product *leg_product(const struct leg *leg)
{
    return leg->contract->contract.product;
}

static struct ledger_change change_of(struct leg *leg, struct object *now)
{
    return (struct ledger_change){
        .leg = leg, .position = object_position(now), .valuation = object_valuation(now)};
}

/* These set *change where there is one: an element whose bytes are those of the last response, ...
 */
static bool apply_same(struct leg *leg, struct object *said, struct ledger_change *change)
{
    if (!leg->is_open) {
        return true;
    }
    *change = change_of(leg, said);
    return leg_said(leg, said);
}

/* ... one that says `next`, and whose leg had said `before`, which is opened, ... */
static bool apply_next(struct leg *leg, struct object *before, struct object *next,
                       struct ledger_change *change)
{
    if (leg->seen_before && !leg_said(leg, before)) {
        return false;
    }
    struct ledger_change made = change_of(leg, next);
    row_set(made.position, POSITION_PRESENT, 1);
    made.writes_position = !leg->seen_before || update_ms(next) != update_ms(before) ||
                           !row_same(made.position, object_position(before)) ||
                           next->extra_keys != before->extra_keys;
    bool is_change = made.writes_position || object_has(next, POSITION_AMOUNT) ||
                     !row_same(made.valuation, object_valuation(before));
    if (!is_change) {
        return true;
    }
    ledger_change_settle(&made, made.writes_position ? take_revision(leg, before, update_ms(next))
                                                     : leg->revision);
    leg->seen_before = true;
    *change = made;
    return say(leg, next);
}

/* ... and a leg that the response does not have any more. Its updateTime is not told. */
static bool apply_absent(struct leg *leg, struct object *said, struct ledger_change *change)
{
    if (!leg_said(leg, said)) {
        return false;
    }
    int64_t last_update_ms = update_ms(said);
    int64_t revision = take_revision(leg, said, last_update_ms);
    for (int i = 0; i < OBJECT_ROWS_MAX; i++) {
        row_begin(&said->rows[i], SAID.rows[i]); /* the kind it is of already */
    }
    said->extra_keys = 0;
    *change = change_of(leg, said);
    change->writes_position = true;
    row_set(change->position, POSITION_UPDATE_MS, last_update_ms);
    row_set(change->position, POSITION_PRESENT, 0);
    row_set(change->position, POSITION_ROUNDED, 0);
    row_set(change->valuation, VALUATION_UPDATE_MS, last_update_ms);
    row_set(change->valuation, VALUATION_ROUNDED, 0);
    if (leg_product(leg)->is_flat_when_absent) {
        row_set(change->position, POSITION_AMOUNT, 0);
        row_set(change->valuation, VALUATION_UNREALIZED_PNL, 0);
    }
    ledger_change_settle(change, revision);
    return say(leg, said);
}

/* Whether its absence says something. */
static bool is_missed(const struct leg *leg, const struct request_filter *filter)
{
    return leg->seen_before && leg->is_present &&
           (leg->is_open || !leg_product(leg)->is_flat_when_absent) &&
           request_filter_includes(filter, &leg->contract->contract);
}

bool ledger_next_change(struct element_list *ledger, struct element_reading *reading,
                        const struct request_filter *filter, struct ledger_change *change)
{
    struct element element;
    bool good = true;
    *change = (struct ledger_change){0};
    while (good && change->leg == NULL && element_list_next(ledger, &element)) {
        struct leg *leg = (struct leg *)element.subject;
        if (element.object_index == OBJECT_AS_BEFORE) {
            good = apply_same(leg, &reading->said, change);
        } else if (element.object_index != OBJECT_GONE) {
            good = apply_next(leg, &reading->said, &reading->objects[element.object_index], change);
        } else if (is_missed(leg, filter)) {
            good = apply_absent(leg, &reading->said, change);
        }
    }
    return good;
}
