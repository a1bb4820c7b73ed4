/* The accounts that captures are of, with what is known of each. */
#ifndef POSREC_STORE_ACCOUNT_BOOK_H
#define POSREC_STORE_ACCOUNT_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"
#include "model/capture.h"
#include "model/poll_hour.h"
#include "store/ledger.h"
#include "store/series.h"

struct account {
    int64_t account_id;
    struct text name;
    int64_t
        last_ms[ENDPOINT_COUNT]; /* its last capture's received_ms, INT64_MIN before the first */
    struct ledger *ledger;       /* NULL until somebody gives it one, as the two series */
    struct series *balances;     /* of what `account` answers */
    struct series *margins;
    struct poll_hour polls; /* of the hour that runs */
    bool is_remembered;     /* the derivation's own */
};

/* The received_ms of the account's last capture, INT64_MIN before the first. */
int64_t account_last_ms(const struct account *account);

/* The least received_ms that the account's next capture of this endpoint can have: times never go
 * back within an account, and those of one endpoint go on, but for the stream's messages, which may
 * share a millisecond. */
int64_t account_earliest_ms(const struct account *account, enum endpoint endpoint);

/* Zeroed: empty. The accounts are in the order of their ids and stay where they are. */
struct account_book {
    struct account **list;
    size_t count;
    size_t capacity;
};

void account_book_free(struct account_book *book);

/* NULL when it is not there. */
struct account *account_book_find(const struct account_book *book, struct span name);

/* Adds an account without ledger and series. NULL when out of memory. */
struct account *account_book_add(struct account_book *book, int64_t account_id, struct span name);

#endif
