#include "model/capture_line.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/decimal.h"
#include "base/utf8.h"
#include "model/json_span.h"

/* What a line has said so far, besides what is in the capture. */
struct reading {
    struct capture *capture;
    int64_t now_ms;
    bool has_received_ms;
    bool has_outcome;
    enum outcome outcome;
    struct text detail;
    unsigned seen; /* bits by index in FIELDS */
};

static bool wrong(const char *name, const char *why, struct error *error)
{
    return error_set(error, ERROR_USAGE, "field \"%s\": %s", name, why);
}

static bool take_int(const char *name, struct span value, int64_t from, int64_t to, int64_t *number,
                     struct error *error)
{
    bool rounded = false;
    if (!json_number_is_valid(value) || decimal_parse(value, 0, number, &rounded) != DECIMAL_OK ||
        rounded) {
        return wrong(name, "not a whole number", error);
    }
    if (*number < from || *number > to) {
        return error_set(error, ERROR_USAGE, "field \"%s\": %lld is not within %lld and %lld", name,
                         (long long)*number, (long long)from, (long long)to);
    }
    return true;
}

static bool take_maybe(const char *name, struct span value, int64_t from, int64_t to,
                       struct maybe_int *number, struct error *error)
{
    number->known = take_int(name, value, from, to, &number->value, error);
    return number->known;
}

static bool take_time(const struct reading *reading, const char *name, struct span value,
                      int64_t *time_ms, struct error *error)
{
    char field[40];
    snprintf(field, sizeof field, "field \"%s\"", name);
    return take_int(name, value, INT64_MIN, INT64_MAX, time_ms, error) &&
           capture_check_time(field, *time_ms, reading->now_ms, error);
}

static bool take_maybe_time(const struct reading *reading, const char *name, struct span value,
                            struct maybe_int *time_ms, struct error *error)
{
    time_ms->known = take_time(reading, name, value, &time_ms->value, error);
    return time_ms->known;
}

static bool take_string(const char *name, struct span value, struct text *out, struct error *error)
{
    if (value.data[0] != '"' || !json_unescape(value, out)) {
        return wrong(name, "not a string", error);
    }
    return memchr(text_string(out), '\0', out->size) == NULL || wrong(name, "has a NUL", error);
}

static bool take_account(struct reading *reading, const char *name, struct span value,
                         struct error *error)
{
    return take_string(name, value, &reading->capture->account, error) &&
           (capture_account_is_valid(text_span(&reading->capture->account)) ||
            wrong(name, "not an account's name (" CAPTURE_ACCOUNT_RULE ")", error));
}

static bool take_endpoint(struct reading *reading, const char *name, struct span value,
                          struct error *error)
{
    struct text text = {0};
    bool taken = take_string(name, value, &text, error) &&
                 (endpoint_from_name(text_span(&text), &reading->capture->endpoint) ||
                  wrong(name, "no endpoint that posrec knows", error));
    text_free(&text);
    return taken;
}

static bool take_outcome(struct reading *reading, const char *name, struct span value,
                         struct error *error)
{
    struct text text = {0};
    reading->has_outcome = take_string(name, value, &text, error) &&
                           (outcome_from_name(text_span(&text), &reading->outcome) ||
                            wrong(name, "no outcome that posrec knows", error));
    text_free(&text);
    return reading->has_outcome;
}

static bool take_due(struct reading *reading, const char *name, struct span value,
                     struct error *error)
{
    return take_maybe_time(reading, name, value, &reading->capture->due_ms, error);
}

static bool take_sent(struct reading *reading, const char *name, struct span value,
                      struct error *error)
{
    return take_maybe_time(reading, name, value, &reading->capture->sent_ms, error);
}

static bool take_received(struct reading *reading, const char *name, struct span value,
                          struct error *error)
{
    reading->has_received_ms =
        take_time(reading, name, value, &reading->capture->received_ms, error);
    return reading->has_received_ms;
}

static bool take_offset(struct reading *reading, const char *name, struct span value,
                        struct error *error)
{
    return take_maybe(name, value, -CAPTURE_CLOCK_OFFSET_MS_MAX, CAPTURE_CLOCK_OFFSET_MS_MAX,
                      &reading->capture->clock_offset_ms, error);
}

static bool take_interval(struct reading *reading, const char *name, struct span value,
                          struct error *error)
{
    return take_maybe(name, value, 1, CAPTURE_INTERVAL_MS_MAX, &reading->capture->interval_ms,
                      error);
}

static bool take_attempt(struct reading *reading, const char *name, struct span value,
                         struct error *error)
{
    return take_int(name, value, 1, INT32_MAX, &reading->capture->attempt, error);
}

static bool take_status(struct reading *reading, const char *name, struct span value,
                        struct error *error)
{
    return take_maybe(name, value, 100, 999, &reading->capture->http_status, error);
}

static bool take_weight(struct reading *reading, const char *name, struct span value,
                        struct error *error)
{
    return take_maybe(name, value, 0, INT64_MAX, &reading->capture->used_weight, error);
}

static bool take_code(struct reading *reading, const char *name, struct span value,
                      struct error *error)
{
    return take_maybe(name, value, INT64_MIN, INT64_MAX, &reading->capture->api_code, error);
}

static bool take_detail(struct reading *reading, const char *name, struct span value,
                        struct error *error)
{
    return take_string(name, value, &reading->detail, error);
}

static bool take_request(struct reading *reading, const char *name, struct span value,
                         struct error *error)
{
    struct text *request = &reading->capture->request;
    if (!take_string(name, value, request, error)) {
        return false;
    }
    if (request->size > CAPTURE_REQUEST_SIZE_MAX) {
        return error_set(error, ERROR_USAGE, "field \"%s\": longer than %zu bytes", name,
                         CAPTURE_REQUEST_SIZE_MAX);
    }
    return !utf8_has_control(text_span(request)) || wrong(name, "has a control character", error);
}

static bool begin_body(struct reading *reading, const char *name, struct error *error)
{
    if (reading->capture->has_body) {
        return wrong(name, "a second body", error);
    }
    reading->capture->has_body = true;
    return true;
}

/* The largest value of a line by far: read in one pass, straight into its place. */
static bool take_body(struct reading *reading, const char *name, struct json_walk *walk,
                      struct error *error)
{
    struct text *body = &reading->capture->body;
    struct span value;
    if (!begin_body(reading, name, error)) {
        return false;
    }
    if (walk->text.data[walk->at] == '"') {
        return json_take_string(walk, body) || wrong(name, "not a JSON string", error);
    }
    if (!json_take_value(walk, &value) ||
        (value.size <= CAPTURE_BODY_SIZE_MAX && !json_value_is_valid(value))) {
        return wrong(name, "neither a string nor JSON", error);
    }
    reading->capture->has_body = !span_is(value, "null");
    if (reading->capture->has_body) {
        text_append(body, value.data, value.size);
    }
    return true;
}

static bool take_base64(struct reading *reading, const char *name, struct span value,
                        struct error *error)
{
    struct text text = {0};
    bool taken = begin_body(reading, name, error) && take_string(name, value, &text, error) &&
                 (base64_decode(text_span(&text), &reading->capture->body) ||
                  wrong(name, "not base64", error));
    text_free(&text);
    return taken;
}

struct line_field {
    const char *name;
    bool (*take)(struct reading *reading, const char *name, struct span value, struct error *error);
};

static const struct line_field FIELDS[] = {
    {"account", take_account},      {"sent_ms", take_sent},
    {"received_ms", take_received}, {"http_status", take_status},
    {"body_base64", take_base64},   {"endpoint", take_endpoint},
    {"due_ms", take_due},           {"interval_ms", take_interval},
    {"attempt", take_attempt},      {"clock_offset_ms", take_offset},
    {"used_weight", take_weight},   {"request", take_request},
    {"outcome", take_outcome},      {"detail", take_detail},
    {"api_code", take_code},
};
#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])
#define FIELD_BODY "body" /* the one that is not in FIELDS */

/* Notes that a field was there; false when it was there before. `index` is the field's own. */
static bool see(struct reading *reading, size_t index, const char *name, struct error *error)
{
    if ((reading->seen & (1u << index)) != 0) {
        return wrong(name, "given twice", error);
    }
    reading->seen |= 1u << index;
    return true;
}

static bool take_member(struct reading *reading, struct span key, struct json_walk *walk,
                        struct error *error)
{
    struct span value;
    if (json_key_is(key, FIELD_BODY)) {
        return see(reading, FIELD_COUNT, FIELD_BODY, error) &&
               take_body(reading, FIELD_BODY, walk, error);
    }
    if (!json_take_value(walk, &value)) {
        return error_set(error, ERROR_USAGE, "not JSON at byte %zu", walk->at);
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (json_key_is(key, FIELDS[i].name)) {
            return see(reading, i, FIELDS[i].name, error) &&
                   (span_is(value, "null") ||
                    FIELDS[i].take(reading, FIELDS[i].name, value, error));
        }
    }
    return error_set(error, ERROR_USAGE, "field %.*s: unknown",
                     (int)(key.size < 60 ? key.size : 60), key.data);
}

/* How much later than its answer a request may seem to be sent, and due: the exchange's clock may
 * be set back meanwhile, by more when it was not known yet as the schedule was made. */
#define SENT_LATE_MS_MAX INT64_C(60000)
#define DUE_LATE_MS_MAX CAPTURE_AHEAD_MS_MAX

static bool check_late(const char *name, struct maybe_int time_ms, const struct capture *capture,
                       int64_t late_ms_max, struct error *error)
{
    return !time_ms.known || time_ms.value - capture->received_ms <= late_ms_max ||
           error_set(error, ERROR_USAGE, "field \"%s\": more than %lld s after received_ms", name,
                     (long long)late_ms_max / 1000);
}

/* The stream is not asked: what it brings has the time at which it came, and no other. */
static bool check_times(const struct capture *capture, struct error *error)
{
    if (capture->endpoint == ENDPOINT_USER_DATA) {
        const char *name = capture->sent_ms.known       ? "sent_ms"
                           : capture->due_ms.known      ? "due_ms"
                           : capture->interval_ms.known ? "interval_ms"
                                                        : NULL;
        return name == NULL || wrong(name, "userData has none", error);
    }
    return check_late("sent_ms", capture->sent_ms, capture, SENT_LATE_MS_MAX, error) &&
           check_late("due_ms", capture->due_ms, capture, DUE_LATE_MS_MAX, error);
}

/* Why an answer whose body was not kept cannot have the outcome; NULL when it can. */
static const char *answer_objection(struct capture *capture, enum outcome said)
{
    if (said == OUTCOME_OK) {
        return "nothing is known of it without a body";
    }
    if (!capture->http_status.known) {
        return "only an http_status tells it";
    }
    capture_judge(capture);
    text_clear(&capture->detail);
    enum outcome follows = capture->outcome == OUTCOME_OK ? OUTCOME_UNREADABLE : capture->outcome;
    return said == follows ? NULL : "the http_status says otherwise";
}

/* Likewise for outcomes that no status or body proves. */
static const char *event_objection(const struct capture *capture, enum outcome said)
{
    bool is_stream = capture->endpoint == ENDPOINT_USER_DATA;
    bool has_answer = capture->http_status.known || capture->has_body;
    switch (said) {
    case OUTCOME_OPENED:
    case OUTCOME_CLOSED:
        return !is_stream   ? "only of userData"
               : has_answer ? "has neither http_status nor body"
                            : NULL;
    case OUTCOME_TLS_ERROR:
        return has_answer ? "comes before any http_status or body" : NULL;
    default:
        return !capture->has_body               ? NULL
               : is_stream                      ? "a message comes whole"
               : capture_body_is_whole(capture) ? "the body is whole, so it was answered"
                                                : NULL;
    }
}

/* Status and bytes decide the outcome; what the line says of it counts only where they cannot, and
 * must be possible then. */
static bool settle_outcome(struct reading *reading, struct error *error)
{
    struct capture *capture = reading->capture;
    enum outcome said = reading->outcome;
    struct maybe_int api_code = capture->api_code;
    bool is_event = reading->has_outcome && !outcome_follows_from_response(said);
    if (api_code.known && (capture->has_body || is_event)) {
        return wrong("api_code", "is for an answer whose body was not kept", error);
    }
    if (capture->has_body && !is_event) {
        if (capture->endpoint == ENDPOINT_USER_DATA && capture->http_status.known) {
            return wrong("http_status", "a message has none", error);
        }
        capture_judge(capture);
        return true;
    }
    if (!reading->has_outcome) {
        return error_set(error, ERROR_USAGE, "neither a body nor an outcome in it");
    }
    const char *objection =
        is_event ? event_objection(capture, said) : answer_objection(capture, said);
    if (objection != NULL) {
        return error_set(error, ERROR_USAGE, "field \"outcome\": %s: %s", outcome_name(said),
                         objection);
    }
    capture->outcome = said;
    capture->api_code = api_code;
    capture_append_detail(capture, text_span(&reading->detail));
    return true;
}

static bool read_line(struct reading *reading, struct span line, struct error *error)
{
    struct json_walk walk = json_walk_at(line, 0);
    struct span key;
    enum json_step step;
    if (!utf8_is_valid(line)) {
        return error_set(error, ERROR_USAGE, "not UTF-8 at byte %zu (body_base64 takes any bytes)",
                         utf8_valid_size(line));
    }
    while ((step = json_next_key(&walk, &key)) == JSON_ITEM) {
        if (!take_member(reading, key, &walk, error)) {
            return false;
        }
    }
    if (step == JSON_INVALID || !json_walk_at_end(&walk)) {
        size_t start = json_skip_space(line, 0);
        bool bare = start < line.size && line.data[start] == '[';
        return error_set(error, ERROR_USAGE, "not a JSON object at byte %zu%s", walk.at,
                         bare ? " (a bare response needs --received-at TIME)" : "");
    }
    if (!reading->has_received_ms) {
        return error_set(error, ERROR_USAGE, "no received_ms in it");
    }
    if (reading->capture->body.size > CAPTURE_BODY_SIZE_MAX) {
        return error_set(error, ERROR_USAGE, "a body of more than %zu bytes",
                         CAPTURE_BODY_SIZE_MAX);
    }
    return check_times(reading->capture, error) && settle_outcome(reading, error);
}

bool capture_line_parse(struct span line, int64_t now_ms, struct capture *capture,
                        struct error *error)
{
    struct reading reading = {.capture = capture, .now_ms = now_ms};
    bool done = read_line(&reading, line, error);
    if (capture_failed(capture) || reading.detail.failed) {
        done = error_no_memory(error);
    }
    text_free(&reading.detail);
    return done;
}

static void append_name(struct text *out, const char *name)
{
    bool first = out->size > 0 && text_string(out)[out->size - 1] == '{';
    text_append_string(out, first ? "\"" : ",\"");
    text_append_string(out, name);
    text_append_string(out, "\":");
}

static void append_int(struct text *out, const char *name, struct maybe_int value)
{
    if (value.known) {
        append_name(out, name);
        text_append_int(out, value.value);
    }
}

static void append_text(struct text *out, const char *name, struct span value)
{
    if (value.size > 0) {
        append_name(out, name);
        text_append_json(out, value);
    }
}

static void append_body(struct text *out, struct span body)
{
    bool is_text = utf8_is_valid(body);
    append_name(out, is_text ? "body" : "body_base64");
    if (is_text) {
        text_append_json(out, body);
        return;
    }
    text_append_char(out, '"');
    base64_encode(body, out);
    text_append_char(out, '"');
}

void capture_line_append(struct text *out, const struct capture *capture)
{
    text_append_char(out, '{');
    append_text(out, "account", text_span(&capture->account));
    append_int(out, "sent_ms", capture->sent_ms);
    append_int(out, "received_ms", maybe_of(capture->received_ms));
    append_int(out, "http_status", capture->http_status);
    append_text(out, "endpoint", span_of(endpoint_name(capture->endpoint)));
    append_int(out, "due_ms", capture->due_ms);
    append_int(out, "interval_ms", capture->interval_ms);
    append_int(out, "attempt", maybe_of(capture->attempt));
    append_int(out, "clock_offset_ms", capture->clock_offset_ms);
    append_int(out, "used_weight", capture->used_weight);
    append_text(out, "request", text_span(&capture->request));
    if (!capture->has_body || !outcome_follows_from_response(capture->outcome)) {
        append_text(out, "outcome", span_of(outcome_name(capture->outcome)));
        append_text(out, "detail", text_span(&capture->detail));
    }
    if (!capture->has_body) {
        append_int(out, "api_code", capture->api_code);
    }
    if (capture->has_body) {
        append_body(out, text_span(&capture->body));
    }
    text_append_string(out, "}\n");
}
