/* The simulated exchange's keys: who may ask, and whether a signed request is right. */
#ifndef SIM_ACCOUNTS_H
#define SIM_ACCOUNTS_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#include "books.h"
#include "product.h"
#include "stream.h"

#define ACCOUNTS_MAX 4000
#define SECRET_SIZE 256

struct sim_account;

/* Of what a key may do (rights.h has the rest). */
#define RIGHT_READS 1u
#define RIGHT_IS_RESTRICTED 2u /* to some addresses */
#define RIGHTS_DEFAULT (RIGHT_READS | RIGHT_IS_RESTRICTED)

/* What an account has of a product. */
struct sim_ledger {
    struct sim_account *account;
    const struct product *product;
    struct market_account trader;
    struct books books;
    struct sim_stream_state stream;
};

struct sim_account {
    char name[80];
    char key[80];
    char secret[SECRET_SIZE]; /* HMAC; "" when there is a public key */
    EVP_PKEY *public_key;     /* RSA or Ed25519; NULL for HMAC */
    bool revoked;
    bool has_no_futures; /* dapi and fapi do not know its key: it is of Portfolio Margin, or older
                            than the futures account */
    unsigned rights;     /* of the key */
    unsigned silent;     /* what the exchange is silent to: SILENT_REST, SILENT_STREAM */
    bool hedge;          /* one mode for all of its ledgers */
    struct sim_ledger ledgers[PRODUCT_COUNT];
};

struct sim_accounts {
    struct sim_account *list;
    int count;
};

/* Reads a file of lines `NAME hedge|one-way KEY SECRET`, where SECRET may be `pem:PATH` of a public
 * key. Says on stderr what is wrong and returns false. */
bool accounts_read(struct sim_accounts *accounts, const char *path);
void accounts_free(struct sim_accounts *accounts);

/* NULL when nobody has this key. */
struct sim_account *accounts_find_key(const struct sim_accounts *accounts, const char *key);
struct sim_account *accounts_find_name(const struct sim_accounts *accounts, const char *name);

/* Whether `signature` (URL-decoded) signs `payload`, the query string in front of it. */
bool accounts_check_signature(const struct sim_account *account, const char *payload,
                              const char *signature);

/* Opens the account's ledgers in the markets. */
void accounts_open(struct sim_account *account, const struct market *markets, uint64_t seed,
                   int64_t now_ms);

/* Takes the accounts' ledgers over from a file that accounts_save_state() wrote, as far as it has
 * them; false when it cannot be read. No file is a new start, and so is one of another form. */
bool accounts_load_state(struct sim_accounts *accounts, const struct market *markets,
                         const char *path);
bool accounts_save_state(const struct sim_accounts *accounts, const char *path);

#endif
