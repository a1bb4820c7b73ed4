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

void terminal_append(struct text *out, struct span bytes)
{
    while (bytes.size > 0) {
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
        bytes = (struct span){bytes.data + size, bytes.size - size};
    }
}

size_t terminal_columns(const char *text)
{
    struct span left = span_of(text);
    size_t columns = 0;
    while (left.size > 0) {
        uint32_t point = 0;
        size_t size = utf8_next(left, &point);
        int width = wcwidth((wchar_t)point);
        columns += width > 0 ? (size_t)width : 0;
        size += size == 0;
        left = (struct span){left.data + size, left.size - size};
    }
    return columns;
}
