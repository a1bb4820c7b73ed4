#include "derive/account_book.h"

#include <stdlib.h>

#include "base/array.h"
#include "model/money_answer.h"

int64_t account_last_ms(const struct account *account)
{
    int64_t last_ms = account->last_ms[0];
    for (int i = 1; i < ENDPOINT_COUNT; i++) {
        bool is_told = i != ENDPOINT_TIMESTAMP;
        last_ms = is_told && account->last_ms[i] > last_ms ? account->last_ms[i] : last_ms;
    }
    return last_ms;
}

int64_t account_earliest_ms(const struct account *account, const struct capture *capture)
{
    bool is_seal = capture->endpoint == ENDPOINT_TIMESTAMP;
    int64_t last_ms = is_seal ? account->last_ms[ENDPOINT_TIMESTAMP] : account_last_ms(account);
    bool shares = capture->endpoint == ENDPOINT_USER_DATA;
    if (!capture->has_body) {
        return INT64_MIN;
    }
    return account->last_ms[capture->endpoint] == last_ms && !shares ? last_ms + 1 : last_ms;
}

void account_note_capture(struct account *account, const struct capture *capture)
{
    int64_t *taken_ms = &account->taken_ms[capture->endpoint];
    *taken_ms = capture->received_ms > *taken_ms ? capture->received_ms : *taken_ms;
    if (capture->has_body) {
        account->last_ms[capture->endpoint] = capture->received_ms;
    }
}

static void account_free(struct account *account)
{
    text_free(&account->name);
    element_list_free(&account->ledger);
    element_list_free(&account->balances);
    element_list_free(&account->margins);
    element_list_free(&account->configs);
    element_list_free(&account->settings);
    known_book_free(&account->known);
    free(account);
}

void account_book_free(struct account_book *book)
{
    for (size_t i = 0; i < book->count; i++) {
        account_free(book->list[i]);
    }
    free(book->list);
}

struct account *account_book_find(const struct account_book *book, struct span name)
{
    for (size_t i = 0; i < book->count; i++) {
        if (span_equal(text_span(&book->list[i]->name), name)) {
            return book->list[i];
        }
    }
    return NULL;
}

struct account *account_book_add(struct account_book *book, int64_t account_id, struct span name,
                                 const struct product *product)
{
    struct account *account = calloc(1, sizeof *account);
    if (account == NULL ||
        !array_grow((void **)&book->list, sizeof *book->list, &book->capacity, book->count + 1)) {
        free(account);
        return NULL;
    }
    account->account_id = account_id;
    for (int i = 0; i < ENDPOINT_COUNT; i++) {
        account->last_ms[i] = account->taken_ms[i] = INT64_MIN;
    }
    account->product = product;
    ledger_start(&account->ledger, product, book->compares_bytes);
    series_start(&account->balances, &ASSET_OBJECT, book->compares_bytes);
    series_start(&account->margins, product->leg_margin, book->compares_bytes);
    series_start(&account->configs, &SYMBOL_CONFIG_OBJECT, book->compares_bytes);
    series_start(&account->settings, &ACCOUNT_CONFIG_OBJECT, book->compares_bytes);
    text_set(&account->name, name);
    if (account->name.failed) {
        account_free(account);
        return NULL;
    }
    book->list[book->count++] = account;
    return account;
}
