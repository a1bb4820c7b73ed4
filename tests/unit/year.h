/* A month of recording in a second: the real fleet, engine, stream, writer and store, under a
 * clock, a network and an exchange that are made of a seed. The program is not linked with its own
 * clock, transport, wire, random numbers and log, but with those of year_network.c, which is why
 * the year is a global.
 *
 * All times are boot-time milliseconds unless they are called exchange_ms. */
#ifndef TEST_YEAR_H
#define TEST_YEAR_H

#include <stdlib.h>
#include <string.h>

#include "host/random.h"
#include "service/fleet.h"
#include "service/writer.h"
#include "stream/stream.h"
#include "support.h"

#define YEAR_ACCOUNTS_MAX 4
#define YEAR_ROUTES 3 /* host and proxy; two of them count their weight together: */
#define YEAR_WAYS 2
#define YEAR_FLIGHTS_MAX 1024
#define YEAR_WIRES_MAX 64
#define YEAR_LEGS 2
#define YEAR_SECOND INT64_C(1000)
#define YEAR_MINUTE (60 * YEAR_SECOND)
#define YEAR_HOUR (60 * YEAR_MINUTE)
#define YEAR_DAY (24 * YEAR_HOUR)
#define YEAR_LIMIT 2400

enum event_kind {
    EVENT_ARRIVE, /* a request at the exchange */
    EVENT_ANSWER, /* its answer here */
    EVENT_WIRE,   /* something happens on a connection of a stream */
    EVENT_TICK,   /* a multiple of an account's interval */
    EVENT_FILL,
    EVENT_FUNDING,
    EVENT_FAULT,
    EVENT_NOTHING,
};

struct event {
    int64_t at;
    uint64_t order;
    enum event_kind kind;
    int index;
    int64_t serial; /* of the flight, wire, or clock that it is of: an old one means nothing */
};

/* What keeps a tick from being asked for. */
enum excuse {
    EXCUSE_PAUSE,
    EXCUSE_REFUSED,
    EXCUSE_OUT,
    EXCUSE_WEIGHT,
    EXCUSE_DOWN,
    EXCUSE_CLOCK,
    EXCUSE_FULL,
    EXCUSE_COUNT,
};

/* What a seed may draw. */
enum fault {
    FAULT_WALL,
    FAULT_EXCHANGE_CLOCK,
    FAULT_SUSPEND,
    FAULT_OUTAGE,
    FAULT_PAUSE,
    FAULT_SLOW,
    FAULT_KEY_DELETED,
    FAULT_KEY_EXPIRED,
    FAULT_WIRE_BREAKS,
    FAULT_WIRE_SILENT,
    FAULT_SWALLOW,
    FAULT_REFUSED,
    FAULT_BUSY,
    FAULT_KILL,
    FAULT_RELOAD,
    FAULT_STOP,
    FAULT_TIME,
    FAULT_COUNT,
};

struct span_ms {
    int64_t from, to;
};

#define EXCUSES_KEPT 256
#define TICKS_KEPT 64

/* A multiple of the interval. */
struct year_tick {
    int64_t exchange_ms, at;
    bool is_open; /* no capture of it was seen yet */
};

/* A capture that has to come. */
struct expected {
    enum endpoint endpoint;
    bool has_body;
    bool may_lack;      /* another connection may have brought the same */
    bool is_in_doubt;   /* the exchange's clock was set just before */
    bool needs_time;    /* /time has not told it since */
    bool is_unmeasured; /* and answers were slow */
    uint64_t digest;    /* of the body */
    int64_t sent, received;
    int64_t sent_exchange_ms, received_exchange_ms;
};

struct year_income {
    int64_t time_ms, shown_ms; /* on the exchange's clock */
    int64_t id;
    int64_t amount_e8;
    int leg; /* -1: of none */
    const char *type;
    int64_t trade_id;
};

struct year_trade {
    int64_t time_ms;
    int64_t id;
    int64_t quantity; /* signed */
    int64_t income_e8;
    int leg;
};

struct year_leg {
    int64_t amount, update_ms;
    int64_t next_trade_id;
};

struct year_account {
    char name[16], key[16];
    int route;
    struct account_settings settings;

    struct year_leg legs[YEAR_LEGS];
    int64_t wallet_e8, wallet_ms;
    struct year_income *incomes;
    size_t income_count, income_capacity;
    struct year_trade *trades;
    size_t trade_count, trade_capacity;
    int64_t key_number; /* of its listen key */
    bool key_is_alive;
    int64_t key_extended;
    int64_t refuses_until;

    int out[ENDPOINT_ASKED_COUNT];
    int64_t good_ms[ENDPOINT_ASKED_COUNT]; /* of well time since it was asked */
    int64_t refused_until;                 /* as the engine has it */
    bool has_polled;                       /* since the start */
    struct span_ms excuses[EXCUSE_COUNT][EXCUSES_KEPT];
    size_t excuse_count[EXCUSE_COUNT];
    struct year_tick ticks[TICKS_KEPT];
    size_t tick_count;
    int64_t last_due_ms; /* of a capture */
    struct expected *expected;
    size_t expected_count, expected_capacity;
    bool was_excused[EXCUSE_COUNT]; /* in the step before */
    bool was_good;
    int64_t last_capture_id, last_received_ms;
};

enum outage {
    OUTAGE_500,
    OUTAGE_TIMEOUT,
    OUTAGE_RESET,
    OUTAGE_MAINTENANCE,
    OUTAGE_MAINTENANCE_OK,
    OUTAGE_FIREWALL,
    OUTAGE_COUNT,
};

struct year_route {
    int64_t outage_until, slow_until, time_fails_until, swallows_until;
    enum outage outage;
    bool is_used;
    int out;
    bool was_heard;    /* since the start */
    bool was_measured; /* by /time */
    int64_t measured_at;
    bool was_slow;     /* before that */
    bool is_in_doubt;  /* the exchange's clock was set, or refused ours */
    bool needs_time;   /* ... and /time has not told since */
    int64_t set_by_ms; /* a Date may not show it: too little, or the answer took too long */
    int64_t doubt_since;
    int64_t time_good_ms;
    bool was_good;
};

enum pause_kind {
    PAUSE_429,
    PAUSE_429_AFTER,
    PAUSE_418,
    PAUSE_418_UNTIL,
    PAUSE_418_AFTER,
    PAUSE_KINDS
};

struct year_way {
    /* At the exchange. */
    int64_t minute, own, others, others_a_minute;
    int64_t own_of_minute; /* of what came in good time */
    int64_t busy_until, bans_until, says_until;
    enum pause_kind pause;

    /* As the engine has to have it. */
    int64_t pause_since, must_wait_until, may_wait_until, last_probe;
    int64_t told_minute, told; /* by the header */
    int out;
    int64_t connected[WAY_CONNECTIONS_MAX + 1];
    size_t connections;
};

struct year_flight {
    int64_t serial; /* 0: free */
    bool is_lost;   /* nobody waits for it any more */
    bool is_channel;
    bool is_ready;
    bool is_probe;  /* during a pause */
    int64_t minute; /* in which the exchange counted it */
    int64_t timeout_at;
    void *owner;
    enum endpoint endpoint;
    int route, account; /* -1: none */
    char url[600];
    int64_t sent, sent_exchange_ms, up_ms, down_ms;
    struct http_response response;
};

enum wire_step { WIRE_OPEN, WIRE_REFUSE, WIRE_MESSAGE, WIRE_PONG, WIRE_BREAK };

/* A connection of a stream. */
struct wire {
    int64_t serial; /* 0: free */
    struct stream_link *link;
    int account;
    int64_t key_number;
    bool is_shaking, is_open; /* at the exchange */
    bool is_silent;
    int64_t last_at; /* nothing overtakes what was sent before */
    struct wire_item {
        enum wire_step step;
        int64_t at;
        char *message;
    } * items;
    size_t item_count, item_capacity;
};

struct year {
    unsigned seed;
    struct random random;
    int64_t now, wall_ahead_ms;
    int64_t started, ends;
    bool is_quiet; /* the end: nothing goes wrong any more */
    bool faults[FAULT_COUNT];
    int64_t fault_every_ms;
    int64_t fault_counts[FAULT_COUNT];

    struct event *events;
    size_t event_count, event_capacity;
    uint64_t next_order;
    int64_t next_serial;

    int64_t clock_boot, clock_exchange_ms, clock_ppm; /* the exchange's */
    int64_t clock_serial;
    int64_t minute_offset_ms;
    int64_t suspended_until;

    size_t account_count;
    struct year_account accounts[YEAR_ACCOUNTS_MAX];
    struct year_route routes[YEAR_ROUTES];
    struct year_way ways[YEAR_WAYS];
    struct year_flight flights[YEAR_FLIGHTS_MAX];
    size_t ready[YEAR_FLIGHTS_MAX]; /* flights in the order of their answers */
    size_t ready_count;
    struct wire wires[YEAR_WIRES_MAX];
    bool stops_silently, stops; /* while the fleet ends its streams */

    struct credentials credentials[YEAR_ACCOUNTS_MAX];
    struct account_settings settings[YEAR_ACCOUNTS_MAX];
    struct bench *bench;
    struct known *known;
    struct writer *writer;
    struct fleet *fleet; /* NULL: down */
    int64_t still_at, still_count;
    int64_t requests, captures, ticks, ticks_excused[EXCUSE_COUNT], moved, messages;
};

extern struct year *year;

/* Fails the test, with seed and time. */
void year_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* What is drawn. */
int64_t draw(int64_t below);
bool one_in(int64_t count);
int64_t draw_span(int64_t least, int64_t most); /* as many short as long ones */

/* year_exchange.c: the exchange. */
int64_t exchange_ms(void);
int64_t exchange_ms_at(int64_t boot);
int64_t boot_of_exchange(int64_t exchange_ms);
void exchange_start(void);
void exchange_set_clock(int64_t by_ms);
void exchange_take(struct year_flight *flight); /* fills in its response, or none */
void exchange_fill(struct year_account *account);
void exchange_fund(struct year_account *account);
const char *leg_symbol(int leg);
int way_of(int route);

/* year_network.c: what happens, and when; requests and their answers. */
void event_add(int64_t at, enum event_kind kind, int index, int64_t serial);
bool event_take(int64_t until, struct event *event);
int64_t event_next(void);
void network_arrive(const struct event *event);
void network_answer(const struct event *event);
void network_resume(void); /* after a sleep */
void network_end(void);

/* year_wire.c: connections of streams. */
void network_wire(const struct event *event);
void network_push(struct year_account *account, const char *message);
void network_break(struct year_account *account, bool silently);
void wires_end(void);

/* year_check.c: what has to hold of requests, and what excuses there are. */
void check_start(bool keeps_limits);
void check_step(int64_t passed_ms);
void check_sent(struct year_flight *flight);
void check_arrived(struct year_flight *flight, struct year_way *way, int64_t weight);
void check_answered(const struct year_flight *flight);
void check_connecting(int account);
int excuse_within(const struct year_account *account, int64_t from, int64_t to); /* -1: none */

/* year_record.c: what has to be recorded, of ticks and of all that is received. */
void expect_capture(struct year_account *account, enum endpoint endpoint, bool has_body,
                    struct span body, int64_t sent, int64_t sent_exchange_ms, bool may_lack);
void check_tick(struct year_account *account);
void check_recorded(const struct capture *capture, const struct recorded *recorded);
void check_finished(void);
void check_end(void);

/* year_fault.c */
void fault_start(void);
void fault_draw(void);
void fault_end(void);

/* test_year.c: the composition. */
void year_kill(int64_t down_ms);
void year_reload(bool stops);

#endif
