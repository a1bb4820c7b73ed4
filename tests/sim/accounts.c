#include "accounts.h"

#include <errno.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

static bool read_public_key(struct sim_account *account, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return false;
    }
    account->public_key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    fclose(file);
    return account->public_key != NULL;
}

static bool read_account(struct sim_account *account, const char *line)
{
    char mode[16], secret[SECRET_SIZE];
    if (sscanf(line, "%79s %15s %79s %255s", account->name, mode, account->key, secret) != 4) {
        return false;
    }
    account->market.hedge = strcmp(mode, "hedge") == 0;
    if (!account->market.hedge && strcmp(mode, "one-way") != 0) {
        return false;
    }
    if (strncmp(secret, "pem:", 4) == 0) {
        return read_public_key(account, secret + 4);
    }
    strcpy(account->secret, secret);
    return true;
}

bool accounts_read(struct sim_accounts *accounts, const char *path)
{
    char line[1024];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return false;
    }
    accounts->list = calloc(ACCOUNTS_MAX, sizeof *accounts->list);
    bool good = accounts->list != NULL;
    while (good && fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        good =
            accounts->count < ACCOUNTS_MAX && read_account(&accounts->list[accounts->count], line);
        accounts->count++;
    }
    fclose(file);
    if (!good) {
        fprintf(stderr, "%s: account %d: not NAME hedge|one-way KEY SECRET\n", path,
                accounts->count);
    }
    return good;
}

void accounts_free(struct sim_accounts *accounts)
{
    for (int i = 0; i < accounts->count; i++) {
        EVP_PKEY_free(accounts->list[i].public_key);
        books_free(&accounts->list[i].books);
    }
    free(accounts->list);
}

struct sim_account *accounts_find_key(const struct sim_accounts *accounts, const char *key)
{
    for (int i = 0; i < accounts->count; i++) {
        if (strcmp(accounts->list[i].key, key) == 0) {
            return &accounts->list[i];
        }
    }
    return NULL;
}

struct sim_account *accounts_find_name(const struct sim_accounts *accounts, const char *name)
{
    for (int i = 0; i < accounts->count; i++) {
        if (strcmp(accounts->list[i].name, name) == 0) {
            return &accounts->list[i];
        }
    }
    return NULL;
}

static bool check_hmac(const struct sim_account *account, const char *payload,
                       const char *signature)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
    HMAC(EVP_sha256(), account->secret, (int)strlen(account->secret),
         (const unsigned char *)payload, strlen(payload), mac, &size);
    for (unsigned int i = 0; i < size; i++) {
        snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    }
    return strcmp(hex, signature) == 0;
}

static bool check_public_key(const struct sim_account *account, const char *payload,
                             const char *signature)
{
    unsigned char raw[1024];
    size_t length = strlen(signature);
    if (length == 0 || length % 4 != 0 || length > sizeof raw) {
        return false;
    }
    int size = EVP_DecodeBlock(raw, (const unsigned char *)signature, (int)length);
    if (size < 0) {
        return false;
    }
    for (size_t i = length; i > 0 && signature[i - 1] == '='; i--) {
        size--;
    }
    bool rsa = EVP_PKEY_get_base_id(account->public_key) == EVP_PKEY_RSA;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = EVP_DigestVerifyInit(context, NULL, rsa ? EVP_sha256() : NULL, NULL,
                                     account->public_key) == 1 &&
                EVP_DigestVerify(context, raw, (size_t)size, (const unsigned char *)payload,
                                 strlen(payload)) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

bool accounts_check_signature(const struct sim_account *account, const char *payload,
                              const char *signature)
{
    return account->public_key != NULL ? check_public_key(account, payload, signature)
                                       : check_hmac(account, payload, signature);
}

/* A record of the state file: the account's name and its market, as they are in memory; its books
 * follow. */
struct saved_account {
    char name[80];
    struct market_account market;
};

bool accounts_load_state(struct sim_accounts *accounts, const char *path)
{
    struct saved_account *saved = malloc(sizeof *saved);
    struct books books = {0};
    FILE *file = fopen(path, "r");
    bool good = saved != NULL && (file != NULL || errno == ENOENT);
    while (good && file != NULL && fread(saved, sizeof *saved, 1, file) == 1) {
        struct sim_account *account = accounts_find_name(accounts, saved->name);
        good = books_load(account != NULL ? &account->books : &books, file);
        if (account != NULL) {
            account->market = saved->market;
            account->market.rests = true;
        }
    }
    books_free(&books);
    if (file != NULL) {
        good = good && feof(file) && !ferror(file);
        fclose(file);
    }
    free(saved);
    if (!good) {
        fprintf(stderr, "%s: not a state that can be read\n", path);
    }
    return good;
}

bool accounts_save_state(const struct sim_accounts *accounts, const char *path)
{
    char part[4096];
    struct saved_account *saved = calloc(1, sizeof *saved);
    snprintf(part, sizeof part, "%s.part", path);
    FILE *file = fopen(part, "w");
    bool good = saved != NULL && file != NULL;
    for (int i = 0; good && i < accounts->count; i++) {
        memcpy(saved->name, accounts->list[i].name, sizeof saved->name);
        saved->market = accounts->list[i].market;
        good = fwrite(saved, sizeof *saved, 1, file) == 1 &&
               books_save(&accounts->list[i].books, file);
    }
    good = file != NULL && fclose(file) == 0 && good && rename(part, path) == 0;
    free(saved);
    return good;
}
