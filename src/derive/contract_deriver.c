#include "derive/contract_deriver.h"

#include "model/row_kinds.h"

void contract_deriver_free(struct contract_deriver *deriver)
{
    contract_book_free(&deriver->book);
    contract_free(&deriver->contract);
}

void contract_deriver_hear(struct contract_deriver *deriver, int64_t capture_id,
                           int64_t received_ms)
{
    deriver->capture_id = capture_id;
    deriver->received_ms = received_ms;
}

/* Adds deriver->contract to the book, or gives the entry its contents. NULL when out of memory. */
static struct contract_entry *take_contract(struct contract_deriver *deriver,
                                            struct contract_entry *entry)
{
    struct contract_book *book = &deriver->book;
    if (entry == NULL) {
        entry = contract_book_add(book, (int64_t)book->count + 1, &deriver->contract);
        if (entry == NULL) {
            return NULL;
        }
    } else {
        struct contract before = entry->contract;
        entry->contract = deriver->contract;
        deriver->contract = before;
        entry->from_ms = deriver->received_ms;
    }
    entry->capture_id = deriver->capture_id;
    entry->latest_ms = entry->from_ms > entry->latest_ms ? entry->from_ms : entry->latest_ms;
    return entry;
}

bool contract_deriver_find(struct contract_deriver *deriver, const struct product *product,
                           struct span symbol, const struct contract_entry **contract, bool *is_new,
                           struct error *error)
{
    *contract = contract_book_find(&deriver->book, product, symbol);
    *is_new = *contract == NULL;
    if (!*is_new) {
        return true;
    }
    if (!contract_derive(product, symbol, &deriver->contract, error)) {
        return false;
    }
    *contract = take_contract(deriver, NULL);
    return *contract != NULL || error_no_memory(error);
}

bool contract_deriver_read(struct contract_deriver *deriver, const struct product *product,
                           struct span body, int64_t *row_count, struct odd_fields *odd,
                           struct error *error)
{
    struct contract_list list;
    enum json_step step;
    if (!contract_list_open(product, body, &list, error)) {
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

/* Of two of one symbol the first holds: a capture makes one term of a contract. */
bool contract_deriver_next(struct contract_deriver *deriver, struct contract_list *list,
                           const struct contract_entry **contract, bool *is_new,
                           struct error *error)
{
    enum json_step step;
    *contract = NULL;
    while ((step = contract_list_next(list, &deriver->contract, error)) == JSON_ITEM) {
        struct contract_entry *entry =
            contract_book_find(&deriver->book, list->product, text_span(&deriver->contract.symbol));
        *is_new = entry == NULL;
        if (*is_new || (entry->capture_id != deriver->capture_id &&
                        !contract_same(&entry->contract, &deriver->contract))) {
            *contract = take_contract(deriver, entry);
            return *contract != NULL || error_no_memory(error);
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
