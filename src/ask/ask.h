/* The engine that asks the exchange everything that is asked: all accounts' askers, by priority,
 * within the weight, the pauses and the bounds of each way out. It owns no clock, no socket and no
 * file: time and answers are handed in, requests and captures come out.
 *
 * A capture comes out when its times are known: until the exchange's clock is, it waits here with
 * the machine's (ask/exchange_clock.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ask/account.h"
#include "ask/sealer.h"
#include "ask/way.h"
#include "store/known.h"

/* Of most sources: see limits_backoff_ms(). */
#define ASK_RETRY_BASE_MS 250

/* A key that the exchange refuses is tried again after this. */
#define ASK_REFUSED_WAIT_MS 60000

/* Captures that wait for the exchange's clock. When there are more, the oldest is placed by the
 * best that is known. */
#define ASK_UNPLACED_MAX 200 /* and some for each asker */

/* A poll that goes out within this of its tick is in time. */
#define ASK_ON_TIME_MS 1000

struct ask_watch {
    void *context;

    /* A request is to go out; it is valid until this returns, and its owner is the asker that
     * ask_answer() is to have. */
    bool (*send)(void *context, const struct http_request *request, struct error *error);

    /* A capture of the account is to be recorded; it is taken over. */
    void (*on_capture)(void *context, struct ask_account *account, struct capture *capture);

    /* The listen key of the account that is alive. A secret. NULL where there are no streams. */
    void (*on_listen_key)(void *context, struct ask_account *account, struct span key);
};

struct ask_settings {
    struct ask_watch watch;
    struct known *known;
    uint64_t seed;            /* of the jitter of retries; 0: any */
    const struct ask *before; /* NULL, or the engine that there was: what its hosts and ways know
                                 goes on */
    bool is_round; /* all is asked once, at once, and nothing tried again but after -1021 */
};

struct ask;

/* `settings->before` is needed until the last account is added. NULL with the error set on failure.
 */
struct ask *ask_new(const struct ask_settings *settings, struct error *error);

/* Requests that are out are forgotten; what waits for the clock is lost: see ask_finish(). */
void ask_free(struct ask *ask);

/* An account that is to be asked; `account` and the settings stay where they are until ask_free().
 * With `at_once` its first ticks are due now. */
bool ask_add(struct ask *ask, struct ask_account *account, const struct account_settings *settings,
             const struct now *now, bool at_once, struct error *error);

/* Has an account that was added asked one thing more; `asker` stays where it is. */
bool ask_add_another(struct ask *ask, struct ask_account *account, struct asker *asker,
                     const struct source *source, struct error *error);

/* Adds an account to be asked but one thing. */
bool ask_add_one(struct ask *ask, struct ask_account *account,
                 const struct account_settings *settings, struct asker *asker,
                 const struct source *source, struct error *error);

/* Has what is recorded sealed; `sealer`, whose `seals` are set, and the settings stay where they
 * are. Seals are captures of the account, which was added, or is zeroed where no exchange is asked.
 */
bool ask_add_seal(struct ask *ask, struct ask_account *account, struct sealer *sealer,
                  const struct sealer_settings *settings, const struct now *now,
                  struct error *error);

/* Sends what is due and may go out. Returns when to call it again; BOOT_NEVER when only an answer
 * can tell. */
struct boot_time ask_work(struct ask *ask, const struct now *now);

/* Takes what came of a request of the asker. */
void ask_answer(struct ask *ask, const struct now *now, struct asker *asker,
                struct http_response *response);

/* Takes a capture that was heard otherwise, now: its times are to be set. */
void ask_hear(struct ask *ask, const struct now *now, struct ask_account *account,
              struct capture *capture);

/* A capture of the account is committed, with so many rows. */
void ask_recorded(const struct now *now, struct ask_account *account, const struct capture *capture,
                  const struct recorded *recorded);

/* A capture of the account will never be committed: its question is asked again. */
void ask_dropped(const struct now *now, struct ask_account *account, const struct capture *capture);

/* Has what waits for a clock come out, whatever is known of the time. */
void ask_finish(struct ask *ask);

/* For askers and their sources: when it is to ask next has changed; what the engine was made with;
 * and that a question cannot be asked, which is logged. */
void ask_touch(struct asker *asker);
const struct ask_settings *ask_settings(const struct asker *asker);
void ask_log_failure(const struct asker *asker, enum endpoint endpoint, const struct error *error);

/* Adds the weight that what an account's schedules ask comes to. Trades count as one symbol's an
 * income_interval. */
void ask_add_demand(const struct account_settings *settings, struct limits_demand *demand);

/* Whether polls that are in time still wait for answers to others. */
bool ask_polls_wait(const struct ask *ask);

/* How many requests are out for what is captured, or for the time. */
size_t ask_out(const struct ask *ask);

/* Whether nothing is out, nor to be asked; of a round, nor to be asked now. */
bool ask_is_idle(const struct ask *ask, const struct now *now);

/* The first host of all, for the metrics; NULL without accounts. */
const struct ask_host *ask_first_host(const struct ask *ask);
