#include "base/base64.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

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
    /* EVP_DecodeBlock trims white space, which would shift the padding counted below. */
    if (base64.size > 0 && (base64.data[0] <= ' ' || base64.data[base64.size - 1] <= ' ')) {
        return false;
    }
    size_t padding = 0;
    while (padding < 2 && padding < base64.size && base64.data[base64.size - 1 - padding] == '=') {
        padding++;
    }
    /* EVP_DecodeBlock reads '=' anywhere as zero bits. */
    if (base64.size > 0 && memchr(base64.data, '=', base64.size - padding) != NULL) {
        return false;
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
