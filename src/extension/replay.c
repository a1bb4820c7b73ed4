#include "extension/replay.h"

#include <string.h>

#include "base/time_text.h"
#include "extension/table.h"

SQLITE_EXTENSION_INIT3

/* So many states are stepped over before the one that holds is sought. */
#define STEPS_MAX 4

static const struct source_question LEGS = {(const char *const[]){NULL},
                                            (const char *const[]){"replay_leg", NULL}};
static const struct source_question RANGE = {(const char *const[]){NULL},
                                             (const char *const[]){"replay_range", NULL}};
static const struct source_question STATES = {(const char *const[]){"valuation_history", NULL},
                                              (const char *const[]){"replay_state", NULL}};
static const struct source_question SPANS = {
    (const char *const[]){"capture_read", "interval_stated", "known_running", NULL},
    (const char *const[]){"replay_span", NULL}};
static const struct source_question POLLS = {(const char *const[]){"capture_read", NULL},
                                             (const char *const[]){"replay_poll", NULL}};

/* Steps a statement: *row is whether there was a row. */
static bool step_statement(const struct replay *replay, sqlite3_stmt *statement, bool *row,
                           struct error *error)
{
    int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE || source_error(replay->source, error);
}

/* Room for one more in an array of `count`, which doubles when it is full. */
static bool grow(void **array, int64_t count, size_t size, struct error *error)
{
    if ((count & (count - 1)) != 0) {
        return true;
    }
    void *larger = sqlite3_realloc64(*array, (sqlite3_uint64)(count == 0 ? 1 : 2 * count) * size);
    if (larger == NULL) {
        return error_no_memory(error);
    }
    *array = larger;
    return true;
}

static bool read_span(struct replay *replay, struct replay_account *account, struct error *error)
{
    account->last = account->next;
    account->next = (struct replay_span){0};
    if (!step_statement(replay, account->spans, &account->next.known, error)) {
        return false;
    }
    if (account->next.known) {
        account->next.from_ms = sqlite3_column_int64(account->spans, 0);
        account->next.to_ms = sqlite3_column_int64(account->spans, 1);
        account->interval_ms = sqlite3_column_int64(account->spans, 2);
    }
    return true;
}

static bool add_account(struct replay *replay, int64_t account_id, struct error *error)
{
    int64_t count = replay->account_count;
    if (count > 0 && replay->accounts[count - 1].account_id == account_id) {
        return true;
    }
    void *accounts = replay->accounts;
    if (!grow(&accounts, count, sizeof *replay->accounts, error)) {
        return false;
    }
    replay->accounts = accounts;
    struct replay_account *account = &replay->accounts[replay->account_count++];
    *account = (struct replay_account){.account_id = account_id, .as_of_step = -1};
    account->spans = source_prepare(replay->source, &SPANS, error);
    account->polls = account->spans != NULL ? source_prepare(replay->source, &POLLS, error) : NULL;
    if (account->polls == NULL) {
        return false;
    }
    bind_named_int(account->spans, ":account_id", account_id);
    bind_named_int(account->polls, ":account_id", account_id);
    return read_span(replay, account, error);
}

static bool add_leg(struct replay *replay, sqlite3_stmt *row, struct error *error)
{
    void *legs = replay->legs;
    if (replay->leg_count >= REPLAY_LEGS_MAX) {
        return error_set(error, ERROR_USAGE, "there are more than %d legs: name an account",
                         REPLAY_LEGS_MAX);
    }
    if (!grow(&legs, replay->leg_count, sizeof *replay->legs, error)) {
        return false;
    }
    replay->legs = legs;
    struct replay_leg *leg = &replay->legs[replay->leg_count++];
    *leg = (struct replay_leg){.leg_id = sqlite3_column_int64(row, 0),
                               .account = sqlite3_value_dup(sqlite3_column_value(row, 2)),
                               .symbol = sqlite3_value_dup(sqlite3_column_value(row, 3)),
                               .side = sqlite3_value_dup(sqlite3_column_value(row, 4)),
                               .has_next = true,
                               .next_ms = sqlite3_column_int64(row, 5)};
    if (leg->account == NULL || leg->symbol == NULL || leg->side == NULL) {
        return error_no_memory(error);
    }
    bool done = add_account(replay, sqlite3_column_int64(row, 1), error);
    leg->account_number = replay->account_count - 1;
    return done;
}

static bool read_legs(struct replay *replay, const char *account, struct error *error)
{
    sqlite3_stmt *rows = source_prepare(replay->source, &LEGS, error);
    bool row = false;
    if (rows == NULL) {
        return false;
    }
    bind_named_int(rows, ":to_ms", replay->to_ms);
    bind_named_text(rows, ":account", account);
    bool done;
    while ((done = step_statement(replay, rows, &row, error)) && row &&
           (done = add_leg(replay, rows, error))) {
    }
    sqlite3_finalize(rows);
    return done;
}

/* A range that is open is the record's, and its steps are whole ones. */
static bool read_range(struct replay *replay, const struct replay_range *range, struct error *error)
{
    replay->every = range->every;
    replay->from_ms = range->from_ms;
    replay->to_ms = range->to_ms;
    if (range->has_from && range->has_to) {
        return true;
    }
    sqlite3_stmt *row = source_prepare(replay->source, &RANGE, error);
    bool found = false;
    bind_named_text(row, ":account", range->account);
    bool done = row != NULL && step_statement(replay, row, &found, error);
    if (done && !range->has_from) {
        replay->from_ms = calendar_step_end(&range->every, sqlite3_column_int64(row, 0) - 1);
    }
    if (done && !range->has_to) {
        replay->to_ms = sqlite3_column_int64(row, 1) + 1;
    }
    sqlite3_finalize(row);
    return done;
}

/* False past the range's end. */
static bool set_step(struct replay *replay, int64_t step)
{
    int64_t along;
    replay->step = step;
    replay->leg = -1;
    if (replay->every.months > 0) {
        if (__builtin_mul_overflow(step, replay->every.months, &along) ||
            along > CALENDAR_MONTHS_MAX) {
            return false;
        }
        replay->step_ms = calendar_add_months(replay->from_ms, along);
        return replay->step_ms < replay->to_ms;
    }
    return !__builtin_mul_overflow(step, replay->every.ms, &along) &&
           !__builtin_add_overflow(replay->from_ms, along, &replay->step_ms) &&
           replay->step_ms < replay->to_ms;
}

/* The first step at which a leg has a state: before it there are no rows. */
static int64_t first_step(const struct replay *replay)
{
    int64_t first_ms = INT64_MAX, after_ms;
    for (int64_t i = 0; i < replay->leg_count; i++) {
        first_ms = replay->legs[i].next_ms < first_ms ? replay->legs[i].next_ms : first_ms;
    }
    if (first_ms <= replay->from_ms || replay->every.months > 0 ||
        __builtin_sub_overflow(first_ms, replay->from_ms, &after_ms)) {
        return 0;
    }
    return after_ms / replay->every.ms;
}

bool replay_begin(struct replay *replay, const struct replay_range *range, struct error *error)
{
    if (!read_range(replay, range, error) || !read_legs(replay, range->account, error)) {
        return false;
    }
    replay->is_over = replay->leg_count == 0 || !set_step(replay, first_step(replay));
    return replay_next(replay, error);
}

static void bind_value(sqlite3_stmt *statement, const char *name, sqlite3_value *value)
{
    sqlite3_bind_value(statement, sqlite3_bind_parameter_index(statement, name), value);
}

/* Steps to the state that follows; after the last the statement is free for another leg. */
static bool step_state(struct replay *replay, struct replay_leg *leg, struct error *error)
{
    if (!step_statement(replay, leg->states, &leg->has_next, error)) {
        return false;
    }
    if (leg->has_next) {
        leg->next_ms = sqlite3_column_int64(leg->states, STATE_VALUE_COUNT);
        return true;
    }
    sqlite3_finalize(replay->idle);
    replay->idle = leg->states;
    leg->states = NULL;
    return true;
}

/* Stands on the state that holds at the step. */
static bool seek_state(struct replay *replay, struct replay_leg *leg, struct error *error)
{
    if (leg->states == NULL) {
        leg->states =
            replay->idle != NULL ? replay->idle : source_prepare(replay->source, &STATES, error);
        replay->idle = NULL;
    }
    if (leg->states == NULL) {
        return false;
    }
    sqlite3_reset(leg->states);
    bind_value(leg->states, ":account", leg->account);
    bind_value(leg->states, ":symbol", leg->symbol);
    bind_value(leg->states, ":side", leg->side);
    bind_named_int(leg->states, ":leg_id", leg->leg_id);
    bind_named_int(leg->states, ":at_ms", replay->step_ms);
    return step_state(replay, leg, error);
}

static bool is_same(sqlite3_value *a, sqlite3_value *b)
{
    int size = sqlite3_value_bytes(a);
    return sqlite3_value_type(a) == SQLITE_TEXT && sqlite3_value_type(b) == SQLITE_TEXT &&
           sqlite3_value_bytes(b) == size &&
           memcmp(sqlite3_value_text(a), sqlite3_value_text(b), (size_t)size) == 0;
}

static bool take_value(sqlite3_stmt *statement, int column, struct replay_value *value,
                       struct error *error)
{
    value->type = sqlite3_column_type(statement, column);
    if (value->type == SQLITE_FLOAT) {
        value->real = sqlite3_column_double(statement, column);
    } else if (value->type == SQLITE_INTEGER) {
        value->integer = sqlite3_column_int64(statement, column);
    } else if (value->type != SQLITE_NULL) {
        sqlite3_value *now = sqlite3_column_value(statement, column);
        if (value->other == NULL || !is_same(value->other, now)) {
            sqlite3_value_free(value->other);
            value->other = sqlite3_value_dup(now);
        }
        return value->other != NULL || error_no_memory(error);
    }
    return true;
}

/* The state that follows is the one that holds. */
static bool take_state(struct replay_leg *leg, struct error *error)
{
    leg->has_state = true;
    leg->time_ms = leg->next_ms;
    for (int i = 0; i < STATE_VALUE_COUNT; i++) {
        if (!take_value(leg->states, i, &leg->values[i], error)) {
            return false;
        }
    }
    return true;
}

/* Brings the leg to the state that holds at the step. */
static bool advance(struct replay *replay, struct replay_leg *leg, struct error *error)
{
    for (int i = 0; leg->has_next && leg->next_ms <= replay->step_ms; i++) {
        if ((leg->states == NULL || i == STEPS_MAX) && !seek_state(replay, leg, error)) {
            return false;
        }
        if (leg->states != NULL && (!take_state(leg, error) || !step_state(replay, leg, error))) {
            return false;
        }
    }
    return true;
}

/* Flat or not; a leg that vanished has neither amount nor mark price. */
static bool is_there(const struct replay_leg *leg)
{
    return leg->has_state && (leg->values[STATE_POSITION_AMOUNT].type != SQLITE_NULL ||
                              leg->values[STATE_MARK_PRICE].type != SQLITE_NULL);
}

static bool advance_accounts(struct replay *replay, struct error *error)
{
    for (int64_t i = 0; i < replay->account_count; i++) {
        struct replay_account *account = &replay->accounts[i];
        while (account->next.known && account->next.from_ms <= replay->step_ms) {
            if (!read_span(replay, account, error)) {
                return false;
            }
        }
    }
    return true;
}

bool replay_next(struct replay *replay, struct error *error)
{
    while (!replay->is_over) {
        if (++replay->leg == replay->leg_count) {
            replay->is_over = !set_step(replay, replay->step + 1);
            continue;
        }
        if (replay->leg == 0 && !advance_accounts(replay, error)) {
            return false;
        }
        struct replay_leg *leg = &replay->legs[replay->leg];
        if (!advance(replay, leg, error)) {
            return false;
        }
        if (is_there(leg)) {
            return true;
        }
    }
    return true;
}

void replay_end(struct replay *replay)
{
    for (int64_t i = 0; i < replay->leg_count; i++) {
        for (int value = 0; value < STATE_VALUE_COUNT; value++) {
            sqlite3_value_free(replay->legs[i].values[value].other);
        }
        sqlite3_finalize(replay->legs[i].states);
        sqlite3_value_free(replay->legs[i].account);
        sqlite3_value_free(replay->legs[i].symbol);
        sqlite3_value_free(replay->legs[i].side);
    }
    for (int64_t i = 0; i < replay->account_count; i++) {
        sqlite3_finalize(replay->accounts[i].spans);
        sqlite3_finalize(replay->accounts[i].polls);
    }
    sqlite3_finalize(replay->idle);
    sqlite3_free(replay->legs);
    sqlite3_free(replay->accounts);
    *replay = (struct replay){.source = replay->source};
}

/* As with_moment has it: in a span, or, after the last of all, not longer than one and a half of
 * the interval. */
bool replay_is_recorded(const struct replay *replay)
{
    const struct replay_account *account =
        &replay->accounts[replay->legs[replay->leg].account_number];
    int64_t grace_ms;
    if (!account->last.known) {
        return false;
    }
    if (account->last.to_ms >= replay->step_ms) {
        return true;
    }
    return !account->next.known && !__builtin_mul_overflow(account->interval_ms, 3, &grace_ms) &&
           replay->step_ms - account->last.to_ms <= grace_ms / 2;
}

bool replay_as_of(struct replay *replay, int64_t *as_of_ms, struct error *error)
{
    struct replay_account *account = &replay->accounts[replay->legs[replay->leg].account_number];
    bool found = true;
    if (!account->last.known || account->last.to_ms <= replay->step_ms) {
        *as_of_ms = account->last.to_ms;
        return account->last.known;
    }
    if (account->as_of_step != replay->step) {
        sqlite3_reset(account->polls);
        bind_named_int(account->polls, ":at_ms", replay->step_ms);
        if (!step_statement(replay, account->polls, &found, error) || !found) {
            return false;
        }
        account->as_of_ms = sqlite3_column_int64(account->polls, 0);
        account->as_of_step = replay->step;
        sqlite3_reset(account->polls);
    }
    *as_of_ms = account->as_of_ms;
    return true;
}
