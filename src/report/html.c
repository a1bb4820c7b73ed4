#include "report/html.h"

#include <string.h>

#include "base/base64.h"
#include "base/embedded_file.h"
#include "base/sha256.h"
#include "base/utf8.h"

extern const struct embedded_file REPORT_ASSETS[];

static struct span asset(const char *name)
{
    const char *text = embedded_file_text(REPORT_ASSETS, name);
    /* The map belongs to the library's own page; a browser's tools would go looking for it. */
    const char *end = strstr(text, "//# sourceMappingURL=");
    return end == NULL ? span_of(text) : (struct span){text, (size_t)(end - text)};
}

static void append_asset(struct text *out, const char *name)
{
    text_append_span(out, asset(name));
}

/* What stands for a character; NULL where it may stand itself. */
static const char *escape_of(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\0':
        return "\xef\xbf\xbd";
    default:
        return NULL;
    }
}

void html_append_text(struct text *out, struct span text)
{
    struct text valid = {0};
    utf8_append_valid(&valid, text);
    for (size_t i = 0; i < valid.size; i++) {
        const char *escape = escape_of(valid.data[i]);
        text_append(out, escape != NULL ? escape : &valid.data[i],
                    escape != NULL ? strlen(escape) : 1);
    }
    out->failed |= valid.failed;
    text_free(&valid);
}

void html_append_json(struct text *out, struct span text)
{
    struct text json = {0};
    utf8_append_json(&json, text);
    for (size_t i = 0; i < json.size; i++) {
        if (json.data[i] == '<') {
            text_append_string(out, "\\u003c");
        } else {
            text_append_char(out, json.data[i]);
        }
    }
    out->failed |= json.failed;
    text_free(&json);
}

static const char *const SCRIPTS[] = {"dygraph.min.js", "charts.js", "page.js"};
#define SCRIPT_COUNT (sizeof SCRIPTS / sizeof SCRIPTS[0])

/* " 'sha256-...'" of each script, as a content security policy names them. */
static void append_script_hashes(struct text *out)
{
    struct error error = {0};
    struct sha256 *sha256 = sha256_new(&error);
    out->failed |= sha256 == NULL;
    for (size_t i = 0; i < SCRIPT_COUNT && !out->failed; i++) {
        struct span script = asset(SCRIPTS[i]);
        struct sha256_digest digest;
        out->failed |= !sha256_of(sha256, &script, 1, &digest, &error);
        text_append_string(out, " 'sha256-");
        base64_encode((struct span){(const char *)digest.bytes, SHA256_SIZE}, out);
        text_append_char(out, '\'');
    }
    sha256_free(sha256);
}

void html_begin(struct text *out, const char *title, struct maybe_int refresh_ms)
{
    text_append_string(out,
                       "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, "
                       "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
                       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                       "'none'; style-src 'unsafe-inline'; script-src");
    append_script_hashes(out);
    text_append_string(out, "\">\n<title>");
    html_append_text(out, span_of(title));
    /* The licence asks for its notice wherever the library goes. */
    text_append_string(out, "</title>\n<!--\n");
    append_asset(out, "dygraphs.txt");
    text_append_string(out, "-->\n<style>\n");
    append_asset(out, "dygraph.min.css");
    append_asset(out, "page.css");
    text_append_string(out, "</style>\n");
    if (refresh_ms.known) {
        text_printf(out,
                    "<noscript><meta http-equiv=\"refresh\" content=\"%lld\"></noscript>\n"
                    "<meta name=\"posrec-refresh-ms\" content=\"%lld\">\n",
                    (long long)(refresh_ms.value / 1000), (long long)refresh_ms.value);
    }
    text_append_string(out, "</head>\n<body>\n<h1>");
    html_append_text(out, span_of(title));
    text_append_string(out, "</h1>\n");
}

void html_end(struct text *out, bool charts)
{
    for (size_t i = 0; i < SCRIPT_COUNT && charts; i++) {
        text_append_string(out, "<script>");
        append_asset(out, SCRIPTS[i]);
        text_append_string(out, "</script>\n");
    }
    text_append_string(out, "</body>\n</html>\n");
}
