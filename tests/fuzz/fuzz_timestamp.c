/* An authority's answer to a question that the first bytes tell: an imprint, a nonce, and whether
 * it is known. Whatever the rest is, it is read or refused with a reason; what is verified was read
 * to the same end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The CA of the answers in the corpus, which tests/e2e/authority.py made. */
static const char CA[] =
#include "timestamp_ca.inc"
    ;

static struct timestamp_trust *load_trust(void)
{
    char path[] = "/tmp/fuzz_timestamp.XXXXXX";
    struct error error;
    int file = mkstemp(path);
    if (file < 0 || write(file, CA, strlen(CA)) != (ssize_t)strlen(CA)) {
        abort();
    }
    struct timestamp_trust *trust = timestamp_trust_new(path, &error);
    close(file);
    unlink(path);
    if (trust == NULL) {
        abort();
    }
    return trust;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct timestamp_trust *trust;
    struct timestamp_query query = {.policy = ""};
    struct timestamp read, verified;
    struct error error = {0};
    if (size < SHA256_SIZE + 9) {
        return 0;
    }
    trust = trust != NULL ? trust : load_trust();
    memcpy(query.imprint.bytes, data, SHA256_SIZE);
    for (size_t i = SHA256_SIZE; i < SHA256_SIZE + 8; i++) {
        query.nonce = query.nonce << 8 | data[i];
    }
    query.has_nonce = (data[SHA256_SIZE + 8] & 1) == 0;
    const struct span answer = {(const char *)data + SHA256_SIZE + 9, size - SHA256_SIZE - 9};
    bool is_read = timestamp_read(&query, answer, &read, &error);
    bool is_verified = timestamp_verify(trust, &query, answer, &verified, &error);
    if ((!is_read || !is_verified) && error.text[0] == '\0') {
        abort();
    }
    if (is_verified && (!is_read || read.time_ms != verified.time_ms ||
                        strcmp(read.policy, verified.policy) != 0)) {
        abort();
    }
    return 0;
}
