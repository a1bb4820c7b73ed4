#include "derive/contract_book.h"

#include <search.h>
#include <stdlib.h>

#include "base/array.h"

static void keep(void *entry)
{
    (void)entry; /* the tree does not own its entries */
}

void contract_book_free(struct contract_book *book)
{
    tdestroy(book->by_symbol, keep);
    for (size_t i = 0; i < book->count; i++) {
        contract_free(&book->list[i]->contract);
        free(book->list[i]);
    }
    free(book->list);
}

static int compare_symbols(const void *a, const void *b)
{
    const struct contract *left = &((const struct contract_entry *)a)->contract;
    const struct contract *right = &((const struct contract_entry *)b)->contract;
    int order = span_compare(text_span(&left->symbol), text_span(&right->symbol));
    return order != 0 ? order : (left->product > right->product) - (left->product < right->product);
}

struct maybe_int contract_since(const struct contract_entry *entry)
{
    return entry->from_ms >= entry->latest_ms ? maybe_of(entry->from_ms) : (struct maybe_int){0};
}

struct contract_entry *contract_book_find(const struct contract_book *book,
                                          const struct product *product, struct span symbol)
{
    /* The comparison only reads; the text is not changed through this view. */
    struct contract_entry wanted = {
        .contract.product = product,
        .contract.symbol = {.data = (char *)(uintptr_t)symbol.data, .size = symbol.size}};
    void *found = tfind(&wanted, &book->by_symbol, compare_symbols);
    return found == NULL ? NULL : *(struct contract_entry **)found;
}

struct contract_entry *contract_book_add(struct contract_book *book, int64_t contract_id,
                                         struct contract *contract)
{
    struct contract_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL || !array_grow((void **)&book->list, sizeof(struct contract_entry *),
                                     &book->capacity, book->count + 1)) {
        free(entry);
        return NULL;
    }
    *entry = (struct contract_entry){.contract_id = contract_id, .contract = *contract};
    if (tsearch(entry, &book->by_symbol, compare_symbols) == NULL) {
        free(entry);
        return NULL;
    }
    *contract = (struct contract){0};
    book->list[book->count++] = entry;
    return entry;
}
