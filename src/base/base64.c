#include "base/base64.h"

#include <ctype.h>
#include <limits.h>
#include <openssl/evp.h>

void base64_encode(struct span bytes, struct text *out)
{
    size_t encoded = (bytes.size + 2) / 3 * 4;
    if (bytes.size > INT_MAX || !text_reserve(out, encoded)) {
        out->failed = true;
        return;
    }
    EVP_EncodeBlock((unsigned char *)out->data + out->size, (const unsigned char *)bytes.data,
                    (int)bytes.size);
    out->size += encoded;
    out->data[out->size] = '\0';
}

bool base64_decode(struct span base64, struct text *out)
{
    if (base64.size % 4 != 0 || base64.size > INT_MAX) {
        return false;
    }
    size_t padding = 0;
    while (padding < 2 && padding < base64.size && base64.data[base64.size - 1 - padding] == '=') {
        padding++;
    }
    /* EVP_DecodeBlock trims white space and minuses, and reads '=' anywhere as zero bits. */
    for (size_t i = 0; i < base64.size - padding; i++) {
        char c = base64.data[i];
        if (!isalnum((unsigned char)c) && c != '+' && c != '/') {
            return false;
        }
    }
    if (!text_reserve(out, base64.size / 4 * 3)) {
        return false;
    }
    int size = EVP_DecodeBlock((unsigned char *)out->data + out->size,
                               (const unsigned char *)base64.data, (int)base64.size);
    if (size < 0) {
        out->data[out->size] = '\0';
        return false;
    }
    out->size += (size_t)size - padding;
    out->data[out->size] = '\0';
    return true;
}
