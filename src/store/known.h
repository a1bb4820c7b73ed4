/* What the database knows of an account, for those who ask the exchange for more: where income and
 * trades end, of which symbols trades are to be asked for, and what the stream did not tell. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/capture.h"
#include "store/file/database.h"

struct known;

/* NULL with the error set on failure. Uses the database until known_free(). */
struct known *known_new(const struct database *database, struct error *error);
void known_free(struct known *known);

/* Whether anything is recorded of the account. */
bool known_has_account(struct known *known, const char *account, bool *has, struct error *error);

/* The time of the account's last income; unknown when there is none. What says that it is of a
 * time after `now_ms`, on the exchange's clock, is not it. */
bool known_income_ms(struct known *known, const char *account, int64_t now_ms,
                     struct maybe_int *last_ms, struct error *error);

/* The id of the last trade of a symbol that userTrades told, likewise; at most 18 digits. */
bool known_trade_id(struct known *known, const char *account, const char *symbol, int64_t now_ms,
                    struct maybe_int *last_id, struct error *error);

/* A symbol whose trades after some time are not all known. */
struct known_want {
    const char *symbol;
    int64_t change_ms; /* what was asked before then does not have them */
};

/* Calls `take` for each symbol of the account in which something happened at `since_ms` or later
 * that userTrades has not told: an amount changed, the stream told of a trade, income names one. A
 * trade that somebody told of can reach userTrades later: it is missed for KNOWN_LATE_MS longer. */
#define KNOWN_LATE_MS 60000
bool known_wants(struct known *known, const char *account, int64_t since_ms,
                 void (*take)(void *context, const struct known_want *want), void *context,
                 struct error *error);

/* How many rows the same request was answered with last, when, and the capture; unknown when it
 * never was. */
struct known_answer {
    struct maybe_int row_count;
    int64_t received_ms;
    int64_t capture_id;
};
bool known_answer(struct known *known, const char *account, enum endpoint endpoint,
                  const char *request, struct known_answer *answer, struct error *error);

/* Sets `body`, empty before, to the bytes of a capture that is there. */
bool known_body(struct known *known, int64_t capture_id, struct text *body, struct error *error);

/* Of a page of trades from `start_ms` or, where it is known, `from_id` on: the time and id of the
 * last of its `count` rows, as they are recorded. */
struct known_page {
    const char *symbol;
    struct maybe_int from_id;
    int64_t start_ms;
    int64_t count;
};
bool known_page_end(struct known *known, const char *account, const struct known_page *page,
                    int64_t *time_ms, int64_t *trade_id, struct error *error);

/* Calls `take` for each symbol that income or a leg names. */
bool known_symbols(struct known *known, const char *account,
                   void (*take)(void *context, const char *symbol), void *context,
                   struct error *error);

/* Calls `take` for each pair of an asset that the account holds, in its wallet or in positions. */
bool known_pairs(struct known *known, const char *account,
                 void (*take)(void *context, const char *pair), void *context, struct error *error);

/* Calls `take` for each symbol of a contract that pays funding and in which the account has a
 * position. */
bool known_funded(struct known *known, const char *account,
                  void (*take)(void *context, const char *symbol), void *context,
                  struct error *error);

/* The time of the last funding whose rate is known of a product's symbol; unknown when there is
 * none. What says that it is of a time after `now_ms` is not it. */
bool known_rate_ms(struct known *known, const char *product, const char *symbol, int64_t now_ms,
                   struct maybe_int *last_ms, struct error *error);

/* The first time within these two, both included, at which an amount changed as polls show it and
 * the stream has not told; unknown when there is none. */
bool known_untold(struct known *known, const char *account, int64_t from_ms, int64_t to_ms,
                  struct maybe_int *update_ms, struct error *error);
