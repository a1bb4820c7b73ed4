#include "stream/wire.h"
#include "year.h"

static int owner_of(const struct stream_link *link)
{
    for (size_t i = 0; i < year->account_count; i++) {
        if (strcmp(year->accounts[i].name, link->stream->account) == 0) {
            return (int)i;
        }
    }
    year_fail("a stream of no account");
}

void wire_connect(struct stream_link *link, const struct account_settings *settings,
                  struct transport *transport, const struct now *now)
{
    struct error error;
    const struct http_request request = {.url = settings->stream_url,
                                         .proxy = settings->proxy,
                                         .timeout_ms = settings->timeout_ms,
                                         .is_channel = true,
                                         .owner = link};
    (void)now;
    check_connecting(owner_of(link));
    transport_start(transport, &request, &error);
}

static void add_item(struct wire *wire, int64_t at, enum wire_step step, const char *message)
{
    if (wire->item_count == wire->item_capacity) {
        wire->item_capacity = wire->item_capacity * 2 + 8;
        wire->items = reallocarray(wire->items, wire->item_capacity, sizeof *wire->items);
        assert_non_null(wire->items);
    }
    wire->last_at = at > wire->last_at ? at : wire->last_at;
    wire->items[wire->item_count++] =
        (struct wire_item){step, wire->last_at, message != NULL ? strdup(message) : NULL};
    event_add(wire->last_at, EVENT_WIRE, (int)(wire - year->wires), wire->serial);
}

void wire_take(struct stream_link *link, struct http_response *response,
               const struct account_settings *settings, const struct now *now)
{
    (void)settings;
    if (link->phase != LINK_CONNECTING) {
        return;
    }
    if (response->channel == NULL) {
        stream_broke(link,
                     response->outcome == OUTCOME_TIMEOUT ? OUTCOME_TIMEOUT : OUTCOME_NETWORK_ERROR,
                     (struct maybe_int){0}, response->reason, now);
        return;
    }
    if (link->stream->key.size == 0) {
        stream_broke(link, OUTCOME_NETWORK_ERROR, (struct maybe_int){0}, "the listen key is gone",
                     now);
        return;
    }
    struct wire *wire = year->wires;
    while (wire->serial != 0) {
        assert_true(++wire < year->wires + YEAR_WIRES_MAX);
    }
    int account = owner_of(link);
    *wire = (struct wire){.serial = ++year->next_serial,
                          .link = link,
                          .account = account,
                          .key_number =
                              strtoll(strstr(text_string(&link->stream->key), "Key") + 3, NULL, 10),
                          .is_shaking = true};
    link->wire = wire;
    stream_shakes(link, now->boot);
    if (year->now >= year->routes[year->accounts[account].route].swallows_until) {
        add_item(wire, year->now + 20 + draw_span(1, 500),
                 !year->is_quiet && one_in(100) ? WIRE_REFUSE : WIRE_OPEN, NULL);
    }
}

void network_push(struct year_account *account, const char *message)
{
    for (size_t i = 0; i < YEAR_WIRES_MAX; i++) {
        struct wire *wire = &year->wires[i];
        bool hears = wire->serial != 0 && wire->is_open && !wire->is_silent &&
                     &year->accounts[wire->account] == account && account->key_is_alive &&
                     wire->key_number == account->key_number;
        if (hears && year->now - account->key_extended <= YEAR_HOUR) {
            add_item(wire, year->now + 5 + draw_span(1, 200), WIRE_MESSAGE, message);
        }
    }
}

void network_break(struct year_account *account, bool silently)
{
    for (size_t i = 0; i < YEAR_WIRES_MAX; i++) {
        struct wire *wire = &year->wires[i];
        if (wire->serial == 0 || &year->accounts[wire->account] != account) {
            continue;
        }
        if (!silently && !wire->is_silent) {
            add_item(wire, year->now + draw(100), WIRE_BREAK, NULL);
        }
        wire->is_silent = true;
        wire->is_open = false;
    }
}

void network_wire(const struct event *event)
{
    struct wire *wire = &year->wires[event->index];
    if (wire->serial == event->serial && wire->item_count > 0 && wire->items[0].step == WIRE_OPEN) {
        wire->is_open = !wire->is_silent; /* what is pushed from now on comes by it */
    }
}

void *transport_ready(struct transport *transport)
{
    (void)transport;
    for (size_t i = 0; i < YEAR_WIRES_MAX; i++) {
        struct wire *wire = &year->wires[i];
        if (wire->serial != 0 && wire->item_count > 0 && wire->items[0].at <= year->now) {
            return wire->link;
        }
    }
    return NULL;
}

static void take_item(struct stream_link *link, struct wire_item *item, const struct now *now)
{
    struct year_account *account = &year->accounts[link->wire->account];
    struct stream_link *other = &link->stream->links[link == &link->stream->links[0]];
    const struct maybe_int no_status = {0};
    stream_heard(link, now->boot);
    switch (item->step) {
    case WIRE_OPEN:
        expect_capture(account, ENDPOINT_USER_DATA, false, (struct span){0}, 0, 0, false);
        stream_opened(link, now);
        break;
    case WIRE_REFUSE:
        stream_broke(link, OUTCOME_NETWORK_ERROR, maybe_of(400), "refused", now);
        break;
    case WIRE_MESSAGE:
        year->messages++;
        expect_capture(account, ENDPOINT_USER_DATA, true, span_of(item->message), 0, 0,
                       other->phase == LINK_OPEN);
        stream_take_message(link, span_of(item->message), now);
        break;
    case WIRE_PONG:
        stream_take_pong(link);
        break;
    case WIRE_BREAK:
        stream_broke(link, OUTCOME_NETWORK_ERROR, no_status, "the connection ended", now);
        break;
    }
}

bool wire_read(struct stream_link *link, const struct now *now)
{
    while (link->wire != NULL && link->wire->item_count > 0 &&
           link->wire->items[0].at <= year->now) {
        struct wire *wire = link->wire;
        struct wire_item item = wire->items[0];
        memmove(wire->items, wire->items + 1, --wire->item_count * sizeof *wire->items);
        take_item(link, &item, now);
        free(item.message);
        stream_end_deaf(link, now);
    }
    return false;
}

void wire_ping(struct stream_link *link, const struct now *now)
{
    (void)now;
    if (!link->wire->is_silent) {
        add_item(link->wire, year->now + 5 + draw_span(1, 300), WIRE_PONG, NULL);
    }
}

static void free_wire(struct wire *wire)
{
    for (size_t i = 0; i < wire->item_count; i++) {
        free(wire->items[i].message);
    }
    free(wire->items);
    *wire = (struct wire){0};
}

void wire_close(struct stream_link *link, bool says_goodbye)
{
    (void)says_goodbye;
    bool was_open = link->phase == LINK_OPEN;
    if (link->phase != LINK_IDLE && !year->stops_silently && (was_open || !year->stops)) {
        expect_capture(&year->accounts[owner_of(link)], ENDPOINT_USER_DATA, false, (struct span){0},
                       0, 0, false);
    }
    if (link->wire != NULL) {
        free_wire(link->wire);
        link->wire = NULL;
    }
}

void wires_end(void)
{
    for (size_t i = 0; i < YEAR_WIRES_MAX; i++) {
        free_wire(&year->wires[i]);
    }
}
