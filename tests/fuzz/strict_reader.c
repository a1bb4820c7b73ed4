#include "strict_reader.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 900         /* deeper nesting is not judged */
#define DIGITS_MAX 17         /* nor are numbers of more digits, */
#define EXPONENT_DIGITS_MAX 3 /* or with a longer exponent */
#define E8_LIMIT 92233720368.54775808L

/* One pass over the body. `p` goes on as far as all is well. */
struct reader {
    const char *p;
    const char *end;
    bool not_judged;
};

/* What a value was, as far as rows care. `text` are a string's bytes, unescaped, owned. */
struct value {
    enum { OTHER, NUMBER, STRING, FLAG, NOTHING } kind;
    const char *raw; /* within the body */
    size_t raw_size;
    char *text;
    size_t text_size;
};

static bool read_value(struct reader *reader, struct value *value, int depth);

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(struct reader *reader)
{
    while (reader->p < reader->end && strchr(" \t\n\r", *reader->p) != NULL && *reader->p != '\0') {
        reader->p++;
    }
}

static bool take(struct reader *reader, char c)
{
    if (reader->p < reader->end && *reader->p == c) {
        reader->p++;
        return true;
    }
    return false;
}

static bool take_digits(struct reader *reader)
{
    const char *start = reader->p;
    while (reader->p < reader->end && is_digit(*reader->p)) {
        reader->p++;
    }
    return reader->p > start;
}

/* number = [ "-" ] int [ frac ] [ exp ] */
static bool read_number(struct reader *reader)
{
    take(reader, '-');
    if (!take(reader, '0') && !take_digits(reader)) {
        return false;
    }
    if (take(reader, '.') && !take_digits(reader)) {
        return false;
    }
    if (take(reader, 'e') || take(reader, 'E')) {
        if (!take(reader, '+')) {
            take(reader, '-');
        }
        return take_digits(reader);
    }
    return true;
}

/* \uXXXX, the reader after the u. */
static bool read_hex(struct reader *reader, unsigned *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, reader->p++) {
        const char *digits = "0123456789abcdef";
        const char *found = NULL;
        if (reader->p < reader->end && *reader->p != '\0') {
            found =
                strchr(digits, *reader->p | (*reader->p >= 'A' && *reader->p <= 'F' ? 0x20 : 0));
        }
        if (found == NULL) {
            return false;
        }
        *unit = *unit * 16 + (unsigned)(found - digits);
    }
    return true;
}

static void put_character(struct value *value, unsigned code)
{
    char *out = value->text;
    if (code < 0x80) {
        out[value->text_size++] = (char)code;
    } else if (code < 0x800) {
        out[value->text_size++] = (char)(0xc0 | code >> 6);
        out[value->text_size++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        out[value->text_size++] = (char)(0xe0 | code >> 12);
        out[value->text_size++] = (char)(0x80 | (code >> 6 & 0x3f));
        out[value->text_size++] = (char)(0x80 | (code & 0x3f));
    } else {
        out[value->text_size++] = (char)(0xf0 | code >> 18);
        out[value->text_size++] = (char)(0x80 | (code >> 12 & 0x3f));
        out[value->text_size++] = (char)(0x80 | (code >> 6 & 0x3f));
        out[value->text_size++] = (char)(0x80 | (code & 0x3f));
    }
}

static bool read_unicode(struct reader *reader, struct value *value)
{
    unsigned unit, low;
    if (!read_hex(reader, &unit)) {
        return false;
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        put_character(value, unit);
        return true;
    }
    struct reader ahead = *reader;
    if (unit < 0xdc00 && take(&ahead, '\\') && take(&ahead, 'u') && read_hex(&ahead, &low) &&
        low >= 0xdc00 && low <= 0xdfff) {
        put_character(value, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        reader->p = ahead.p;
        return true;
    }
    reader->not_judged = true; /* the grammar takes half a pair; nobody can say what it means */
    return true;
}

static bool read_string(struct reader *reader, struct value *value)
{
    if (!take(reader, '"')) {
        return false;
    }
    value->kind = STRING;
    value->text = malloc((size_t)(reader->end - reader->p) + 1);
    while (reader->p < reader->end && *reader->p != '"') {
        static const char ESCAPES[] = "\"\\/bfnrt", MEANT[] = "\"\\/\b\f\n\r\t";
        if ((unsigned char)*reader->p < 0x20) {
            return false;
        }
        if (*reader->p != '\\') {
            value->text[value->text_size++] = *reader->p++;
            continue;
        }
        if (++reader->p == reader->end) {
            return false;
        }
        const char *escape = *reader->p == '\0' ? NULL : strchr(ESCAPES, *reader->p);
        if (escape != NULL) {
            value->text[value->text_size++] = MEANT[escape - ESCAPES];
            reader->p++;
        } else if (!take(reader, 'u') || !read_unicode(reader, value)) {
            return false;
        }
    }
    return take(reader, '"');
}

static bool read_word(struct reader *reader, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(reader->end - reader->p) < size || memcmp(reader->p, word, size) != 0) {
        return false;
    }
    reader->p += size;
    return true;
}

static bool read_members(struct reader *reader, char close, bool has_keys, int depth)
{
    skip_space(reader);
    if (take(reader, close)) {
        return true;
    }
    do {
        struct value key = {0}, value = {0};
        skip_space(reader);
        bool good = !has_keys ||
                    (read_string(reader, &key) && (skip_space(reader), true) && take(reader, ':'));
        free(key.text);
        if (good) {
            skip_space(reader);
            good = read_value(reader, &value, depth + 1);
            free(value.text);
        }
        if (!good) {
            return false;
        }
        skip_space(reader);
    } while (take(reader, ','));
    return take(reader, close);
}

static bool read_value(struct reader *reader, struct value *value, int depth)
{
    bool good = false;
    value->raw = reader->p;
    reader->not_judged |= depth > DEPTH_MAX;
    if (reader->p == reader->end || depth > 4 * DEPTH_MAX) {
        return depth > 4 * DEPTH_MAX; /* such a body is left alone */
    }
    if (*reader->p == '"') {
        good = read_string(reader, value);
    } else if (take(reader, '{')) {
        good = read_members(reader, '}', true, depth);
    } else if (take(reader, '[')) {
        good = read_members(reader, ']', false, depth);
    } else if (read_word(reader, "true") || read_word(reader, "false")) {
        value->kind = FLAG;
        good = true;
    } else if (read_word(reader, "null")) {
        value->kind = NOTHING;
        good = true;
    } else {
        value->kind = NUMBER;
        good = read_number(reader);
    }
    value->raw_size = (size_t)(reader->p - value->raw);
    return good;
}

static bool is_utf8(const char *body, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char lead = (unsigned char)body[i];
        int more = lead < 0x80   ? 0
                   : lead < 0xc2 ? -1
                   : lead < 0xe0 ? 1
                   : lead < 0xf0 ? 2
                   : lead < 0xf5 ? 3
                                 : -1;
        unsigned code = more == 1 ? lead & 0x1f : more == 2 ? lead & 0xf : lead & 7;
        if (more < 0 || i + (size_t)more >= size) {
            return false;
        }
        for (int j = 0; j < more; j++) {
            unsigned char next = (unsigned char)body[++i];
            if ((next & 0xc0) != 0x80) {
                return false;
            }
            code = code << 6 | (next & 0x3f);
        }
        if ((more == 2 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))) ||
            (more == 3 && (code < 0x10000 || code > 0x10ffff))) {
            return false;
        }
    }
    return true;
}

enum meaning { DECIMAL, WHOLE, SWITCH, NAME, WORDS };

#define NAME_MAX_SIZE 63

static const struct {
    const char *name;
    enum meaning meaning;
    bool required;
} FIELDS[] = {
    {"symbol", NAME, true},
    {"positionSide", NAME, true},
    {"updateTime", WHOLE, true},
    {"positionAmt", DECIMAL, false},
    {"entryPrice", DECIMAL, false},
    {"breakEvenPrice", DECIMAL, false},
    {"markPrice", DECIMAL, false},
    {"unRealizedProfit", DECIMAL, false},
    {"maxQty", DECIMAL, false},
    {"liquidationPrice", DECIMAL, false},
    {"leverage", WHOLE, false},
    {"isolatedMargin", DECIMAL, false},
    {"marginType", WORDS, false},
    {"isAutoAddMargin", SWITCH, false},
    {"notionalValue", DECIMAL, false},
    {"isolatedWallet", DECIMAL, false},
};
#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])

/* Whether a decimal's text is a number of the range; more digits than a long double holds are not
 * judged. */
static bool is_decimal(struct reader *reader, const char *text, size_t size, bool whole)
{
    char copy[64];
    int digits = 0, exponent = 0;
    bool in_exponent = false;
    size_t i = size > 0 && text[0] == '-' ? 1 : 0;
    /* -?digits[.digits][(e|E)[+-]digits], zeros in front allowed */
    size_t start = i;
    while (i < size && is_digit(text[i])) {
        i++;
    }
    bool good = i > start;
    if (good && i < size && text[i] == '.') {
        start = ++i;
        while (i < size && is_digit(text[i])) {
            i++;
        }
        good = i > start;
    }
    if (good && i < size && (text[i] == 'e' || text[i] == 'E')) {
        i += i + 1 < size && (text[i + 1] == '+' || text[i + 1] == '-') ? 2 : 1;
        start = i;
        while (i < size && is_digit(text[i])) {
            i++;
        }
        good = i > start;
    }
    if (!good || i < size) {
        return false;
    }
    for (i = 0; i < size; i++) {
        in_exponent |= text[i] == 'e' || text[i] == 'E';
        digits += !in_exponent && is_digit(text[i]);
        exponent += in_exponent && is_digit(text[i]);
    }
    if (digits > DIGITS_MAX || exponent > EXPONENT_DIGITS_MAX || size >= sizeof copy) {
        reader->not_judged = true;
        return true;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    long double number = fabsl(strtold(copy, NULL));
    long double limit = whole ? 9223372036854775807.0L : E8_LIMIT;
    if (fabsl(number / limit - 1) < 1e-12L) {
        reader->not_judged = true;
    }
    if (whole && number < 1 && number > 0) {
        return false;
    }
    return number < limit && (!whole || number == floorl(number));
}

/* Whether a known field can have this value. */
static bool fits(struct reader *reader, enum meaning meaning, const struct value *value)
{
    if (value->kind == NOTHING) {
        return true;
    }
    switch (meaning) {
    case NAME:
        return value->kind == STRING && value->text_size <= NAME_MAX_SIZE &&
               memchr(value->text, '\0', value->text_size) == NULL;
    case WORDS:
        return value->kind == STRING && memchr(value->text, '\0', value->text_size) == NULL;
    case SWITCH:
        if (value->kind == STRING && memchr(value->raw, '\\', value->raw_size) != NULL) {
            return false;
        }
        return value->kind == FLAG ||
               (value->kind == STRING &&
                ((value->text_size == 4 && memcmp(value->text, "true", 4) == 0) ||
                 (value->text_size == 5 && memcmp(value->text, "false", 5) == 0)));
    default:
        return (value->kind == NUMBER &&
                is_decimal(reader, value->raw, value->raw_size, meaning == WHOLE)) ||
               (value->kind == STRING &&
                is_decimal(reader, value->text, value->text_size, meaning == WHOLE));
    }
}

/* The names of a row, to find a second one. */
struct names {
    char *symbol_and_side;
    size_t size;
};

/* Notes a field that is none of a row's keys and has a value that it cannot have. */
static void note_odd(struct strict_odd *odd, size_t element, const struct value *key)
{
    if (odd->count++ == 0) {
        odd->element = element;
        odd->key = key->raw + 1;
        odd->key_size = key->raw_size - 2;
    }
}

/* One element, known to be JSON. Where a key of the row's is wrong, or a field is there twice, it
 * is none; any other field that is wrong is odd. */
static bool read_row(struct reader *reader, struct names *names, size_t element,
                     struct strict_odd *odd)
{
    unsigned seen = 0, given = 0;
    char *parts[2] = {NULL, NULL};
    size_t sizes[2] = {0, 0};
    bool good = take(reader, '{');
    skip_space(reader);
    bool more = good && !take(reader, '}');
    while (more) {
        struct value key = {0}, value = {0};
        skip_space(reader);
        key.raw = reader->p;
        read_string(reader, &key);
        key.raw_size = (size_t)(reader->p - key.raw);
        skip_space(reader);
        take(reader, ':');
        skip_space(reader);
        read_value(reader, &value, 1);
        for (size_t i = 0; i < FIELD_COUNT; i++) {
            if (key.text_size == strlen(FIELDS[i].name) &&
                memcmp(key.text, FIELDS[i].name, key.text_size) == 0) {
                bool fit = fits(reader, FIELDS[i].meaning, &value);
                good &= (seen >> i & 1u) == 0 && (fit || !FIELDS[i].required);
                if (!fit && !FIELDS[i].required) {
                    note_odd(odd, element, &key);
                }
                seen |= 1u << i;
                given |= value.kind != NOTHING ? 1u << i : 0;
                if (i < 2 && value.kind == STRING && parts[i] == NULL) {
                    parts[i] = value.text;
                    sizes[i] = value.text_size;
                    value.text = NULL;
                }
            }
        }
        free(key.text);
        free(value.text);
        skip_space(reader);
        more = take(reader, ',');
    }
    take(reader, '}');
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        good &= !FIELDS[i].required || (given >> i & 1u) != 0;
    }
    good &= sizes[0] > 0 && sizes[1] > 0;
    if (good) {
        names->size = sizes[0] + 1 + sizes[1];
        names->symbol_and_side = malloc(names->size);
        memcpy(names->symbol_and_side, parts[0], sizes[0]);
        names->symbol_and_side[sizes[0]] = '\0';
        memcpy(names->symbol_and_side + sizes[0] + 1, parts[1], sizes[1]);
    }
    free(parts[0]);
    free(parts[1]);
    return good;
}

/* The whole body, known to be JSON. */
static bool read_rows(struct reader *reader, struct strict_odd *odd)
{
    struct names *all = NULL;
    size_t count = 0;
    bool good = take(reader, '[');
    skip_space(reader);
    bool more = good && !take(reader, ']');
    while (good && more) {
        skip_space(reader);
        all = realloc(all, (count + 1) * sizeof *all);
        good = read_row(reader, &all[count], count, odd);
        for (size_t i = 0; good && i < count; i++) {
            good = all[i].size != all[count].size ||
                   memcmp(all[i].symbol_and_side, all[count].symbol_and_side, all[i].size) != 0;
            if (!good) {
                free(all[count].symbol_and_side);
            }
        }
        count += good;
        skip_space(reader);
        more = take(reader, ',');
    }
    for (size_t i = 0; i < count; i++) {
        free(all[i].symbol_and_side);
    }
    free(all);
    return good;
}

enum verdict strict_verdict(const char *body, size_t size, struct strict_odd *odd)
{
    *odd = (struct strict_odd){0};
    struct reader reader = {.p = body, .end = body + size};
    struct value value = {0};
    skip_space(&reader);
    bool json = is_utf8(body, size) && read_value(&reader, &value, 0);
    free(value.text);
    skip_space(&reader);
    if (!json || (reader.p < reader.end && !reader.not_judged)) {
        return reader.not_judged ? VERDICT_JSON : VERDICT_NOT_JSON;
    }
    struct reader again = {.p = body, .end = body + size};
    skip_space(&again);
    bool rows = !reader.not_judged && read_rows(&again, odd);
    if (reader.not_judged || again.not_judged) {
        return VERDICT_JSON;
    }
    return rows ? VERDICT_ROWS : VERDICT_NO_ROWS;
}
