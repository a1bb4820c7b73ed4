#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)16) /* symbols and sides are short, and there are many */

bool text_reserve(struct text *text, size_t more)
{
    if (text->failed) {
        return false;
    }
    /* One byte stays for the NUL; the first test keeps the sum below from wrapping. */
    if (more > TEXT_SIZE_MAX || text->size + more > TEXT_SIZE_MAX) {
        text->failed = true;
        return false;
    }
    size_t needed = text->size + more + 1;
    if (needed <= text->capacity) {
        return true;
    }
    /* What is reserved at first is often all that comes; what grows after that doubles. */
    size_t capacity = text->capacity == 0 ? needed : text->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    capacity = capacity < FIRST_CAPACITY ? FIRST_CAPACITY : capacity;
    char *data = realloc(text->data, capacity);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    data[text->size] = '\0';
    text->data = data;
    text->capacity = (uint32_t)capacity;
    return true;
}

void text_append(struct text *text, const void *data, size_t size)
{
    if (!text_reserve(text, size)) {
        return;
    }
    if (size > 0) {
        memcpy(text->data + text->size, data, size);
    }
    text->size += size;
    text->data[text->size] = '\0';
}

void text_append_span(struct text *text, struct span bytes)
{
    text_append(text, bytes.data, bytes.size);
}

void text_append_string(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_append_char(struct text *text, char c)
{
    text_append(text, &c, 1);
}

void text_append_int(struct text *text, int64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
    text_append(text, digits, (size_t)length);
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        text->failed = true;
        return;
    }
    if (!text_reserve(text, (size_t)length)) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(text->data + text->size, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->size += (size_t)length;
}

static bool needs_escape(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20;
}

static void append_escaped(struct text *text, char c)
{
    static const char SPECIAL[] = "\"\\\n\r\t", LETTERS[] = "\"\\nrt";
    const char *special = memchr(SPECIAL, c, sizeof SPECIAL - 1);
    if (special != NULL) {
        text_append(text, (const char[]){'\\', LETTERS[special - SPECIAL]}, 2);
    } else {
        text_printf(text, "\\u%04x", (unsigned)(unsigned char)c);
    }
}

void text_append_json(struct text *text, struct span bytes)
{
    text_append_char(text, '"');
    size_t start = 0;
    for (size_t i = 0; i < bytes.size; i++) {
        if (needs_escape(bytes.data[i])) {
            text_append(text, bytes.data + start, i - start);
            append_escaped(text, bytes.data[i]);
            start = i + 1;
        }
    }
    text_append(text, bytes.data + start, bytes.size - start);
    text_append_char(text, '"');
}

void text_append_hex(struct text *text, struct span bytes)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        text_append(text, (const char[]){DIGITS[byte >> 4], DIGITS[byte & 15]}, 2);
    }
}

void text_append_quoted(struct text *text, struct span bytes, char quote)
{
    text_append_char(text, quote);
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] == quote) {
            text_append_char(text, quote);
        }
        text_append_char(text, bytes.data[i]);
    }
    text_append_char(text, quote);
}

void text_clear(struct text *text)
{
    text->size = 0;
    text->failed = false;
    if (text->data != NULL) {
        text->data[0] = '\0';
    }
}

void text_set(struct text *text, struct span bytes)
{
    text_clear(text);
    text_append_span(text, bytes);
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

void text_wipe(struct text *text)
{
    if (text->data != NULL) {
        explicit_bzero(text->data, text->capacity);
    }
    text_free(text);
}

struct span text_span(const struct text *text)
{
    return (struct span){text_string(text), text->size};
}

const char *text_string(const struct text *text)
{
    return text->data == NULL ? "" : text->data;
}
