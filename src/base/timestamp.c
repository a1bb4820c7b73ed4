#include "base/timestamp.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What an answer is held against, but for its signature. */
#define AUTH_LEVEL 2 /* OpenSSL's: certificates of 112 bits and more, none signed by SHA-1 */
#define READ_FLAGS (TS_VFY_VERSION | TS_VFY_IMPRINT)

/* The failures that RFC 3161 names (2.4.2), for those who are refused. */
static const struct {
    int bit;
    const char *words;
} FAILURES[] = {
    {TS_INFO_BAD_ALG, "bad algorithm"},
    {TS_INFO_BAD_REQUEST, "bad request"},
    {TS_INFO_BAD_DATA_FORMAT, "bad data format"},
    {TS_INFO_TIME_NOT_AVAILABLE, "its time is not available"},
    {TS_INFO_UNACCEPTED_POLICY, "it does not have that policy"},
    {TS_INFO_UNACCEPTED_EXTENSION, "unaccepted extension"},
    {TS_INFO_ADD_INFO_NOT_AVAILABLE, "additional information is not available"},
    {TS_INFO_SYSTEM_FAILURE, "system failure"},
};

struct timestamp_trust {
    X509_STORE *store;
};

bool timestamp_policy_is_valid(const char *policy)
{
    ASN1_OBJECT *object =
        strlen(policy) < TIMESTAMP_POLICY_SIZE && policy[strspn(policy, "0123456789.")] == '\0'
            ? OBJ_txt2obj(policy, 1)
            : NULL;
    bool is_valid = object != NULL;
    ASN1_OBJECT_free(object);
    ERR_clear_error();
    return is_valid;
}

static bool set_imprint(TS_REQ *request, const struct sha256_digest *imprint)
{
    TS_MSG_IMPRINT *message = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    unsigned char bytes[SHA256_SIZE];
    memcpy(bytes, imprint->bytes, sizeof bytes);
    bool done = message != NULL && algorithm != NULL &&
                X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
                TS_MSG_IMPRINT_set_algo(message, algorithm) == 1 &&
                TS_MSG_IMPRINT_set_msg(message, bytes, sizeof bytes) == 1 &&
                TS_REQ_set_msg_imprint(request, message) == 1;
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(message);
    return done;
}

static bool set_nonce(TS_REQ *request, uint64_t value)
{
    ASN1_INTEGER *nonce = ASN1_INTEGER_new();
    bool done = nonce != NULL && ASN1_INTEGER_set_uint64(nonce, value) == 1 &&
                TS_REQ_set_nonce(request, nonce) == 1;
    ASN1_INTEGER_free(nonce);
    return done;
}

static bool set_policy(TS_REQ *request, const char *policy)
{
    ASN1_OBJECT *object = policy[0] != '\0' ? OBJ_txt2obj(policy, 1) : NULL;
    bool done = policy[0] == '\0' || (object != NULL && TS_REQ_set_policy_id(request, object) == 1);
    ASN1_OBJECT_free(object);
    return done;
}

/* The question; NULL when there is no memory for it. */
static TS_REQ *make_request(const struct timestamp_query *query)
{
    TS_REQ *request = TS_REQ_new();
    if (request != NULL && TS_REQ_set_version(request, 1) == 1 &&
        set_imprint(request, &query->imprint) &&
        (!query->has_nonce || set_nonce(request, query->nonce)) &&
        set_policy(request, query->policy) && TS_REQ_set_cert_req(request, 1) == 1) {
        return request;
    }
    TS_REQ_free(request);
    ERR_clear_error();
    return NULL;
}

bool timestamp_ask(const struct timestamp_query *query, struct text *out, struct error *error)
{
    TS_REQ *request = make_request(query);
    unsigned char *der = NULL;
    int size = request != NULL ? i2d_TS_REQ(request, &der) : -1;
    if (size > 0) {
        text_append(out, der, (size_t)size);
    }
    OPENSSL_free(der);
    TS_REQ_free(request);
    ERR_clear_error();
    return (size > 0 && !out->failed) || error_no_memory(error);
}

/* What OpenSSL has to say: of the reasons that it queued, those about timestamps, the first first.
 */
static bool fail_by_library(const char *what, struct error *error)
{
    char why[400] = "";
    unsigned long code;
    const char *data;
    int flags;
    while ((code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
        const char *reason = ERR_reason_error_string(code);
        size_t used = strlen(why);
        if (ERR_GET_LIB(code) == ERR_LIB_TS && reason != NULL) {
            snprintf(why + used, sizeof why - used, "%s%s%s%s", used > 0 ? "; " : "", reason,
                     (flags & ERR_TXT_STRING) != 0 && data[0] != '\0' ? ": " : "",
                     (flags & ERR_TXT_STRING) != 0 ? data : "");
        }
    }
    return error_set(error, ERROR_FAILED, "%s%s%s", what, why[0] != '\0' ? ": " : "", why);
}

static TS_RESP *parse(struct span answer, struct error *error)
{
    const unsigned char *at = (const unsigned char *)answer.data;
    if (answer.size > TIMESTAMP_SIZE_MAX) {
        error_set(error, ERROR_FAILED, "the answer is larger than %zu bytes", TIMESTAMP_SIZE_MAX);
        return NULL;
    }
    TS_RESP *response = answer.size > 0 ? d2i_TS_RESP(NULL, &at, (long)answer.size) : NULL;
    ERR_clear_error();
    if (response == NULL || at != (const unsigned char *)answer.data + answer.size) {
        TS_RESP_free(response);
        error_set(error, ERROR_FAILED, "the answer is no timestamp");
        return NULL;
    }
    return response;
}

/* An authority that says no says why. */
static bool check_granted(TS_RESP *response, struct error *error)
{
    TS_STATUS_INFO *info = TS_RESP_get_status_info(response);
    const ASN1_BIT_STRING *failure = TS_STATUS_INFO_get0_failure_info(info);
    const STACK_OF(ASN1_UTF8STRING) *texts = TS_STATUS_INFO_get0_text(info);
    int64_t status = -1;
    const char *words = "";
    if (ASN1_INTEGER_get_int64(&status, TS_STATUS_INFO_get0_status(info)) == 1 &&
        (status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS)) {
        return TS_RESP_get_token(response) != NULL ||
               error_set(error, ERROR_FAILED, "the answer has no token");
    }
    for (size_t i = 0; i < sizeof FAILURES / sizeof FAILURES[0] && failure != NULL; i++) {
        if (ASN1_BIT_STRING_get_bit(failure, FAILURES[i].bit) == 1) {
            words = FAILURES[i].words;
        }
    }
    const ASN1_UTF8STRING *text = texts != NULL && sk_ASN1_UTF8STRING_num(texts) > 0
                                      ? sk_ASN1_UTF8STRING_value(texts, 0)
                                      : NULL;
    int text_size = text != NULL ? ASN1_STRING_length(text) : 0;
    ERR_clear_error();
    return error_set(error, ERROR_FAILED, "the authority refuses (status %lld)%s%s%s%.*s",
                     (long long)status, words[0] != '\0' ? ": " : "", words,
                     text_size > 0 ? ": " : "", text_size < 200 ? text_size : 200,
                     text != NULL ? (const char *)ASN1_STRING_get0_data(text) : "");
}

/* The time and policy that it states. */
static bool take_info(TS_RESP *response, struct timestamp *timestamp, struct error *error)
{
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    struct tm time = {0};
    if (info == NULL) {
        return error_set(error, ERROR_FAILED, "the answer has no token");
    }
    if (ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &time) != 1) {
        return fail_by_library("its time cannot be read", error);
    }
    timestamp->time_ms = (int64_t)timegm(&time) * 1000;
    int size = OBJ_obj2txt(timestamp->policy, sizeof timestamp->policy,
                           TS_TST_INFO_get_policy_id(info), 1);
    return (size > 0 && size < (int)sizeof timestamp->policy) ||
           error_set(error, ERROR_FAILED, "its policy cannot be read");
}

/* Whether what the token is signed by is a digest of which nobody makes two of the same. */
static bool check_digest(TS_RESP *response, struct error *error)
{
    STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(TS_RESP_get_token(response));
    X509_ALGOR *digest = NULL;
    const ASN1_OBJECT *name = NULL;
    if (sk_PKCS7_SIGNER_INFO_num(signers) == 1) {
        PKCS7_SIGNER_INFO_get0_algs(sk_PKCS7_SIGNER_INFO_value(signers, 0), NULL, &digest, NULL);
        X509_ALGOR_get0(&name, NULL, NULL, digest);
    }
    int id = name != NULL ? OBJ_obj2nid(name) : NID_undef;
    return id == NID_sha256 || id == NID_sha384 || id == NID_sha512 ||
           error_set(error, ERROR_FAILED, "the answer is signed by %s, which is not enough",
                     id != NID_undef ? OBJ_nid2sn(id) : "nobody, or by a digest unknown here");
}

/* Has OpenSSL hold an answer against its question, and, with a store, verify its signature. */
static bool check_response(const struct timestamp_query *query, TS_RESP *response,
                           X509_STORE *store, struct error *error)
{
    TS_REQ *request = make_request(query);
    TS_VERIFY_CTX *context = request != NULL ? TS_REQ_to_TS_VERIFY_CTX(request, NULL) : NULL;
    bool done = context != NULL || error_no_memory(error);
    if (done) {
        unsigned nonce = query->has_nonce ? TS_VFY_NONCE : 0;
        unsigned policy = query->policy[0] != '\0' ? TS_VFY_POLICY : 0;
        unsigned signature = store != NULL ? TS_VFY_SIGNATURE | TS_VFY_SIGNER : 0;
        TS_VERIFY_CTX_set_flags(context, (int)(READ_FLAGS | nonce | policy | signature));
        if (store != NULL && X509_STORE_up_ref(store) == 1) {
            TS_VERIFY_CTX_set_store(context, store); /* which it frees */
        }
        ERR_clear_error();
        done = TS_RESP_verify_response(context, response) == 1 ||
               fail_by_library(store != NULL ? "the answer is not good"
                                             : "the answer is not to this question",
                               error);
        done = done && (store == NULL || check_digest(response, error));
    }
    TS_VERIFY_CTX_free(context);
    TS_REQ_free(request);
    ERR_clear_error();
    return done;
}

/* Parses and checks all but the signature. NULL, with the error set, when it is not good. */
static TS_RESP *read_response(const struct timestamp_query *query, struct span answer,
                              struct timestamp *timestamp, struct error *error)
{
    TS_RESP *response = parse(answer, error);
    *timestamp = (struct timestamp){0};
    if (response != NULL &&
        !(check_granted(response, error) && take_info(response, timestamp, error) &&
          check_response(query, response, NULL, error))) {
        TS_RESP_free(response);
        return NULL;
    }
    return response;
}

bool timestamp_read(const struct timestamp_query *query, struct span answer,
                    struct timestamp *timestamp, struct error *error)
{
    TS_RESP *response = read_response(query, answer, timestamp, error);
    TS_RESP_free(response);
    return response != NULL;
}

struct timestamp_trust *timestamp_trust_new(const char *ca_file, struct error *error)
{
    struct timestamp_trust *trust = calloc(1, sizeof *trust);
    if (trust != NULL) {
        trust->store = X509_STORE_new();
    }
    if (trust == NULL || trust->store == NULL) {
        timestamp_trust_free(trust);
        error_no_memory(error);
        return NULL;
    }
    bool loaded = ca_file != NULL ? X509_STORE_load_file(trust->store, ca_file) == 1
                                  : X509_STORE_set_default_paths(trust->store) == 1;
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(trust->store), AUTH_LEVEL);
    ERR_clear_error();
    if (!loaded) {
        error_set(error, ERROR_USAGE, "%s: no certificates in PEM can be read there",
                  ca_file != NULL ? ca_file : "the system's certificates");
        timestamp_trust_free(trust);
        return NULL;
    }
    return trust;
}

void timestamp_trust_free(struct timestamp_trust *trust)
{
    if (trust != NULL) {
        X509_STORE_free(trust->store);
        free(trust);
    }
}

/* The name by which the signer of a token that was verified is known. */
static void take_authority(TS_RESP *response, struct timestamp *timestamp)
{
    STACK_OF(X509) *signers = PKCS7_get0_signers(TS_RESP_get_token(response), NULL, 0);
    X509 *signer = signers != NULL ? sk_X509_value(signers, 0) : NULL;
    BIO *out = BIO_new(BIO_s_mem());
    if (signer != NULL && out != NULL &&
        X509_NAME_print_ex(out, X509_get_subject_name(signer), 0, XN_FLAG_ONELINE) >= 0) {
        int size = BIO_read(out, timestamp->authority, sizeof timestamp->authority - 1);
        timestamp->authority[size > 0 ? size : 0] = '\0';
    }
    if (timestamp->authority[0] == '\0') {
        snprintf(timestamp->authority, sizeof timestamp->authority, "one without a name");
    }
    BIO_free(out);
    sk_X509_free(signers);
    ERR_clear_error();
}

bool timestamp_verify(const struct timestamp_trust *trust, const struct timestamp_query *query,
                      struct span answer, struct timestamp *timestamp, struct error *error)
{
    TS_RESP *response = read_response(query, answer, timestamp, error);
    if (response == NULL) {
        return false;
    }
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(trust->store),
                               (time_t)(timestamp->time_ms / 1000));
    bool done = check_response(query, response, trust->store, error);
    if (done) {
        take_authority(response, timestamp);
    }
    TS_RESP_free(response);
    return done;
}
