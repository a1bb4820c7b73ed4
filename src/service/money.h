/* What is asked of one account besides its positions: the answers about money.
 *
 *     account       each account_interval
 *     income        each income_interval, from a minute before the last one known, page after page
 *                   (service/income_pages.h)
 *     userTrades    of a symbol in which something happened (store/known.h), from the last one
 *                   known on, page after page; of one symbol at most once an income_interval
 *
 * One question at a time, and only of the weight that polls leave, so that none is delayed by it.
 * Which question comes next follows from what is recorded: an answer counts once it is committed.
 * Times are on the exchange's clock, ms, but for those of wake times. */
#ifndef POSREC_SERVICE_MONEY_H
#define POSREC_SERVICE_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "exchange/limits.h"
#include "service/income_pages.h"
#include "service/poller.h"
#include "service/schedule.h"
#include "store/known.h"

/* Income may be told late: so much is asked for again. */
#define MONEY_OVERLAP_MS 60000

/* How far back is asked for when nothing is known. */
#define MONEY_FIRST_SPAN_MS (TRADES_SPAN_MS_MAX - 60000)

/* After a connection of the stream was opened income is asked for at once, but no more often. */
#define MONEY_CATCH_UP_EVERY_MS 30000

/* How often it is looked whether something happened. */
#define MONEY_LOOK_EVERY_MS 1000

/* Of one account. */
#define MONEY_SYMBOLS_MAX 1000

/* Pages of income in one round; the next round goes on from the last that is recorded. */
#define MONEY_PAGES_MAX 1000

/* A symbol whose trades are asked for. */
struct money_symbol {
    char name[QUESTION_NAME_SIZE];
    int64_t change_ms; /* the last time that something happened in it */
    int64_t asked_ms;  /* when it was last asked for to the end; INT64_MIN for never */
    int64_t next_ms;   /* not before */
};

struct money {
    struct poller poller; /* the first: owner of its requests */
    struct known *known;  /* its owner's */
    struct schedule account, income;
    bool is_scheduled;
    bool account_wanted, income_wanted;
    struct maybe_int account_due_ms, income_due_ms;
    struct income_pages pages; /* of the income that is being asked for, */
    int64_t page_count;        /* and how many of them were had; 0: a round begins */
    int64_t next_catch_up_ms;
    bool has_news; /* something was recorded that may have happened in a symbol */
    int64_t next_look_ms;
    int64_t looked_ms; /* what happened before is known to `symbols` */
    struct money_symbol *symbols;
    size_t symbol_count;
    size_t symbol_capacity;
    bool is_waiting; /* for the commit of an answer */
    int64_t waiting_since_ms;
};

void money_start(struct money *money, const struct poller_settings *settings,
                 struct transport *transport, struct exchange_clock *clock, struct known *known);
void money_free(struct money *money);

/* Whether there is anything to ask of the account. */
bool money_is_recorded(const struct poller_settings *settings);

/* Adds the weight that an account's questions about money come to. Trades count as one symbol's an
 * income_interval. */
void money_add_demand(const struct poller_settings *settings, struct limits_demand *demand);

/* Its schedules start; the first round is due at once when `at_once`. */
void money_schedule(struct money *money, int64_t now_ms, bool at_once);

/* One round is due, of an account without schedules: account, income, and what trades that calls
 * for. */
void money_want_round(struct money *money, int64_t now_ms);

/* The stream is up again: what was missed is to be fetched. */
void money_catch_up(struct money *money, int64_t now_ms);

/* Asks what is due, as far as the limits leave weight for it. */
void money_work(struct money *money, int64_t now_ms, struct limits *limits);

/* Takes an answer whose owner is money->poller. True when money->poller.capture is to be recorded.
 * `random` is for the jitter of a retry; `is_paused`: the exchange wants no requests. */
bool money_answer(struct money *money, struct http_response *response, int64_t now_ms,
                  bool is_paused, uint64_t random);

/* A capture of the account is committed, with so many rows. */
void money_note_recorded(struct money *money, const struct capture *capture, int64_t row_count);

/* Whether nothing is out, or due. */
bool money_is_idle(const struct money *money, int64_t now_ms);

/* When there is something to do next. */
int64_t money_wake_ms(const struct money *money, int64_t now_ms);

#endif
