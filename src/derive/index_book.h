/* What assets are worth in USD: of each the newest index that an assetIndex told, as which account
 * it was asked for whatever. No row follows from it; the metrics are made of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"
#include "model/maybe.h"

/* Of more symbols than these the first that were told are remembered. */
#define INDEX_BOOK_MAX 1000

struct index_entry {
    struct text symbol; /* of USDT "USDTUSD" */
    int64_t time_ms, index_e8;
};

/* Zeroed: empty. */
struct index_book {
    struct index_entry *list;
    size_t count, capacity;
};

void index_book_free(struct index_book *book);

/* An index is told, the later of one moment last. One that is not above 0 says nothing. False when
 * out of memory. */
bool index_book_take(struct index_book *book, struct span symbol, int64_t time_ms,
                     struct maybe_int index_e8);

/* USD for one of the asset, times 10^8; unknown where none was told. */
struct maybe_int index_book_find(const struct index_book *book, struct span asset);
