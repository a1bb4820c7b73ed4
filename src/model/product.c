#include "model/product.h"

#include <string.h>

static const struct product *const ALL[] = {&COIN_M, &USD_M, NULL};

const struct product SPOT = {
    .name = "spot",
    .endpoints = {[ENDPOINT_TIME] = {"/api/v3/time", 1, false},
                  [ENDPOINT_KEY_RIGHTS] = {"/sapi/v1/account/apiRestrictions", 1, false}},
};

const struct product *product_at(int index)
{
    return ALL[index];
}

const struct product *product_find(struct span name)
{
    const struct product *const *product = ALL;
    while (*product != NULL && !span_is(name, (*product)->name)) {
        product++;
    }
    return *product;
}

static bool has_path(const struct product *product, struct span path)
{
    for (int i = 0; i < ENDPOINT_ASKED_COUNT; i++) {
        const char *own = product->endpoints[i].path;
        if (own != NULL && own[0] != '\0' && span_is(path, own)) {
            return true;
        }
    }
    return false;
}

const struct product *product_of_request(struct span request)
{
    const char *query = request.size > 0 ? memchr(request.data, '?', request.size) : NULL;
    struct span path = {request.data,
                        query != NULL ? (size_t)(query - request.data) : request.size};
    const struct product *const *product = ALL;
    while (*product != NULL && !has_path(*product, path)) {
        product++;
    }
    return *product;
}

static bool knows(const struct product *product, struct span symbol)
{
    struct contract contract = {0};
    bool known = product->name_contract(symbol, &contract) && contract.pair.size > 0;
    contract_free(&contract);
    return known;
}

const struct product *product_of_foreign(const struct product *product, struct span symbol)
{
    const struct product *const *other = ALL;
    if (knows(product, symbol)) {
        return NULL;
    }
    while (*other != NULL && !knows(*other, symbol)) {
        other++;
    }
    return *other;
}
