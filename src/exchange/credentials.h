/* An account's API key and its signer. Read from files that others cannot read, or handed over as
 * text (from the environment); no error ever shows them, and no core. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "exchange/signer.h"

#define CREDENTIALS_FILE_SIZE_MAX SIGNER_SECRET_SIZE_MAX
#define CREDENTIALS_KEY_SIZE_MAX ((size_t)256)

struct credentials {
    struct text api_key;
    struct signer *signer;
};

/* Where key and secret come from. A file is used when its path is not NULL, else the text. A
 * service of systemd's reads the copy of a file that it was given (LoadCredential=). */
struct credentials_source {
    const char *api_key_file;
    const char *secret_file;
    const char *api_key;
    const char *secret;
};

/* ERROR_USAGE when something is missing, unreadable, open to others, or not a key. */
bool credentials_load(const struct credentials_source *source, struct credentials *credentials,
                      struct error *error);

/* Wipes and frees. */
void credentials_free(struct credentials *credentials);
