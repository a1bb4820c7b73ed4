/* Goes through a range of time in steps and stands on each leg at each step. Each leg's states are
 * read once, in their order; where a step passes over many of them, the one that holds is sought
 * instead. So a range costs what it has of states or of steps, whichever is less. */
#pragma once

#include <sqlite3ext.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "extension/source.h"

/* At most as many have a statement of their own. */
#define REPLAY_LEGS_MAX 20000

/* What a state says, in the order of sql/extension/replay_state.sql. */
enum {
    STATE_POSITION_AMOUNT,
    STATE_ENTRY_PRICE,
    STATE_MARK_PRICE,
    STATE_UNREALIZED_PNL,
    STATE_MARGIN_ASSET,
    STATE_UNREALIZED_PNL_USD,
    STATE_LEVERAGE,
    STATE_MARGIN_TYPE,
    STATE_LIQUIDATION_PRICE,
    STATE_CONTRACT_SIZE,
    STATE_VALUE_COUNT
};

/* A value as SQLite has it, but that its texts are kept while they stay the same. */
struct replay_value {
    int type; /* SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_NULL, or else `other` has it */
    int64_t integer;
    double real;
    sqlite3_value *other;
};

struct replay_leg {
    int64_t leg_id;
    int64_t account_number; /* in the replay's accounts */
    sqlite3_value *account, *symbol, *side;
    bool has_state; /* the last that was read: */
    int64_t time_ms;
    struct replay_value values[STATE_VALUE_COUNT];
    bool has_next; /* from when the state that follows holds: */
    int64_t next_ms;
    sqlite3_stmt *states; /* stands on it; NULL before the leg's first and after its last */
};

struct replay_span {
    bool known;
    int64_t from_ms, to_ms;
};

struct replay_account {
    int64_t account_id;
    sqlite3_stmt *spans, *polls;
    struct replay_span last, next; /* the last that began by the step, and the one after it */
    int64_t interval_ms;
    int64_t as_of_step; /* of which as_of_ms is; -1 for none */
    int64_t as_of_ms;
};

/* Zeroed but for `source`, which must live as long; ended with replay_end(). */
struct replay {
    const struct source *source;
    struct replay_leg *legs;
    struct replay_account *accounts;
    int64_t leg_count, account_count;
    sqlite3_stmt *idle;     /* the states of a leg that has no more; NULL for none */
    int64_t from_ms, to_ms; /* [from_ms, to_ms) */
    struct calendar_step every;
    int64_t step;    /* counted from 0 */
    int64_t step_ms; /* its time */
    int64_t leg;     /* on which it stands */
    bool is_over;
};

/* What is asked: NULL for all accounts; the bounds are the record's where they are not known. */
struct replay_range {
    const char *account;
    bool has_from, has_to;
    int64_t from_ms, to_ms;
    struct calendar_step every;
};

/* Stands on the first row then, or is over. */
bool replay_begin(struct replay *replay, const struct replay_range *range, struct error *error);
bool replay_next(struct replay *replay, struct error *error);
void replay_end(struct replay *replay);

/* Of the row on which it stands: whether its moment is recorded, and the account's last good poll
 * then (false where there was none, or with the error set). */
bool replay_is_recorded(const struct replay *replay);
bool replay_as_of(struct replay *replay, int64_t *as_of_ms, struct error *error);
