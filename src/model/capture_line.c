#include "model/capture_line.h"

#include <assert.h>
#include <stdio.h>

#include "base/base64.h"
#include "base/decimal.h"
#include "base/utf8.h"
#include "model/capture_fields.h"
#include "model/json_span.h"
#include "model/product.h"

/* The members of a line: a capture's fields, and what is none of them. */
enum {
    MEMBER_ACCOUNT = CAPTURE_FIELD_COUNT,
    MEMBER_BASE64,
    MEMBER_BODY,
    MEMBER_PRODUCT,
    MEMBER_COUNT,
};

static const char *const OTHER_NAMES[MEMBER_COUNT - CAPTURE_FIELD_COUNT] = {
    "account", "body_base64", "body", "product"};

/* The order in which they are written. */
static const enum capture_field_id WRITTEN[] = {
    CAPTURE_SENT_MS,     CAPTURE_RECEIVED_MS, CAPTURE_HTTP_STATUS, CAPTURE_ENDPOINT,
    CAPTURE_DUE_MS,      CAPTURE_INTERVAL_MS, CAPTURE_ATTEMPT,     CAPTURE_CLOCK_OFFSET_MS,
    CAPTURE_USED_WEIGHT, CAPTURE_REQUEST,     CAPTURE_OUTCOME,     CAPTURE_DETAIL,
    CAPTURE_API_CODE,
};
static_assert(sizeof WRITTEN / sizeof WRITTEN[0] == CAPTURE_FIELD_COUNT, "each field is written");

/* A line as it is read. */
struct reading {
    struct capture *capture;
    int64_t now_ms;
    struct text detail; /* as the line gives it */
    unsigned seen;      /* bit of a member: it is there, ... */
    unsigned told;      /* ... and not null */
};

static const char *member_name(int member)
{
    return member < CAPTURE_FIELD_COUNT ? CAPTURE_FIELDS[member].name
                                        : OTHER_NAMES[member - CAPTURE_FIELD_COUNT];
}

static bool is_told(const struct reading *reading, int member)
{
    return (reading->told >> member & 1u) != 0;
}

static bool wrong(const char *name, const char *why, struct error *error)
{
    return error_set(error, ERROR_USAGE, "field \"%s\": %s", name, why);
}

static bool check_time(const char *name, int64_t time_ms, int64_t now_ms, struct error *error)
{
    char field[40];
    snprintf(field, sizeof field, "field \"%s\"", name);
    return capture_check_time(field, time_ms, now_ms, error);
}

static bool take_number(const struct reading *reading, enum capture_field_id id, struct span value,
                        struct error *error)
{
    const struct capture_field *field = &CAPTURE_FIELDS[id];
    struct maybe_int number = maybe_of(0);
    bool rounded = false;
    if (!json_number_is_valid(value) ||
        decimal_parse(value, 0, &number.value, &rounded) != DECIMAL_OK || rounded) {
        return wrong(field->name, "not a whole number", error);
    }
    if (number.value < field->min || number.value > field->max) {
        return error_set(error, ERROR_USAGE, "field \"%s\": %lld is not within %lld and %lld",
                         field->name, (long long)number.value, (long long)field->min,
                         (long long)field->max);
    }
    capture_set_number(reading->capture, id, number);
    return !field->is_time || check_time(field->name, number.value, reading->now_ms, error);
}

static bool take_string(const char *name, struct span value, struct text *out, struct error *error)
{
    if (value.data[0] != '"' || !json_unescape(value, out)) {
        return wrong(name, "not a string", error);
    }
    return memchr(text_string(out), '\0', out->size) == NULL || wrong(name, "has a NUL", error);
}

static bool check_request(const struct text *request, const char *name, struct error *error)
{
    if (request->size > CAPTURE_REQUEST_SIZE_MAX) {
        return error_set(error, ERROR_USAGE, "field \"%s\": longer than %zu bytes", name,
                         CAPTURE_REQUEST_SIZE_MAX);
    }
    return !utf8_has_control(text_span(request)) || wrong(name, "has a control character", error);
}

static bool take_text(const struct reading *reading, enum capture_field_id id, struct span value,
                      struct error *error)
{
    const char *name = CAPTURE_FIELDS[id].name;
    struct text text = {0};
    bool taken = take_string(name, value, &text, error) &&
                 (id != CAPTURE_REQUEST || check_request(&text, name, error));
    if (taken && text.failed) {
        taken = error_no_memory(error);
    } else if (taken && !capture_set_text(reading->capture, id, text_span(&text))) {
        taken = error_set(error, ERROR_USAGE, "field \"%s\": no %s that posrec knows", name, name);
    }
    text_free(&text);
    return taken;
}

static bool take_account(struct text *account, const char *name, struct span value,
                         struct error *error)
{
    return take_string(name, value, account, error) &&
           (capture_account_is_valid(text_span(account)) ||
            wrong(name, "not an account's name (" CAPTURE_ACCOUNT_RULE ")", error));
}

static bool take_product(struct capture *capture, const char *name, struct span value,
                         struct error *error)
{
    struct text product = {0};
    bool taken = take_string(name, value, &product, error);
    capture->product = product_find(text_span(&product));
    text_free(&product);
    return taken && (capture->product != NULL || wrong(name, "not " PRODUCT_NAMES, error));
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
        text_append_span(body, value);
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

/* Takes the value of any member but the body. */
static bool take_value(struct reading *reading, int member, struct span value, struct error *error)
{
    const char *name = member_name(member);
    if (span_is(value, "null")) {
        return true;
    }
    reading->told |= 1u << member;
    if (member == MEMBER_ACCOUNT) {
        return take_account(&reading->capture->account, name, value, error);
    }
    if (member == MEMBER_PRODUCT) {
        return take_product(reading->capture, name, value, error);
    }
    if (member == MEMBER_BASE64) {
        return take_base64(reading, name, value, error);
    }
    enum capture_field_id id = (enum capture_field_id)member;
    return capture_field_is_text(id) ? take_text(reading, id, value, error)
                                     : take_number(reading, id, value, error);
}

static bool take_member(struct reading *reading, struct span key, struct json_walk *walk,
                        struct error *error)
{
    struct span value;
    int member = 0;
    while (member < MEMBER_COUNT && !json_key_is(key, member_name(member))) {
        member++;
    }
    bool again = (reading->seen >> member & 1u) != 0;
    reading->seen |= 1u << member;
    if (member == MEMBER_BODY && !again) {
        return take_body(reading, member_name(member), walk, error);
    }
    if (member != MEMBER_BODY && !json_take_value(walk, &value)) {
        return error_set(error, ERROR_USAGE, "not JSON at byte %zu", walk->at);
    }
    if (member == MEMBER_COUNT) {
        return error_set(error, ERROR_USAGE, "field %.*s: unknown",
                         (int)(key.size < 60 ? key.size : 60), key.data);
    }
    return again ? wrong(member_name(member), "given twice", error)
                 : take_value(reading, member, value, error);
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

/* The stream and the recorder are not asked: what they tell has the time at which it came, and no
 * other. */
static bool check_times(const struct capture *capture, struct error *error)
{
    bool is_recorder = capture->endpoint == ENDPOINT_RECORDER;
    if (capture->endpoint == ENDPOINT_USER_DATA || is_recorder) {
        const char *name = capture->sent_ms.known                       ? "sent_ms"
                           : capture->due_ms.known                      ? "due_ms"
                           : capture->interval_ms.known && !is_recorder ? "interval_ms"
                                                                        : NULL;
        return name == NULL ||
               wrong(name, is_recorder ? "recorder has none" : "userData has none", error);
    }
    return check_late("sent_ms", capture->sent_ms, capture, SENT_LATE_MS_MAX, error) &&
           check_late("due_ms", capture->due_ms, capture, DUE_LATE_MS_MAX, error);
}

/* Why an answer whose body was not kept cannot have the outcome; NULL when it can. */
static const char *answer_objection(struct capture *capture, enum outcome said)
{
    if (capture->endpoint == ENDPOINT_RECORDER) {
        return "a recorder is started or stopped";
    }
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
    bool is_recorder = capture->endpoint == ENDPOINT_RECORDER;
    bool has_answer = capture->http_status.known || capture->has_body;
    if (is_recorder != (said == OUTCOME_STARTED || said == OUTCOME_STOPPED)) {
        return is_recorder ? "a recorder is started or stopped" : "only of recorder";
    }
    switch (said) {
    case OUTCOME_STARTED:
    case OUTCOME_STOPPED:
        return has_answer ? "has neither http_status nor body" : NULL;
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
    enum outcome said = capture->outcome;
    struct maybe_int api_code = capture->api_code;
    bool is_event = is_told(reading, CAPTURE_OUTCOME) && !outcome_follows_from_response(said);
    struct text detail = capture->detail;
    capture->detail = reading->detail;
    reading->detail = detail;
    if (capture->endpoint == ENDPOINT_RECORDER && capture->has_body) {
        return wrong("body", "a recorder is not asked", error);
    }
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
    if (!is_told(reading, CAPTURE_OUTCOME)) {
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
    if (!is_told(reading, CAPTURE_RECEIVED_MS)) {
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
    append_name(out, member_name(is_text ? MEMBER_BODY : MEMBER_BASE64));
    if (is_text) {
        text_append_json(out, body);
        return;
    }
    text_append_char(out, '"');
    base64_encode(body, out);
    text_append_char(out, '"');
}

/* Whether a line says the field: what status and bytes decide, it does not. */
static bool is_written(const struct capture *capture, enum capture_field_id id)
{
    switch (id) {
    case CAPTURE_OUTCOME:
    case CAPTURE_DETAIL:
        return !capture->has_body || !outcome_follows_from_response(capture->outcome);
    case CAPTURE_API_CODE:
        return !capture->has_body;
    default:
        return true;
    }
}

static void append_field(struct text *out, const struct capture *capture, enum capture_field_id id)
{
    const char *name = CAPTURE_FIELDS[id].name;
    if (capture_field_is_text(id)) {
        append_text(out, name, capture_text(capture, id));
        return;
    }
    struct maybe_int number = capture_number(capture, id);
    if (number.known) {
        append_name(out, name);
        text_append_int(out, number.value);
    }
}

void capture_line_append(struct text *out, const struct capture *capture)
{
    text_append_char(out, '{');
    append_text(out, member_name(MEMBER_ACCOUNT), text_span(&capture->account));
    if (capture->product != NULL &&
        capture->product != PRODUCT_DEFAULT) { /* which a line is of else */
        append_text(out, member_name(MEMBER_PRODUCT), span_of(capture->product->name));
    }
    for (int i = 0; i < CAPTURE_FIELD_COUNT; i++) {
        if (is_written(capture, WRITTEN[i])) {
            append_field(out, capture, WRITTEN[i]);
        }
    }
    if (capture->has_body) {
        append_body(out, text_span(&capture->body));
    }
    text_append_string(out, "}\n");
}
