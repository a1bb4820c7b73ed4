/* Signs requests: HMAC-SHA-256 in hex, or RSASSA-PKCS1-v1_5 with SHA-256 or Ed25519 in
 * base64 (Binance, "SIGNED endpoint security"). Which one is told by the secret: a private key in
 * PEM, else an HMAC secret. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"

#define SIGNER_SECRET_SIZE_MAX ((size_t)16384)

struct signer;

/* NULL with the error set on failure; the error never shows the secret. Free with signer_free(),
 * which wipes it. */
struct signer *signer_new(struct span secret, struct error *error);
void signer_free(struct signer *signer);

/* "HMAC-SHA-256", "RSA" or "Ed25519". */
const char *signer_kind(const struct signer *signer);

/* Appends the signature of `message`, of which a query string must escape some characters. */
bool signer_sign(const struct signer *signer, struct span message, struct text *signature,
                 struct error *error);
