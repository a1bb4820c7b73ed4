#include "derive/index_book.h"

#include <stdlib.h>

#include "base/array.h"

#define QUOTE "USD"
#define QUOTE_SIZE 3

void index_book_free(struct index_book *book)
{
    for (size_t i = 0; i < book->count; i++) {
        text_free(&book->list[i].symbol);
    }
    free(book->list);
    *book = (struct index_book){0};
}

static struct index_entry *find_symbol(const struct index_book *book, struct span symbol)
{
    for (size_t i = 0; i < book->count; i++) {
        if (span_equal(text_span(&book->list[i].symbol), symbol)) {
            return &book->list[i];
        }
    }
    return NULL;
}

bool index_book_take(struct index_book *book, struct span symbol, int64_t time_ms,
                     struct maybe_int index_e8)
{
    struct index_entry *entry = find_symbol(book, symbol);
    if (!index_e8.known || index_e8.value <= 0 || (entry != NULL && time_ms < entry->time_ms) ||
        (entry == NULL && book->count == INDEX_BOOK_MAX)) {
        return true;
    }
    if (entry == NULL) {
        if (!array_grow((void **)&book->list, sizeof *book->list, &book->capacity,
                        book->count + 1)) {
            return false;
        }
        entry = &book->list[book->count++];
        text_set(&entry->symbol, symbol);
    }
    entry->time_ms = time_ms;
    entry->index_e8 = index_e8.value;
    return !entry->symbol.failed;
}

struct maybe_int index_book_find(const struct index_book *book, struct span asset)
{
    for (size_t i = 0; i < book->count; i++) {
        struct span symbol = text_span(&book->list[i].symbol);
        if (symbol.size == asset.size + QUOTE_SIZE &&
            span_equal((struct span){symbol.data, asset.size}, asset) &&
            span_is((struct span){symbol.data + asset.size, QUOTE_SIZE}, QUOTE)) {
            return maybe_of(book->list[i].index_e8);
        }
    }
    return (struct maybe_int){0};
}
