#include "exchange/base_url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
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

static bool has_part(CURLU *url, CURLUPart what)
{
    char *part = NULL;
    curl_url_get(url, what, &part, 0);
    curl_free(part);
    return part != NULL;
}

static bool check_parts(CURLU *url, const char *text, const struct url_kind *kind,
                        struct error *error)
{
    char *scheme = NULL, *host = NULL;
    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    curl_url_get(url, CURLUPART_HOST, &host, 0);
    bool good = true;
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_QUERY) ||
        has_part(url, CURLUPART_FRAGMENT)) {
        good = error_set(error, ERROR_USAGE, "%s: no user, query or fragment belongs in it",
                         kind->setting);
    } else if (scheme == NULL || host == NULL ||
               (strcmp(scheme, kind->secure) != 0 && strcmp(scheme, kind->plain) != 0)) {
        good = error_set(error, ERROR_USAGE, "%s '%s': not %s %s URL", kind->setting, text,
                         kind->secure[0] == 'h' ? "an" : "a", kind->secure);
    } else if (strcmp(scheme, kind->plain) == 0 && !kind->is_signed && !is_loopback(host)) {
        good = error_set(error, ERROR_USAGE,
                         "%s '%s': plain %s is for loopback addresses only (use %s)", kind->setting,
                         text, kind->plain, kind->secure);
    }
    curl_free(scheme);
    curl_free(host);
    return good;
}

/* Of two that name the same server and path, the same text. A port is the usual one of http and
 * https, which libcurl knows: of ws and wss it may not. */
static bool append_normal(CURLU *url, const struct url_kind *kind, struct text *normal)
{
    char *scheme = NULL, *host = NULL, *whole = NULL;
    bool done = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    bool is_secure = done && strcmp(scheme, kind->secure) == 0;
    for (char *c = host; done && *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    done = done && curl_url_set(url, CURLUPART_HOST, host, 0) == CURLUE_OK &&
           curl_url_set(url, CURLUPART_SCHEME, is_secure ? "https" : "http", 0) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_URL, &whole, CURLU_NO_DEFAULT_PORT) == CURLUE_OK;
    if (done) {
        text_printf(normal, "%s%s", scheme, strchr(whole, ':'));
    }
    while (done && normal->size > 0 && normal->data[normal->size - 1] == '/') {
        normal->data[--normal->size] = '\0';
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(whole);
    return done && !normal->failed;
}

static bool read_url(const char *text, const struct url_kind *kind, struct text *normal,
                     struct error *error)
{
    CURLU *url = curl_url();
    if (url == NULL) {
        return error_no_memory(error);
    }
    bool good = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK
                    ? check_parts(url, text, kind, error)
                    : error_set(error, ERROR_USAGE, "%s '%s': not a URL", kind->setting,
                                strchr(text, '@') != NULL ? "..." : text); /* a password? */
    good = good && (append_normal(url, kind, normal) || error_no_memory(error));
    curl_url_cleanup(url);
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
