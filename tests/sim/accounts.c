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
    account->hedge = strcmp(mode, "hedge") == 0;
    account->rights = RIGHTS_DEFAULT;
    if (!account->hedge && strcmp(mode, "one-way") != 0) {
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
        for (int j = 0; j < PRODUCT_COUNT; j++) {
            books_free(&accounts->list[i].ledgers[j].books);
            market_close_account(&accounts->list[i].ledgers[j].trader);
        }
    }
    free(accounts->list);
}

void accounts_open(struct sim_account *account, const struct market *markets, uint64_t seed,
                   int64_t now_ms)
{
    for (int i = 0; i < PRODUCT_COUNT; i++) {
        struct sim_ledger *ledger = &account->ledgers[i];
        ledger->account = account;
        ledger->product = markets[i].product;
        market_open_account(&ledger->trader, &markets[i], account->name, account->hedge,
                            seed + (uint64_t)i, now_ms);
    }
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

/* The state file has of each account its name and then its ledgers, as they are in memory. */
static const char STATE_FORM[] = "dapi-sim, both products\n";

/* Whether a file is of this form. */
static bool read_form(FILE *file)
{
    char form[sizeof STATE_FORM];
    return fread(form, sizeof form, 1, file) == 1 && memcmp(form, STATE_FORM, sizeof form) == 0;
}

static bool load_account(struct sim_account *account, FILE *file)
{
    bool good = true;
    for (int i = 0; good && i < PRODUCT_COUNT; i++) {
        struct sim_ledger *ledger = &account->ledgers[i];
        good = market_load(&ledger->trader, file) && books_load(&ledger->books, file);
        account->hedge = ledger->trader.hedge;
    }
    return good;
}

static bool save_account(const struct sim_account *account, FILE *file)
{
    bool good = fwrite(account->name, sizeof account->name, 1, file) == 1;
    for (int i = 0; good && i < PRODUCT_COUNT; i++) {
        const struct sim_ledger *ledger = &account->ledgers[i];
        good = market_save(&ledger->trader, file) && books_save(&ledger->books, file);
    }
    return good;
}

bool accounts_load_state(struct sim_accounts *accounts, const struct market *markets,
                         const char *path)
{
    struct sim_account other = {0}; /* one that is not among them any more */
    FILE *file = fopen(path, "r");
    bool good = file != NULL || errno == ENOENT;
    char name[sizeof other.name];
    if (file != NULL && !read_form(file)) {
        fprintf(stderr, "%s: of another version of dapi-sim: not taken up\n", path);
        fclose(file);
        return true;
    }
    accounts_open(&other, markets, 0, 0);
    while (good && file != NULL && fread(name, sizeof name, 1, file) == 1) {
        struct sim_account *account = accounts_find_name(accounts, name);
        good = load_account(account != NULL ? account : &other, file);
    }
    for (int i = 0; i < PRODUCT_COUNT; i++) {
        books_free(&other.ledgers[i].books);
        market_close_account(&other.ledgers[i].trader);
    }
    if (file != NULL) {
        good = good && feof(file) && !ferror(file);
        fclose(file);
    }
    if (!good) {
        fprintf(stderr, "%s: not a state that can be read\n", path);
    }
    return good;
}

bool accounts_save_state(const struct sim_accounts *accounts, const char *path)
{
    char part[4096];
    snprintf(part, sizeof part, "%s.part", path);
    FILE *file = fopen(part, "w");
    bool good = file != NULL && fwrite(STATE_FORM, sizeof STATE_FORM, 1, file) == 1;
    for (int i = 0; good && i < accounts->count; i++) {
        good = save_account(&accounts->list[i], file);
    }
    return file != NULL && fclose(file) == 0 && good && rename(part, path) == 0;
}
