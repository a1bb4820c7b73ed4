#include "store/contract_deriver.h"

#include <stdlib.h>

struct contract_deriver {
    struct contract_put put;
    struct contract_book *book;
    struct contract contract; /* scratch: the one that is being read */
    struct contract derived;  /* scratch: what its symbol's name says */
};

struct contract_deriver *contract_deriver_new(const struct contract_put *put)
{
    struct contract_deriver *deriver = calloc(1, sizeof *deriver);
    if (deriver == NULL) {
        return NULL;
    }
    deriver->put = *put;
    deriver->book = contract_book_new();
    if (deriver->book == NULL) {
        free(deriver);
        return NULL;
    }
    return deriver;
}

void contract_deriver_free(struct contract_deriver *deriver)
{
    if (deriver != NULL) {
        contract_book_free(deriver->book);
        contract_free(&deriver->contract);
        contract_free(&deriver->derived);
        free(deriver);
    }
}

struct contract_book *contract_deriver_book(const struct contract_deriver *deriver)
{
    return deriver->book;
}

/* Adds deriver->contract to the book, or gives an entry its contents. */
static bool take_contract(struct contract_deriver *deriver, struct contract_entry *entry,
                          const struct contract_entry **taken, struct error *error)
{
    bool is_new = entry == NULL;
    if (is_new) {
        int64_t contract_id = (int64_t)contract_book_size(deriver->book) + 1;
        entry = contract_book_add(deriver->book, contract_id, &deriver->contract);
        if (entry == NULL) {
            return error_no_memory(error);
        }
    } else {
        struct contract before = entry->contract;
        entry->contract = deriver->contract;
        deriver->contract = before;
    }
    entry->is_named = true;
    *taken = entry;
    return deriver->put.put(deriver->put.context, entry, is_new, error);
}

bool contract_deriver_find(struct contract_deriver *deriver, struct span symbol,
                           const struct contract_entry **contract, bool *is_new,
                           struct error *error)
{
    struct contract_entry *entry = contract_book_find(deriver->book, symbol);
    *contract = entry;
    *is_new = entry == NULL;
    if (entry != NULL) {
        entry->is_named = true;
        return true;
    }
    return contract_derive(symbol, &deriver->contract, error) &&
           take_contract(deriver, NULL, contract, error);
}

bool contract_deriver_read(struct contract_deriver *deriver, struct span body, int64_t *row_count,
                           struct error *error)
{
    struct contract_list list;
    enum json_step step;
    if (!contract_list_open(body, &list, error)) {
        return false;
    }
    while ((step = contract_list_next(&list, &deriver->contract, error)) == JSON_ITEM) {
        ++*row_count;
    }
    /* What no contract is made of was only stepped over. */
    return step == JSON_END &&
           (json_value_is_valid(json_trim(body)) || error_set(error, ERROR_FAILED, "not JSON"));
}

/* Takes what exchangeInfo says of one contract; where it is silent the symbol's name serves. */
static bool put_contract(struct contract_deriver *deriver, struct error *error)
{
    struct contract *contract = &deriver->contract;
    struct span symbol = text_span(&contract->symbol);
    if (!contract_derive(symbol, &deriver->derived, error) ||
        !contract_fill_unknown(contract, &deriver->derived, error)) {
        return false;
    }
    const struct contract_entry *taken;
    struct contract_entry *entry = contract_book_find(deriver->book, symbol);
    if (entry != NULL && contract_same(&entry->contract, contract)) {
        entry->is_named = true;
        return true;
    }
    return take_contract(deriver, entry, &taken, error);
}

bool contract_deriver_put(struct contract_deriver *deriver, struct span body, struct error *error)
{
    struct contract_list list;
    enum json_step step;
    if (!contract_list_open(body, &list, error)) {
        return false;
    }
    while ((step = contract_list_next(&list, &deriver->contract, error)) == JSON_ITEM) {
        if (!put_contract(deriver, error)) {
            return false;
        }
    }
    return step == JSON_END;
}
