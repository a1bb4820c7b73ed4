#include "model/request_filter.h"

#include <string.h>

static void take_parameter(struct span parameter, const char *name, struct span *value)
{
    size_t name_size = strlen(name);
    if (parameter.size > name_size && memcmp(parameter.data, name, name_size) == 0 &&
        parameter.data[name_size] == '=') {
        *value = (struct span){parameter.data + name_size + 1, parameter.size - name_size - 1};
    }
}

struct request_filter request_filter_of(struct span request)
{
    struct request_filter filter = {0};
    const char *end = request.data + request.size;
    const char *at = memchr(request.data, '?', request.size);
    while (at != NULL) {
        at++;
        const char *next = memchr(at, '&', (size_t)(end - at));
        struct span parameter = {at, (size_t)((next == NULL ? end : next) - at)};
        take_parameter(parameter, "marginAsset", &filter.margin_asset);
        take_parameter(parameter, "pair", &filter.pair);
        at = next;
    }
    return filter;
}

bool request_filter_includes(const struct request_filter *filter, struct span margin_asset,
                             struct span pair)
{
    return (filter->margin_asset.size == 0 || span_equal(filter->margin_asset, margin_asset)) &&
           (filter->pair.size == 0 || span_equal(filter->pair, pair));
}
