#include "base/sha256.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sha256 {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
};

struct sha256 *sha256_new(struct error *error)
{
    struct sha256 *sha256 = calloc(1, sizeof *sha256);
    if (sha256 == NULL) {
        error_no_memory(error);
        return NULL;
    }
    sha256->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    sha256->context = EVP_MD_CTX_new();
    if (sha256->algorithm == NULL || sha256->context == NULL) {
        sha256_free(sha256);
        error_set(error, ERROR_FAILED, "OpenSSL: no SHA-256 (is its configuration restricted?)");
        return NULL;
    }
    return sha256;
}

void sha256_free(struct sha256 *sha256)
{
    if (sha256 != NULL) {
        EVP_MD_CTX_free(sha256->context);
        EVP_MD_free(sha256->algorithm);
        free(sha256);
    }
}

bool sha256_of(struct sha256 *sha256, const struct span *spans, size_t count,
               struct sha256_digest *digest, struct error *error)
{
    bool done = EVP_DigestInit_ex2(sha256->context, sha256->algorithm, NULL) == 1;
    for (size_t i = 0; done && i < count; i++) {
        done = EVP_DigestUpdate(sha256->context, spans[i].data, spans[i].size) == 1;
    }
    if (!done || EVP_DigestFinal_ex(sha256->context, digest->bytes, NULL) != 1) {
        return error_set(error, ERROR_FAILED, "OpenSSL: SHA-256 failed");
    }
    return true;
}

bool sha256_from_bytes(struct span bytes, struct sha256_digest *digest)
{
    if (bytes.size != SHA256_SIZE) {
        return false;
    }
    memcpy(digest->bytes, bytes.data, SHA256_SIZE);
    return true;
}

bool sha256_from_hex(struct span hex, struct sha256_digest *digest)
{
    static const char DIGITS[] = "0123456789abcdef";
    if (hex.size != 2 * SHA256_SIZE) {
        return false;
    }
    memset(digest, 0, sizeof *digest);
    for (size_t i = 0; i < hex.size; i++) {
        const char *digit = memchr(DIGITS, tolower((unsigned char)hex.data[i]), 16);
        if (digit == NULL) {
            return false;
        }
        unsigned char *byte = &digest->bytes[i / 2];
        *byte = (unsigned char)(*byte << 4 | (digit - DIGITS));
    }
    return true;
}

bool sha256_equal(const struct sha256_digest *a, const struct sha256_digest *b)
{
    return memcmp(a->bytes, b->bytes, SHA256_SIZE) == 0;
}

void sha256_hex(const struct sha256_digest *digest, char out[static SHA256_HEX_SIZE])
{
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        snprintf(out + 2 * i, 3, "%02x", digest->bytes[i]);
    }
}
