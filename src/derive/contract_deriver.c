#include "derive/contract_deriver.h"

#include <stdlib.h>

#include "model/row_kinds.h"

struct contract_deriver {
    struct contract_put put;
    struct contract_book *book;
    struct contract contract;        /* scratch: the one that is being read */
    int64_t capture_id, received_ms; /* which speaks */
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
        free(deriver);
    }
}

void contract_deriver_hear(struct contract_deriver *deriver, int64_t capture_id,
                           int64_t received_ms)
{
    deriver->capture_id = capture_id;
    deriver->received_ms = received_ms;
}

struct contract_book *contract_deriver_book(const struct contract_deriver *deriver)
{
    return deriver->book;
}

/* Adds deriver->contract to the book, or gives *entry its contents. */
static bool take_contract(struct contract_deriver *deriver, struct contract_entry **entry,
                          struct error *error)
{
    bool is_new = *entry == NULL;
    if (is_new) {
        int64_t contract_id = (int64_t)contract_book_size(deriver->book) + 1;
        *entry = contract_book_add(deriver->book, contract_id, &deriver->contract);
        if (*entry == NULL) {
            return error_no_memory(error);
        }
    } else {
        struct contract before = (*entry)->contract;
        (*entry)->contract = deriver->contract;
        deriver->contract = before;
    }
    struct contract_entry *taken = *entry;
    taken->capture_id = deriver->capture_id;
    taken->from_ms = is_new ? 0 : deriver->received_ms;
    taken->latest_ms = taken->from_ms > taken->latest_ms ? taken->from_ms : taken->latest_ms;
    return deriver->put.put(deriver->put.context, taken, is_new, error);
}

bool contract_deriver_find(struct contract_deriver *deriver, struct span symbol,
                           const struct contract_entry **contract, bool *is_new,
                           struct error *error)
{
    struct contract_entry *entry = contract_book_find(deriver->book, symbol);
    *is_new = entry == NULL;
    bool found = entry != NULL || (contract_derive(symbol, &deriver->contract, error) &&
                                   take_contract(deriver, &entry, error));
    *contract = entry;
    return found;
}

bool contract_deriver_read(struct contract_deriver *deriver, struct span body, int64_t *row_count,
                           struct odd_fields *odd, struct error *error)
{
    struct contract_list list;
    enum json_step step;
    if (!contract_list_open(body, &list, error)) {
        return false;
    }
    while ((step = contract_list_next(&list, &deriver->contract, error)) == JSON_ITEM) {
        ++*row_count;
    }
    *odd = list.odd;
    /* What no contract is made of was only stepped over. */
    return step == JSON_END &&
           (json_value_is_valid(json_trim(body)) || error_set(error, ERROR_FAILED, "not JSON"));
}

/* Takes what exchangeInfo says of one contract. Of two of one symbol the first holds: a capture
 * makes one term of a contract. */
static bool put_contract(struct contract_deriver *deriver, struct error *error)
{
    const struct contract *contract = &deriver->contract;
    struct contract_entry *entry = contract_book_find(deriver->book, text_span(&contract->symbol));
    return (entry != NULL && (entry->capture_id == deriver->capture_id ||
                              contract_same(&entry->contract, contract))) ||
           take_contract(deriver, &entry, error);
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

static void set_text(struct row *row, int column, const struct text *text)
{
    if (text->size > 0) {
        row_set_text(row, column, text_span(text));
    }
}

bool contract_term_fill(struct row *row, const struct contract_entry *entry)
{
    const struct contract *contract = &entry->contract;
    if (!row_begin(row, &ROW_KINDS[ROW_CONTRACT_TERM])) {
        return false;
    }
    row_set(row, CONTRACT_TERM_CONTRACT_ID, entry->contract_id);
    row_set(row, CONTRACT_TERM_CAPTURE_ID, entry->capture_id);
    row_set(row, CONTRACT_TERM_FROM_MS, entry->from_ms);
    set_text(row, CONTRACT_TERM_PAIR, &contract->pair);
    set_text(row, CONTRACT_TERM_MARGIN_ASSET, &contract->margin_asset);
    set_text(row, CONTRACT_TERM_CONTRACT_TYPE, &contract->contract_type);
    row_set_number(row, CONTRACT_TERM_DELIVERY_MS, contract->delivery_ms);
    row_set_number(row, CONTRACT_TERM_CONTRACT_SIZE, contract->contract_size_e8);
    row_set_text(row, CONTRACT_TERM_SOURCE, span_of(contract_source(contract)));
    return !row_failed(row);
}
