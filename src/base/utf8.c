#include "base/utf8.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

size_t utf8_next(struct span bytes, uint32_t *point)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000}; /* less has a shorter form */
    const unsigned char *p = (const unsigned char *)bytes.data;
    unsigned char first = bytes.size > 0 ? p[0] : 0xff;
    size_t size = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (size == 0 || size > bytes.size || first > 0xf7) {
        return 0;
    }
    uint32_t read = size == 1 ? first : first & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
        read = read << 6 | (p[i] & 0x3f);
    }
    if (read < LEAST[size] || (read >= 0xd800 && read <= 0xdfff) || read > 0x10ffff) {
        return 0;
    }
    *point = read;
    return size;
}

size_t utf8_valid_size(struct span bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    size_t at = 0;
    while (at < bytes.size) {
        uint64_t four[4];
        uint32_t point;
        while (bytes.size - at >= sizeof four) { /* responses are nearly always ASCII */
            memcpy(four, data + at, sizeof four);
            if (((four[0] | four[1] | four[2] | four[3]) & HIGH_BITS) != 0) {
                break;
            }
            at += sizeof four;
        }
        if (at == bytes.size) {
            break;
        }
        size_t size = utf8_next((struct span){bytes.data + at, bytes.size - at}, &point);
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

void utf8_append_json(struct text *out, struct span bytes)
{
    struct text valid = {0};
    utf8_append_valid(&valid, bytes);
    text_append_json(out, text_span(&valid));
    out->failed |= valid.failed;
    text_free(&valid);
}
