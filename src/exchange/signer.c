#include "exchange/signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "base/base64.h"

#define PEM_MARK "-----BEGIN"

struct signer {
    const char *kind;
    EVP_PKEY *key;
    const EVP_MD *hash; /* NULL for Ed25519, which hashes itself */
};

/* Without this OpenSSL would ask on the terminal for an encrypted key's passphrase. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static bool read_private_key(struct signer *signer, struct span pem, struct error *error)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
    if (bio == NULL) {
        return error_no_memory(error);
    }
    signer->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    if (signer->key == NULL) {
        return error_set(error, ERROR_USAGE,
                         "not an unencrypted private key in PEM (write the key without a "
                         "passphrase, readable by its owner only)");
    }
    switch (EVP_PKEY_get_base_id(signer->key)) {
    case EVP_PKEY_RSA:
        signer->kind = "RSA";
        signer->hash = EVP_sha256();
        return true;
    case EVP_PKEY_ED25519:
        signer->kind = "Ed25519";
        return true;
    default:
        return error_set(error, ERROR_USAGE,
                         "neither an RSA nor an Ed25519 key (the exchange knows only these)");
    }
}

static bool take_hmac_secret(struct signer *signer, struct span secret, struct error *error)
{
    for (size_t i = 0; i < secret.size; i++) {
        if (secret.data[i] <= ' ' || secret.data[i] > '~') {
            return error_set(error, ERROR_USAGE,
                             "neither an HMAC secret nor a private key in PEM (it has white space "
                             "or other odd bytes at %zu)",
                             i);
        }
    }
    signer->kind = "HMAC-SHA-256";
    signer->hash = EVP_sha256();
    signer->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL,
                                               (const unsigned char *)secret.data, secret.size);
    return signer->key != NULL || error_no_memory(error);
}

struct signer *signer_new(struct span secret, struct error *error)
{
    if (secret.size == 0 || secret.size > SIGNER_SECRET_SIZE_MAX) {
        error_set(error, ERROR_USAGE, "empty, or longer than %zu bytes", SIGNER_SECRET_SIZE_MAX);
        return NULL;
    }
    struct signer *signer = calloc(1, sizeof *signer);
    if (signer == NULL) {
        error_no_memory(error);
        return NULL;
    }
    size_t mark = sizeof PEM_MARK - 1;
    bool is_pem = secret.size > mark && memcmp(secret.data, PEM_MARK, mark) == 0;
    bool taken =
        is_pem ? read_private_key(signer, secret, error) : take_hmac_secret(signer, secret, error);
    if (!taken) {
        signer_free(signer);
        return NULL;
    }
    return signer;
}

void signer_free(struct signer *signer)
{
    if (signer != NULL) {
        EVP_PKEY_free(signer->key);
        free(signer);
    }
}

const char *signer_kind(const struct signer *signer)
{
    return signer->kind;
}

static bool sign_binary(const struct signer *signer, struct span message, struct text *binary)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const unsigned char *data = (const unsigned char *)message.data;
    size_t size = 0;
    bool signed_ =
        context != NULL &&
        EVP_DigestSignInit(context, NULL, signer->hash, NULL, signer->key) == 1 &&
        EVP_DigestSign(context, NULL, &size, data, message.size) == 1 &&
        text_reserve(binary, size) &&
        EVP_DigestSign(context, (unsigned char *)binary->data, &size, data, message.size) == 1;
    binary->size = signed_ ? size : 0;
    EVP_MD_CTX_free(context);
    return signed_;
}

bool signer_sign(const struct signer *signer, struct span message, struct text *signature,
                 struct error *error)
{
    struct text binary = {0};
    bool done =
        sign_binary(signer, message, &binary) ||
        error_set(error, ERROR_FAILED, "OpenSSL: signing with the %s key failed", signer->kind);
    if (done && EVP_PKEY_is_a(signer->key, "HMAC")) {
        text_append_hex(signature, text_span(&binary));
    } else if (done) {
        base64_encode(text_span(&binary), signature);
    }
    text_free(&binary);
    return done && (!signature->failed || error_no_memory(error));
}
