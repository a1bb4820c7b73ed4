#include "exchange/base_url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/http.h>
#include <string.h>
#include <strings.h>

static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (strcasecmp(host, "localhost") == 0) {
        return true;
    }
    if (inet_pton(AF_INET, host, &four) == 1) {
        return ntohl(four.s_addr) >> 24 == 127;
    }
    return strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six));
}

/* The schemes of a kind of URL, what each is called, and the setting that it is read from. */
struct url_kind {
    const char *setting;
    const char *secure;
    const char *plain;
    bool is_signed; /* what comes from there: plain is good enough */
};

struct url_parts {
    char *scheme, *user, *host, *port, *path, *query, *fragment;
    int port_number; /* 0: the usual one */
};

static void free_parts(struct url_parts *parts)
{
    char *const all[] = {parts->scheme, parts->user,  parts->host,    parts->port,
                         parts->path,   parts->query, parts->fragment};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        OPENSSL_free(all[i]);
    }
}

static bool has_text(const char *part)
{
    return part != NULL && part[0] != '\0';
}

/* What every reader of a URL takes for the same: nothing is quoted, escaped, or of another
 * alphabet. */
static bool is_plain(const char *part, const char *marks)
{
    for (; *part != '\0'; part++) {
        if ((*part & 0x80) != 0 ||
            (!isalnum((unsigned char)*part) && strchr(marks, *part) == NULL)) {
            return false;
        }
    }
    return true;
}

static bool check_parts(const struct url_parts *parts, const char *text,
                        const struct url_kind *kind, struct error *error)
{
    bool is_secure = parts->scheme != NULL && strcasecmp(parts->scheme, kind->secure) == 0;
    if (has_text(parts->user) || has_text(parts->query) || has_text(parts->fragment)) {
        return error_set(error, ERROR_USAGE, "%s: no user, query or fragment belongs in it",
                         kind->setting);
    }
    if (!has_text(parts->scheme) || !has_text(parts->host) || !is_plain(parts->host, "-._:[]") ||
        !is_plain(parts->path, "-._~/") ||
        (!is_secure && strcasecmp(parts->scheme, kind->plain) != 0)) {
        return error_set(error, ERROR_USAGE, "%s '%s': not %s %s URL", kind->setting, text,
                         kind->secure[0] == 'h' ? "an" : "a", kind->secure);
    }
    if (!is_secure && !kind->is_signed && !is_loopback(parts->host)) {
        return error_set(error, ERROR_USAGE,
                         "%s '%s': plain %s is for loopback addresses only (use %s)", kind->setting,
                         text, kind->plain, kind->secure);
    }
    return true;
}

/* Of two that name the same server and path, the same text. */
static bool append_normal(const struct url_parts *parts, const struct url_kind *kind,
                          struct text *normal)
{
    bool is_secure = strcasecmp(parts->scheme, kind->secure) == 0;
    int usual = is_secure ? 443 : 80;
    text_printf(normal, "%s://", is_secure ? kind->secure : kind->plain);
    for (const char *c = parts->host; *c != '\0'; c++) {
        text_printf(normal, "%c", tolower((unsigned char)*c));
    }
    if (parts->port_number != 0 && parts->port_number != usual) {
        text_printf(normal, ":%d", parts->port_number);
    }
    text_printf(normal, "%s", parts->path);
    while (normal->size > 0 && normal->data[normal->size - 1] == '/') {
        normal->data[--normal->size] = '\0';
    }
    return !normal->failed;
}

static bool read_url(const char *text, const struct url_kind *kind, struct text *normal,
                     struct error *error)
{
    struct url_parts parts = {0};
    bool good = OSSL_parse_url(text, &parts.scheme, &parts.user, &parts.host, &parts.port,
                               &parts.port_number, &parts.path, &parts.query, &parts.fragment) == 1
                    ? check_parts(&parts, text, kind, error)
                    : error_set(error, ERROR_USAGE, "%s '%s': not a URL", kind->setting,
                                strchr(text, '@') != NULL ? "..." : text); /* a password? */
    ERR_clear_error();
    good = good && (append_normal(&parts, kind, normal) || error_no_memory(error));
    free_parts(&parts);
    return good;
}

bool base_url_read(const char *base_url, struct text *normal, struct error *error)
{
    static const struct url_kind BASE = {"base_url", "https", "http", false};
    return read_url(base_url, &BASE, normal, error);
}

bool base_url_read_stream(const char *stream_url, struct text *normal, struct error *error)
{
    static const struct url_kind STREAM = {"stream_url", "wss", "ws", false};
    return read_url(stream_url, &STREAM, normal, error);
}

bool base_url_read_seal(const char *seal_url, struct text *normal, struct error *error)
{
    static const struct url_kind SEAL = {"seal_url", "https", "http", true};
    return read_url(seal_url, &SEAL, normal, error);
}
