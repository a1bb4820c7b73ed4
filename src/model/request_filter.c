#include "model/request_filter.h"

#include <string.h>

#include "base/decimal.h"
#include "base/utf8.h"

struct span request_parameter(struct span request, const char *name)
{
    size_t name_size = strlen(name);
    const char *end = request.data + request.size;
    const char *at = request.size > 0 ? memchr(request.data, '?', request.size) : NULL;
    while (at != NULL) {
        at++;
        const char *next = memchr(at, '&', (size_t)(end - at));
        size_t size = (size_t)((next == NULL ? end : next) - at);
        if (size > name_size && memcmp(at, name, name_size) == 0 && at[name_size] == '=') {
            return (struct span){at + name_size + 1, size - name_size - 1};
        }
        at = next;
    }
    return (struct span){"", 0};
}

static int hex_value(char digit)
{
    const char *digits = "0123456789ABCDEFabcdef",
               *at = digit == '\0' ? NULL : strchr(digits, digit);
    int value = at == NULL ? -1 : (int)(at - digits);
    return value < 16 ? value : value - 6;
}

/* SIZE_MAX when that is longer than a name. A % that encodes nothing stands for itself. */
static size_t decode(struct span encoded, char out[static NAME_SIZE_MAX])
{
    size_t size = 0;
    for (size_t i = 0; i < encoded.size; i++) {
        const char *at = encoded.data + i;
        bool is_code =
            at[0] == '%' && i + 2 < encoded.size && hex_value(at[1]) >= 0 && hex_value(at[2]) >= 0;
        if (size == NAME_SIZE_MAX) {
            return SIZE_MAX;
        }
        out[size++] = is_code ? (char)(hex_value(at[1]) * 16 + hex_value(at[2])) : at[0];
        i += is_code ? 2 : 0;
    }
    return size;
}

struct span request_name(struct span request, const char *name, char value[static NAME_SIZE_MAX])
{
    size_t size = decode(request_parameter(request, name), value);
    struct span text = {value, size == SIZE_MAX ? 0 : size};
    bool is_name = utf8_is_valid(text) && !utf8_has_control(text);
    return (struct span){value, is_name ? text.size : 0};
}

struct maybe_int request_number(struct span request, const char *name)
{
    struct span text = request_parameter(request, name);
    int64_t value = 0;
    bool rounded = false;
    bool is_number = text.size > 0 && decimal_parse(text, 0, &value, &rounded) == DECIMAL_OK &&
                     !rounded && value >= 0;
    return (struct maybe_int){is_number, is_number ? value : 0};
}

struct request_filter request_filter_of(struct span request)
{
    return (struct request_filter){request_parameter(request, "marginAsset"),
                                   request_parameter(request, "pair"),
                                   request_parameter(request, "symbol")};
}

static bool includes(struct span wanted, const struct text *text)
{
    char name[NAME_SIZE_MAX];
    size_t size = decode(wanted, name);
    return size == 0 ||
           (size != SIZE_MAX && span_equal((struct span){name, size}, text_span(text)));
}

bool request_filter_includes(const struct request_filter *filter, const struct contract *contract)
{
    return includes(filter->margin_asset, &contract->margin_asset) &&
           includes(filter->pair, &contract->pair) && includes(filter->symbol, &contract->symbol);
}
