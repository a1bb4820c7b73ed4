#include "base/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* The length of the sequence at `p`, 0 when it is none. */
static size_t sequence_size(const unsigned char *p, size_t left)
{
    size_t size;
    unsigned char low = 0x80, high = 0xbf; /* what the second byte may be */
    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        size = 2;
    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        size = 3;
        low = p[0] == 0xe0 ? 0xa0 : low;
        high = p[0] == 0xed ? 0x9f : high;
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        size = 4;
        low = p[0] == 0xf0 ? 0x90 : low;
        high = p[0] == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (left < size || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }
    return size;
}

size_t utf8_next(struct span bytes, uint32_t *point)
{
    const unsigned char *p = (const unsigned char *)bytes.data;
    size_t size = bytes.size > 0 ? sequence_size(p, bytes.size) : 0;
    if (size > 0) {
        *point = size == 1 ? p[0] : p[0] & (0x7fU >> size);
    }
    for (size_t i = 1; i < size; i++) {
        *point = *point << 6 | (p[i] & 0x3f);
    }
    return size;
}

size_t utf8_valid_size(struct span bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    size_t at = 0;
    while (at < bytes.size) {
        uint64_t eight;
        while (bytes.size - at >= sizeof eight) { /* responses are nearly always ASCII */
            memcpy(&eight, data + at, sizeof eight);
            if ((eight & HIGH_BITS) != 0) {
                break;
            }
            at += sizeof eight;
        }
        if (at == bytes.size) {
            break;
        }
        size_t size = sequence_size(data + at, bytes.size - at);
        if (size == 0) {
            return at;
        }
        at += size;
    }
    return at;
}

bool utf8_has_control(struct span text)
{
    const unsigned char *data = (const unsigned char *)text.data;
    for (size_t i = 0; i < text.size; i++) {
        if (data[i] < 0x20 || data[i] == 0x7f ||
            (data[i] == 0xc2 && i + 1 < text.size && data[i + 1] < 0xa0)) {
            return true;
        }
    }
    return false;
}

void utf8_append_valid(struct text *out, struct span bytes)
{
    while (bytes.size > 0) {
        size_t good = utf8_valid_size(bytes);
        text_append(out, bytes.data, good);
        if (good < bytes.size) {
            text_append_string(out, "\xef\xbf\xbd");
            good++;
        }
        bytes = (struct span){bytes.data + good, bytes.size - good};
    }
}
