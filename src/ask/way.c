#include "ask/way.h"

#include <string.h>

static bool same_string(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool same_host(const struct account_settings *a, const struct account_settings *b)
{
    return a->exchange.product == b->exchange.product &&
           same_string(a->exchange.base_url, b->exchange.base_url) &&
           same_string(a->proxy, b->proxy) && same_string(a->ca_file, b->ca_file);
}

bool way_serves(const struct way *way, struct span family, const char *proxy)
{
    return span_equal(text_span(&way->family), family) && same_string(way->proxy, proxy);
}

void way_family(const char *base_url, struct text *family)
{
    const char *host = strstr(base_url, "://");
    host = host != NULL ? host + 3 : base_url;
    const char *port = strchr(host, ':');
    if (strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 || host[0] == '[') {
        port = strrchr(host, ':');
        text_append_string(family, "loopback");
        text_append_string(family, port != NULL ? port : "");
        return;
    }
    for (; *host != '\0'; host++) {
        for (int i = 0; product_at(i) != NULL; i++) {
            const char *word = product_at(i)->host_word;
            size_t size = strlen(word);
            if (strncmp(host, word, size) == 0 && strchr(".-", host[size]) != NULL) {
                host += size;
            }
        }
        text_append_char(family, *host);
    }
}

bool same_way(const struct account_settings *a, const struct account_settings *b)
{
    struct text ours = {0}, theirs = {0};
    if (!same_string(a->proxy, b->proxy)) {
        return false;
    }
    way_family(a->exchange.base_url, &ours);
    way_family(b->exchange.base_url, &theirs);
    bool same = !ours.failed && !theirs.failed && span_equal(text_span(&ours), text_span(&theirs));
    text_free(&ours);
    text_free(&theirs);
    return same;
}

static size_t oldest(const struct way *way)
{
    return way->connections % WAY_CONNECTIONS_MAX;
}

struct boot_time way_connect_next(const struct way *way)
{
    if (way->connections < WAY_CONNECTIONS_MAX) {
        return (struct boot_time){0};
    }
    return boot_after(way->connected[oldest(way)], WAY_CONNECTIONS_MS);
}

bool way_may_connect(const struct way *way, struct boot_time now)
{
    return way->connecting < WAY_CONNECTING_MAX && boot_reached(now, way_connect_next(way));
}

void way_note_connecting(struct way *way, struct boot_time now)
{
    way->connected[oldest(way)] = now;
    way->connections++;
    way->connecting++;
}

void way_note_connected(struct way *way)
{
    way->connecting--;
}
