/* The accounts that captures are of, with what is known of each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"
#include "derive/known_book.h"
#include "derive/ledger.h"
#include "derive/series.h"
#include "model/capture.h"
#include "model/product.h"

struct account {
    int64_t account_id;
    struct text name;
    const struct product *product;
    int64_t last_ms[ENDPOINT_COUNT];  /* received_ms of its last capture that has a body, ... */
    int64_t taken_ms[ENDPOINT_COUNT]; /* ... and the latest of any; INT64_MIN before the first */
    struct element_list ledger;       /* of its legs, */
    struct element_list balances, margins; /* the series of what `account` answers, */
    struct element_list configs, settings; /* and of symbolConfig and accountConfig */
    struct known_book known;
    bool is_loaded;     /* these say what was recorded */
    bool is_remembered; /* the derivation's own, ... */
    int64_t answered;   /* ... and when it was answered last */
};

/* The received_ms of the account's last capture that has a body, INT64_MIN before the first. Seals
 * do not count: they tell nothing of the account, and another clock may have told their time. */
int64_t account_last_ms(const struct account *account);

/* The least received_ms that the account's next capture can have: times never go back within an
 * account, and those of one endpoint go on, but for the stream's messages, which may share a
 * millisecond, and seals, which follow one another alone. What has no body can have any: where
 * nothing was heard of the exchange's clock the machine's told its time, and that is not to hold up
 * what is heard later. */
int64_t account_earliest_ms(const struct account *account, const struct capture *capture);

/* A capture of the account is recorded. */
void account_note_capture(struct account *account, const struct capture *capture);

/* Zeroed: empty. The accounts are in the order of their ids and stay where they are. */
struct account_book {
    struct account **list;
    size_t count;
    size_t capacity;
    bool compares_bytes; /* as in element_list_start() */
};

void account_book_free(struct account_book *book);

/* NULL when it is not there. */
struct account *account_book_find(const struct account_book *book, struct span name);

/* Adds an account of which nothing was said yet. NULL when out of memory. */
struct account *account_book_add(struct account_book *book, int64_t account_id, struct span name,
                                 const struct product *product);
