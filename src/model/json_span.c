#include "model/json_span.h"

#include <ctype.h>
#include <string.h>

#include "base/decimal.h"

#define DEPTH_MAX 1000 /* brackets within one another */

size_t json_skip_space(struct span text, size_t at)
{
    while (at < text.size && (text.data[at] == ' ' || text.data[at] == '\t' ||
                              text.data[at] == '\n' || text.data[at] == '\r')) {
        at++;
    }
    return at;
}

struct span json_trim(struct span text)
{
    size_t start = json_skip_space(text, 0);
    size_t end = text.size;
    while (end > start && json_skip_space(text, end - 1) != end - 1) {
        end--;
    }
    return (struct span){text.data + start, end - start};
}

/* From the opening quote to just after the closing one; `at` when there is none, or a control
 * character stands bare. */
static size_t skip_string(struct span text, size_t at)
{
    for (size_t i = at + 1; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"') {
            return i + 1;
        }
        if (c == '\\') {
            i++;
        } else if (c < 0x20) {
            break;
        }
    }
    return at;
}

static bool ends_scalar(char c)
{
    return c == ',' || c == ':' || c == ']' || c == '}' || c == '[' || c == '{' || c == '"' ||
           c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_scalar(struct span text, size_t at)
{
    while (at < text.size && !ends_scalar(text.data[at])) {
        at++;
    }
    return at;
}

static size_t skip_nested(struct span text, size_t at)
{
    char closers[DEPTH_MAX];
    size_t depth = 0;
    for (size_t i = at; i < text.size; i++) {
        char c = text.data[i];
        if (c == '"') {
            size_t end = skip_string(text, i);
            if (end == i) {
                return at;
            }
            i = end - 1;
        } else if (c == '{' || c == '[') {
            if (depth == DEPTH_MAX) {
                return at;
            }
            closers[depth++] = c == '{' ? '}' : ']';
        } else if (c == '}' || c == ']') {
            if (closers[--depth] != c) {
                return at;
            }
            if (depth == 0) {
                return i + 1;
            }
        }
    }
    return at;
}

size_t json_skip_value(struct span text, size_t at)
{
    if (at >= text.size) {
        return at;
    }
    switch (text.data[at]) {
    case '"':
        return skip_string(text, at);
    case '{':
    case '[':
        return skip_nested(text, at);
    default:
        return skip_scalar(text, at);
    }
}

struct json_walk json_walk_at(struct span text, size_t at)
{
    return (struct json_walk){.text = text, .at = json_skip_space(text, at)};
}

/* Steps over the opening bracket, or the comma before the next item. */
static enum json_step next_item(struct json_walk *walk, char open, char close)
{
    struct span text = walk->text;
    if (!walk->begun) {
        if (walk->at >= text.size || text.data[walk->at] != open) {
            return JSON_INVALID;
        }
        walk->begun = true;
        walk->at = json_skip_space(text, walk->at + 1);
        if (walk->at < text.size && text.data[walk->at] == close) {
            walk->at++;
            return JSON_END;
        }
        return JSON_ITEM;
    }
    walk->at = json_skip_space(text, walk->at);
    if (walk->at < text.size && text.data[walk->at] == close) {
        walk->at++;
        return JSON_END;
    }
    if (walk->at >= text.size || text.data[walk->at] != ',') {
        return JSON_INVALID;
    }
    walk->at = json_skip_space(text, walk->at + 1);
    return JSON_ITEM;
}

bool json_take_value(struct json_walk *walk, struct span *value)
{
    size_t end = json_skip_value(walk->text, walk->at);
    *value = (struct span){walk->text.data + walk->at, end - walk->at};
    walk->at = end;
    return value->size > 0;
}

enum json_step json_next_key(struct json_walk *walk, struct span *key)
{
    enum json_step step = next_item(walk, '{', '}');
    if (step != JSON_ITEM) {
        return step;
    }
    if (!json_take_value(walk, key) || key->data[0] != '"') {
        return JSON_INVALID;
    }
    walk->at = json_skip_space(walk->text, walk->at);
    if (walk->at >= walk->text.size || walk->text.data[walk->at] != ':') {
        return JSON_INVALID;
    }
    walk->at = json_skip_space(walk->text, walk->at + 1);
    return walk->at < walk->text.size ? JSON_ITEM : JSON_INVALID;
}

enum json_step json_next_member(struct json_walk *walk, struct span *key, struct span *value)
{
    enum json_step step = json_next_key(walk, key);
    if (step != JSON_ITEM) {
        return step;
    }
    return json_take_value(walk, value) ? JSON_ITEM : JSON_INVALID;
}

enum json_step json_next_element(struct json_walk *walk, struct span *value)
{
    enum json_step step = next_item(walk, '[', ']');
    if (step != JSON_ITEM) {
        return step;
    }
    return json_take_value(walk, value) ? JSON_ITEM : JSON_INVALID;
}

bool json_walk_at_end(const struct json_walk *walk)
{
    return json_skip_space(walk->text, walk->at) == walk->text.size;
}

bool json_key_is(struct span key, const char *name)
{
    struct span inner = {key.data + 1, key.size - 2};
    if (memchr(inner.data, '\\', inner.size) == NULL) {
        return span_is(inner, name);
    }
    struct text plain = {0};
    bool same = json_unescape(key, &plain) && span_is(text_span(&plain), name);
    text_free(&plain);
    return same;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads uXXXX at p (p at the 'u'); -1 when it is none. */
static int take_code_unit(const char *p, const char *end)
{
    if (end - p < 5 || *p != 'u') {
        return -1;
    }
    int unit = 0;
    for (int i = 1; i <= 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

static size_t encode_utf8(unsigned code, char out[static 4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3f));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* Decodes \uXXXX, or a surrogate pair of two; returns how many bytes it read after the backslash, 0
 * when it is not valid. */
static size_t unescape_unicode(const char *p, const char *end, char **write)
{
    int unit = take_code_unit(p, end);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
        return 0;
    }
    if (unit < 0xd800 || unit > 0xdbff) {
        *write += encode_utf8((unsigned)unit, *write);
        return 5;
    }
    int low = end - p >= 11 && p[5] == '\\' ? take_code_unit(p + 6, end) : -1;
    if (low < 0xdc00 || low > 0xdfff) {
        return 0;
    }
    unsigned code = 0x10000 + (((unsigned)unit - 0xd800) << 10) + ((unsigned)low - 0xdc00);
    *write += encode_utf8(code, *write);
    return 11;
}

/* Decodes the escape at p, a backslash; returns the place after it, NULL when it is not valid. */
static const char *unescape(const char *p, const char *end, char **write)
{
    static const char ESCAPES[] = "\"\\/bfnrt";
    static const char MEANINGS[] = "\"\\/\b\f\n\r\t";
    if (++p == end) {
        return NULL;
    }
    const char *escape = memchr(ESCAPES, *p, sizeof ESCAPES - 1);
    if (escape != NULL) {
        *(*write)++ = MEANINGS[escape - ESCAPES];
        return p + 1;
    }
    size_t taken = unescape_unicode(p, end, write);
    return taken == 0 ? NULL : p + taken;
}

bool json_take_string(struct json_walk *walk, struct text *out)
{
    struct span text = walk->text;
    const char *p = text.data + walk->at, *end = text.data + text.size;
    if (p == end || *p != '"' || !text_reserve(out, (size_t)(end - p))) {
        return false;
    }
    /* An escape is never shorter than what it stands for, so the reserved room is enough. */
    char *write = out->data + out->size;
    p++;
    while (p < end && *p != '"' && (unsigned char)*p >= 0x20) {
        if (*p != '\\') {
            *write++ = *p++;
        } else if (end - p > 1 && p[1] == '"') { /* most are: JSON within JSON */
            *write++ = '"';
            p += 2;
        } else {
            char *meant = write; /* so that `write` itself stays in a register */
            const char *next = unescape(p, end, &meant);
            if (next == NULL) {
                break;
            }
            p = next;
            write = meant;
        }
    }
    bool closed = p < end && *p == '"';
    if (closed) {
        walk->at = (size_t)(p + 1 - text.data);
        out->size = (size_t)(write - out->data);
    }
    out->data[out->size] = '\0';
    return closed;
}

bool json_unescape(struct span string, struct text *out)
{
    struct json_walk walk = {.text = string};
    return json_take_string(&walk, out) && walk.at == string.size;
}

/* The place after the digits at `at`. */
static size_t skip_digits(struct span text, size_t at)
{
    while (at < text.size && isdigit((unsigned char)text.data[at])) {
        at++;
    }
    return at;
}

static bool is_at(struct span text, size_t at, const char *any)
{
    return at < text.size && memchr(any, text.data[at], strlen(any)) != NULL;
}

bool json_number_is_valid(struct span number)
{
    size_t start = is_at(number, 0, "-") ? 1 : 0;
    size_t at = is_at(number, start, "0") ? start + 1 : skip_digits(number, start);
    bool valid = at > start;
    if (valid && is_at(number, at, ".")) {
        start = at + 1;
        at = skip_digits(number, start);
        valid = at > start;
    }
    if (valid && is_at(number, at, "eE")) {
        start = is_at(number, at + 1, "+-") ? at + 2 : at + 1;
        at = skip_digits(number, start);
        valid = at > start;
    }
    return valid && at == number.size;
}

bool json_whole(struct span value, int64_t *number)
{
    bool rounded = false;
    if (value.size >= 2 && value.data[0] == '"') {
        value = (struct span){value.data + 1, value.size - 2};
    }
    return json_number_is_valid(value) && decimal_parse(value, 0, number, &rounded) == DECIMAL_OK &&
           !rounded;
}

/* Whether all escapes of a string as written stand for something. */
static bool is_string(struct span string)
{
    const char *p = string.data, *end = string.data + string.size;
    while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
        char meant[4], *write = meant;
        p = unescape(p, end, &write);
        if (p == NULL) {
            return false;
        }
    }
    return true;
}

/* These give the place after what is at `at`, 0 when it is not valid. */
static size_t check_scalar(struct span text, size_t at)
{
    size_t end = json_skip_value(text, at);
    struct span value = {text.data + at, end - at};
    bool valid = value.size > 0 &&
                 (value.data[0] == '"' ? is_string(value)
                                       : json_number_is_valid(value) || span_is(value, "true") ||
                                             span_is(value, "false") || span_is(value, "null"));
    return valid ? end : 0;
}

/* A member's key, its colon, and the space around that. */
static size_t check_key(struct span text, size_t at)
{
    size_t end = at < text.size && text.data[at] == '"' ? check_scalar(text, at) : 0;
    size_t colon = end > 0 ? json_skip_space(text, end) : text.size;
    return colon < text.size && text.data[colon] == ':' ? json_skip_space(text, colon + 1) : 0;
}

/* `depth`: how many brackets are open around it. */
static size_t check_value(struct span text, size_t at, int depth)
{
    if (at >= text.size || (text.data[at] != '{' && text.data[at] != '[')) {
        return at < text.size ? check_scalar(text, at) : 0;
    }
    bool has_keys = text.data[at] == '{';
    char close = has_keys ? '}' : ']';
    at = json_skip_space(text, at + 1);
    if (depth == DEPTH_MAX) {
        return 0;
    }
    if (at < text.size && text.data[at] == close) {
        return at + 1;
    }
    while (true) {
        at = has_keys ? check_key(text, at) : at;
        at = at > 0 ? check_value(text, at, depth + 1) : 0;
        at = at > 0 ? json_skip_space(text, at) : text.size;
        if (at == text.size || text.data[at] != ',') {
            return at < text.size && text.data[at] == close ? at + 1 : 0;
        }
        at = json_skip_space(text, at + 1);
    }
}

bool json_value_is_valid(struct span value)
{
    return value.size > 0 && check_value(value, 0, 0) == value.size;
}
