#include "base/terminal.h"

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

#include "base/utf8.h"

static bool moves_terminal(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } RANGES[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
        {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
    };
    for (size_t i = 0; i < sizeof RANGES / sizeof RANGES[0]; i++) {
        if (point >= RANGES[i].first && point <= RANGES[i].last) {
            return true;
        }
    }
    return false;
}

/* How many bytes at the front are plain characters of ASCII, of a column each: nearly all are. */
static size_t plain_size(struct span bytes)
{
    size_t size = 0;
    while (size < bytes.size && bytes.data[size] >= ' ' && bytes.data[size] <= '~') {
        size++;
    }
    return size;
}

static struct span without(struct span bytes, size_t size)
{
    return (struct span){bytes.data + size, bytes.size - size};
}

void terminal_append(struct text *out, struct span bytes)
{
    while (bytes.size > 0) {
        size_t plain = plain_size(bytes);
        text_append(out, bytes.data, plain);
        bytes = without(bytes, plain);
        if (bytes.size == 0) {
            break;
        }
        uint32_t point = 0;
        size_t size = utf8_next(bytes, &point);
        bool good = size > 0 && !moves_terminal(point);
        size += size == 0;
        if (good) {
            text_append(out, bytes.data, size);
        }
        for (size_t i = 0; !good && i < size; i++) {
            text_printf(out, "\\x%02x", (unsigned)(unsigned char)bytes.data[i]);
        }
        bytes = without(bytes, size);
    }
}

/* The size of the character that the bytes begin with, and how many columns it takes. */
static size_t next_character(struct span bytes, size_t *columns)
{
    uint32_t point = 0;
    size_t size = utf8_next(bytes, &point);
    int width = wcwidth((wchar_t)point);
    *columns = width > 0 ? (size_t)width : 0;
    return size + (size == 0);
}

size_t terminal_columns(struct span text)
{
    size_t columns = plain_size(text), width;
    text = without(text, columns);
    while (text.size > 0) {
        size_t size = next_character(text, &width);
        columns += width;
        text = without(text, size);
    }
    return columns;
}

struct span terminal_take(struct span *text, size_t columns)
{
    struct span left = *text, taken = {text->data, 0};
    size_t used = 0, width, words = 0;
    while (left.size > 0) {
        size_t size = next_character(left, &width);
        words = left.data[0] == ' ' ? taken.size : words;
        if (used + width > columns && taken.size > 0) {
            taken.size = words > 0 ? words : taken.size;
            break;
        }
        used += width;
        taken.size += size;
        left = without(left, size);
    }
    *text = without(*text, taken.size);
    while (text->size > 0 && text->data[0] == ' ') {
        *text = without(*text, 1);
    }
    return taken;
}
