#include "model/contract.h"

#include <ctype.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/time_text.h"
#include "base/utf8.h"
#include "model/product.h"

/* Quarterly contracts are delivered at 08:00 UTC (exchangeInfo: deliveryDate). */
#define DELIVERY_OF_DAY_MS (INT64_C(8) * 3600 * 1000)

void contract_free(struct contract *contract)
{
    text_free(&contract->symbol);
    text_free(&contract->pair);
    text_free(&contract->margin_asset);
    text_free(&contract->contract_type);
    *contract = (struct contract){0};
}

static void contract_clear(struct contract *contract)
{
    text_clear(&contract->symbol);
    text_clear(&contract->pair);
    text_clear(&contract->margin_asset);
    text_clear(&contract->contract_type);
    contract->delivery_ms = (struct maybe_int){0};
    contract->contract_size_e8 = (struct maybe_int){0};
    contract->from_exchange_info = false;
}

bool contract_failed(const struct contract *contract)
{
    return contract->symbol.failed || contract->pair.failed || contract->margin_asset.failed ||
           contract->contract_type.failed;
}

/* yymmdd of this century. */
static bool delivery_time(struct span yymmdd, int64_t *delivery_ms)
{
    if (yymmdd.size != 6) {
        return false;
    }
    for (size_t i = 0; i < yymmdd.size; i++) {
        if (!isdigit((unsigned char)yymmdd.data[i])) {
            return false;
        }
    }
    char date[16];
    struct error ignored;
    snprintf(date, sizeof date, "20%.2s-%.2s-%.2s", yymmdd.data, yymmdd.data + 2, yymmdd.data + 4);
    if (!time_text_parse(date, 0, delivery_ms, &ignored)) {
        return false;
    }
    *delivery_ms += DELIVERY_OF_DAY_MS;
    return true;
}

void contract_name_delivery(struct span kind, struct contract *contract)
{
    int64_t delivery_ms;
    if (delivery_time(kind, &delivery_ms)) {
        text_append_string(&contract->contract_type, "DELIVERY");
        contract->delivery_ms = maybe_of(delivery_ms);
    }
}

bool contract_split(struct span symbol, struct span *pair, struct span *kind)
{
    const char *underscore = symbol.size > 0 ? memchr(symbol.data, '_', symbol.size) : NULL;
    size_t size = underscore == NULL ? symbol.size : (size_t)(underscore - symbol.data);
    *pair = (struct span){symbol.data, size};
    *kind = underscore == NULL ? (struct span){"", 0}
                               : (struct span){underscore + 1, symbol.size - size - 1};
    return underscore != NULL;
}

bool contract_derive(const struct product *product, struct span symbol, struct contract *contract,
                     struct error *error)
{
    contract_clear(contract);
    contract->product = product;
    text_append_span(&contract->symbol, symbol);
    return product->name_contract(symbol, contract) || error_no_memory(error);
}

bool contract_list_open(const struct product *product, struct span body, struct contract_list *list,
                        struct error *error)
{
    struct json_walk walk = json_walk_at(body, 0);
    struct span key, value;
    enum json_step step;
    bool found = false;
    if (!utf8_is_valid(body)) {
        return error_set(error, ERROR_FAILED, "not UTF-8 at byte %zu", utf8_valid_size(body));
    }
    while ((step = json_next_member(&walk, &key, &value)) == JSON_ITEM) {
        if (json_key_is(key, "symbols") && value.data[0] == '[') {
            *list = (struct contract_list){.product = product, .walk = json_walk_at(value, 0)};
            found = true;
        }
    }
    if (step == JSON_INVALID || !json_walk_at_end(&walk)) {
        return error_set(error, ERROR_FAILED, "not a JSON object at byte %zu", walk.at);
    }
    return found || error_set(error, ERROR_FAILED, "no symbols in it");
}

static const char *take_text(struct span value, struct text *out)
{
    if (span_is(value, "\"\"")) {
        return NULL; /* it says nothing */
    }
    text_clear(out);
    return field_name(value, out);
}

static const char *take_number(struct span value, int scale, struct maybe_int *out)
{
    bool rounded = false;
    const char *why = field_number(value, scale, &out->value, &rounded);
    why = why == NULL && rounded ? "too many places" : why;
    out->known = why == NULL;
    return why;
}

/* What is wrong with a member's value, which is not known then. */
static const char *take_member(struct contract *contract, struct span key, struct span value)
{
    return span_is(value, "null")             ? NULL
           : json_key_is(key, "pair")         ? take_text(value, &contract->pair)
           : json_key_is(key, "marginAsset")  ? take_text(value, &contract->margin_asset)
           : json_key_is(key, "contractType") ? take_text(value, &contract->contract_type)
           : json_key_is(key, "deliveryDate") ? take_number(value, 0, &contract->delivery_ms)
           : json_key_is(key, "contractSize")
               ? take_number(value, DECIMAL_SCALE, &contract->contract_size_e8)
               : NULL;
}

/* Whose the element is. */
static bool find_symbol(struct span element, struct text *symbol, struct error *error)
{
    struct json_walk walk = json_walk_at(element, 0);
    struct span key, value;
    enum json_step step;
    while ((step = json_next_member(&walk, &key, &value)) == JSON_ITEM) {
        if (!json_key_is(key, "symbol") || span_is(value, "null")) {
            continue;
        }
        text_clear(symbol);
        const char *why = field_name(value, symbol);
        if (why != NULL) {
            return field_error(error, key, why, value);
        }
    }
    return (step == JSON_END && symbol->size > 0) ||
           error_set(error, ERROR_FAILED, "not an object with a symbol");
}

/* Where exchangeInfo is silent the symbol's name serves. */
static bool read_contract(struct contract_list *list, struct span element,
                          struct contract *contract, struct error *error)
{
    struct text symbol = {0};
    struct json_walk walk = json_walk_at(element, 0);
    struct span key, value;
    bool done = find_symbol(element, &symbol, error) &&
                contract_derive(list->product, text_span(&symbol), contract, error);
    text_free(&symbol);
    contract->from_exchange_info = true;
    while (done && json_next_member(&walk, &key, &value) == JSON_ITEM) {
        const char *why = take_member(contract, key, value);
        if (why != NULL) {
            odd_fields_note(&list->odd, key, why, value);
        }
    }
    return done && (!contract_failed(contract) || error_no_memory(error));
}

enum json_step contract_list_next(struct contract_list *list, struct contract *contract,
                                  struct error *error)
{
    struct span element;
    bool was_good = list->odd.count == 0;
    enum json_step step = json_next_element(&list->walk, &element);
    if (step == JSON_END) {
        return step;
    }
    if (step == JSON_INVALID) {
        element = (struct span){"", 0};
    }
    if (!read_contract(list, element, contract, error)) {
        if (error->kind == ERROR_FAILED) {
            error_context(error, "symbols, element %zu", list->index);
        }
        return JSON_INVALID;
    }
    if (was_good && list->odd.count > 0) {
        error_context(&list->odd.first, "symbols, element %zu", list->index);
    }
    list->index++;
    return JSON_ITEM;
}

const char *contract_source(const struct contract *contract)
{
    return contract->from_exchange_info ? "exchangeInfo" : "derived";
}

bool contract_same(const struct contract *a, const struct contract *b)
{
    return a->product == b->product && span_equal(text_span(&a->symbol), text_span(&b->symbol)) &&
           span_equal(text_span(&a->pair), text_span(&b->pair)) &&
           span_equal(text_span(&a->margin_asset), text_span(&b->margin_asset)) &&
           span_equal(text_span(&a->contract_type), text_span(&b->contract_type)) &&
           maybe_equal(a->delivery_ms, b->delivery_ms) &&
           maybe_equal(a->contract_size_e8, b->contract_size_e8) &&
           a->from_exchange_info == b->from_exchange_info;
}
