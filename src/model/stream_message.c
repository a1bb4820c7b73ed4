#include "model/stream_message.h"

#include <string.h>

#include "base/utf8.h"
#include "model/json_span.h"
#include "model/row_kinds.h"

#define SYMBOL                                                                                     \
    {                                                                                              \
        "s", 1                                                                                     \
    }
#define SIDE                                                                                       \
    {                                                                                              \
        "ps", 2                                                                                    \
    }

static const struct object_kind ACCOUNT_UPDATE = {
    .rows = {&ROW_KINDS[ROW_ACCOUNT_UPDATE]},
    .ignored = " B P ",
};
static const struct object_kind POSITION_UPDATE = {
    .rows = {&ROW_KINDS[ROW_POSITION_UPDATE]},
    .symbol = SYMBOL,
    .side = SIDE,
};
static const struct object_kind BALANCE_UPDATE = {.rows = {&ROW_KINDS[ROW_BALANCE_UPDATE]}};
static const struct object_kind LEVERAGE_UPDATE = {
    .rows = {&ROW_KINDS[ROW_LEVERAGE_UPDATE]},
    .symbol = SYMBOL,
};
static const struct object_kind MARGIN_CALL = {
    .rows = {&ROW_KINDS[ROW_MARGIN_CALL]},
    .symbol = SYMBOL,
    .side = SIDE,
};
/* The documented fields of an order that a trade has no column for. The client's id (c) is kept: by
 * it alone a deleveraging differs from a liquidation. */
static const struct object_kind TRADE = {
    .rows = {&ROW_KINDS[ROW_TRADE]},
    .symbol = SYMBOL,
    .side = SIDE,
    .ignored = " o f q p ap sp X z ma b a R wt ot cp AP cr pP si ss V pm er ",
};

/* What surrounds every message. */
struct envelope {
    struct span event;   /* "e", with its quotes */
    struct span product; /* "fs", with its quotes; empty where it is not said */
    struct maybe_int event_ms;
    struct maybe_int transaction_ms;
    struct span content; /* "a", "o", "ac" or "p"; empty when there is none */
};

/* The message in an envelope of {"stream":...,"data":{...}}, as the exchange's combined streams
 * send it and some tools log it; the body itself when it is in none. */
static struct span unwrap(struct span body)
{
    struct json_walk walk = json_walk_at(body, 0);
    struct span key, value, data = {"", 0};
    bool has_stream = false;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        if (json_key_is(key, "e")) {
            return body;
        }
        has_stream |= json_key_is(key, "stream");
        data = json_key_is(key, "data") && value.data[0] == '{' ? value : data;
    }
    return has_stream && data.size > 0 ? data : body;
}

static bool take_time(struct span key, struct span value, const char *name, struct maybe_int *time)
{
    if (!json_key_is(key, name)) {
        return true;
    }
    time->known = json_whole(value, &time->value);
    return time->known;
}

static bool read_envelope(struct span body, struct envelope *envelope, struct error *error)
{
    static const char *const CONTENTS[] = {"a", "o", "ac", "p"};
    struct json_walk walk = json_walk_at(unwrap(body), 0);
    struct span key, value;
    enum json_step step;
    *envelope = (struct envelope){0};
    while ((step = json_next_member(&walk, &key, &value)) == JSON_ITEM) {
        if (json_key_is(key, "e")) {
            envelope->event = value;
        }
        envelope->product = json_key_is(key, "fs") ? value : envelope->product;
        if (!take_time(key, value, "E", &envelope->event_ms) ||
            !take_time(key, value, "T", &envelope->transaction_ms)) {
            return error_set(error, ERROR_FAILED, "field %.*s: not a time", (int)key.size,
                             key.data);
        }
        for (size_t i = 0; i < sizeof CONTENTS / sizeof CONTENTS[0]; i++) {
            if (json_key_is(key, CONTENTS[i])) {
                envelope->content = value;
            }
        }
    }
    if (step == JSON_INVALID || !json_walk_at_end(&walk)) {
        return error_set(error, ERROR_FAILED, "not a JSON object at byte %zu", walk.at);
    }
    return (envelope->event.size > 0 && envelope->event.data[0] == '"') ||
           error_set(error, ERROR_FAILED, "no message: it names no event (e)");
}

/* Sets the columns that every row of a message has of its envelope. */
static bool set_times(const struct envelope *envelope, struct row *row, struct error *error)
{
    static const char *const NAMES[] = {"transaction_ms", "event_ms"};
    const struct maybe_int times[] = {envelope->transaction_ms, envelope->event_ms};
    for (int i = 0; i < row->kind->column_count; i++) {
        for (int j = 0; j < 2; j++) {
            if (strcmp(row->kind->columns[i].name, NAMES[j]) != 0) {
                continue;
            }
            if (!times[j].known) {
                return error_set(error, ERROR_FAILED, "field %s: missing", j == 0 ? "T" : "E");
            }
            row_set(row, i, times[j].value);
        }
    }
    return true;
}

static bool read_object(struct facts *facts, const struct object_kind *kind,
                        const struct envelope *envelope, struct span text, struct error *error)
{
    return facts_read(facts, kind, text, error) && set_times(envelope, facts_last(facts), error);
}

static bool read_list(struct facts *facts, const struct object_kind *kind,
                      const struct envelope *envelope, struct span list, struct error *error)
{
    struct json_walk walk = json_walk_at(list, 0);
    struct span text;
    enum json_step step;
    for (size_t i = 0; (step = json_next_element(&walk, &text)) == JSON_ITEM; i++) {
        bool was_good = facts->odd.count == 0;
        if (!read_object(facts, kind, envelope, text, error)) {
            return error_context(error, "%s, element %zu", kind->rows[0]->table, i);
        }
        if (was_good && facts->odd.count > 0) {
            error_context(&facts->odd.first, "%s, element %zu", kind->rows[0]->table, i);
        }
    }
    return step == JSON_END ||
           error_set(error, ERROR_FAILED, "%s: not a JSON array", kind->rows[0]->table);
}

static bool read_account_update(struct facts *facts, const struct envelope *envelope,
                                struct error *error)
{
    struct json_walk walk = json_walk_at(envelope->content, 0);
    struct span key, value;
    if (!read_object(facts, &ACCOUNT_UPDATE, envelope, envelope->content, error)) {
        return false;
    }
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        if ((json_key_is(key, "B") && !read_list(facts, &BALANCE_UPDATE, envelope, value, error)) ||
            (json_key_is(key, "P") &&
             !read_list(facts, &POSITION_UPDATE, envelope, value, error))) {
            return false;
        }
    }
    return true;
}

/* Whether an order's message tells of a trade: it was filled, liquidated or deleveraged, and has a
 * trade's id. */
static bool is_trade(struct span order)
{
    struct json_walk walk = json_walk_at(order, 0);
    struct span key, value;
    bool executed = false, has_id = false;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        if (json_key_is(key, "x")) {
            executed = span_is(value, "\"TRADE\"") || span_is(value, "\"CALCULATED\"");
        } else if (json_key_is(key, "t")) {
            int64_t id;
            has_id = value.data[0] == '"' || (json_whole(value, &id) && id > 0);
        }
    }
    return executed && has_id;
}

static bool read_trade(struct facts *facts, const struct envelope *envelope, struct error *error)
{
    if (!is_trade(envelope->content)) {
        return true;
    }
    if (!read_object(facts, &TRADE, envelope, envelope->content, error)) {
        return false;
    }
    struct row *row = facts_last(facts);
    row_set_text(row, row_kind_column(row->kind, "source"), span_of("stream"));
    return true;
}

static bool is_foreign(const struct envelope *envelope, const struct product *product)
{
    struct span said = envelope->product;
    return said.size > 0 && !(said.size == strlen(product->stream_word) + 2 &&
                              memcmp(said.data + 1, product->stream_word, said.size - 2) == 0);
}

static bool read_rows(const struct product *product, struct facts *facts,
                      const struct envelope *envelope, struct error *error)
{
    if (is_foreign(envelope, product)) {
        return true;
    }
    if (span_is(envelope->event, "\"ACCOUNT_UPDATE\"")) {
        return read_account_update(facts, envelope, error);
    }
    if (envelope->content.size == 0) {
        return true;
    }
    if (span_is(envelope->event, "\"ORDER_TRADE_UPDATE\"")) {
        return read_trade(facts, envelope, error);
    }
    if (span_is(envelope->event, "\"ACCOUNT_CONFIG_UPDATE\"")) {
        return read_object(facts, &LEVERAGE_UPDATE, envelope, envelope->content, error);
    }
    if (span_is(envelope->event, "\"MARGIN_CALL\"")) {
        return read_list(facts, &MARGIN_CALL, envelope, envelope->content, error);
    }
    return true;
}

bool stream_message_read(const struct product *product, struct span body, struct facts *facts,
                         struct error *error)
{
    struct envelope envelope;
    facts_clear(facts);
    if (!utf8_is_valid(body)) {
        return error_set(error, ERROR_FAILED, "not UTF-8 at byte %zu", utf8_valid_size(body));
    }
    if (!read_envelope(body, &envelope, error)) {
        return false;
    }
    if (!json_value_is_valid(json_trim(body))) {
        return error_set(error, ERROR_FAILED, "not JSON");
    }
    bool done = read_rows(product, facts, &envelope, error) && facts_settle(facts, error);
    if (!done || facts->odd.count > 0) {
        error_context(done ? &facts->odd.first : error, "%.*s",
                      (int)(envelope.event.size < 40 ? envelope.event.size : 40),
                      envelope.event.size > 0 ? envelope.event.data : "");
    }
    return done;
}

bool stream_message_is(struct span body, const char *event)
{
    struct json_walk walk = json_walk_at(unwrap(body), 0);
    struct span key, value;
    size_t size = strlen(event);
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        if (json_key_is(key, "e")) {
            return value.size == size + 2 && memcmp(value.data + 1, event, size) == 0;
        }
    }
    return false;
}

bool stream_message_moves_positions(const struct product *product, struct span body)
{
    struct envelope envelope;
    struct error ignored;
    struct span key, value, element;
    bool moves = false;
    if (!read_envelope(body, &envelope, &ignored) || is_foreign(&envelope, product) ||
        !span_is(envelope.event, "\"ACCOUNT_UPDATE\"")) {
        return false;
    }
    struct json_walk walk = json_walk_at(envelope.content, 0);
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        struct json_walk list = json_walk_at(value, 0);
        moves |= json_key_is(key, "P") && json_next_element(&list, &element) == JSON_ITEM;
    }
    return moves;
}
