/* Of which times the record can speak of an account (table `known_span`), from its captures:
 *
 * polls, account, prices: from one good answer to the next, while they are at most one and a half
 * of the interval in force apart: the one that a capture stated last. A span is put by the answer
 * that is too late for it.
 * stream: from `opened` to its end, in the same run; of connections that overlap, as one. Put by
 * what ends it.
 * income, trades: what was asked, and answered to the end. Put whenever an answer makes a span
 * longer, with all that it reaches then: of those that overlap, the widest counts.
 *
 * Spans are half-open. What has not ended yet is no row: it begins with the first good answer, or
 * opening, after the last that has. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/capture.h"
#include "model/facts.h"
#include "model/row.h"

enum known_kind {
    KNOWN_POLLS, /* what is asked again and again: its answers, ... */
    KNOWN_ACCOUNT,
    KNOWN_PRICES,
    KNOWN_TICK_COUNT,
    KNOWN_STREAM = KNOWN_TICK_COUNT, /* ... and what is not */
    KNOWN_INCOME,
    KNOWN_TRADES, /* by symbol */
    KNOWN_KIND_COUNT,
};

const char *known_kind_name(enum known_kind kind);

/* What is asked again and again, as it stands. */
struct known_ticks {
    bool has_begun;
    int64_t from_ms,
        last_ms; /* the good answers that the span which runs began with, and has last */
    struct maybe_int interval_ms; /* in force, ... */
    int64_t stated_ms;            /* ... since then */
};

struct known_time {
    int64_t from_ms, to_ms;
};

/* Times that do not reach one another, of a symbol ("" for none). */
struct known_times {
    struct text symbol;
    struct known_time *list;
    size_t count, capacity;
};

struct known_session {
    int64_t attempt, opened_ms;
    int64_t ended_ms; /* up to when its word is good; 0 while it is open */
};

/* Connections of a stream that are open at once: more than one while a new one takes over. */
#define KNOWN_SESSIONS_MAX 8

/* What is known of one account; zeroed: nothing. */
struct known_book {
    struct known_ticks ticks[KNOWN_TICK_COUNT];
    int64_t lapse_ms; /* the end of the last span of polls that is over; 0 before */
    struct known_session
        sessions[KNOWN_SESSIONS_MAX]; /* as they opened, up to those that are put */
    int session_count;
    int64_t stream_ms;         /* the end of the last span of the stream; 0 before */
    int64_t heard_ms;          /* the last message; 0 before */
    int64_t alive_ms;          /* the latest capture of any kind but a seal; 0 before */
    struct known_times *money; /* income first */
    size_t money_count, money_capacity;
};

/* A span on its way out. */
struct known_span {
    enum known_kind kind;
    struct span symbol; /* "" for none */
    struct known_time time;
    struct maybe_int interval_ms; /* that it was judged by */
};

/* Where spans go; false, with the error set, to stop. */
struct known_put {
    void *context;
    bool (*put)(void *context, const struct known_span *span, struct error *error);
};

/* Nowhere: for loading. */
extern const struct known_put KNOWN_PUT_NOWHERE;

void known_book_free(struct known_book *book);

/* Takes a capture as it is read; `facts` are what an answer about money tells. */
bool known_book_hear(struct known_book *book, const struct capture *capture,
                     const struct facts *facts, const struct known_put *put, struct error *error);

/* The last moment of which the record can speak, of a kind without symbols: INT64_MAX while a
 * connection of the stream is open; unknown where there is none. */
struct maybe_int known_book_last(const struct known_book *book, enum known_kind kind);

/* For loading what an earlier process heard: a span about money that reaches no other. */
bool known_book_add(struct known_book *book, const struct known_span *span, struct error *error);

/* Makes the row of a span. False when out of memory. */
bool known_span_fill(struct row *row, int64_t account_id, int64_t capture_id,
                     const struct known_span *span);
