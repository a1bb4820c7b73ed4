#include "subscribe.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"

#define ID_LENGTH_MAX 36

/* Codes of errors. */
enum { UNKNOWN_PROPERTY = 0, BAD_VALUE = 1, BAD_REQUEST = 2, BAD_JSON = 3, TOO_MANY = 4 };

/* A request and what becomes of it. */
struct call {
    struct sim_connection *connection;
    const char *text;
    const cJSON *params; /* an array, or NULL */
    cJSON *answer;
};

static void refuse(struct call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(struct call *call, int code, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    cJSON *error = cJSON_AddObjectToObject(call->answer, "error");
    cJSON_AddNumberToObject(error, "code", code);
    cJSON_AddStringToObject(error, "msg", message);
}

/* Where a text ends, as the exchange's reader says it. */
static const char *end_of(const char *text, char *place, size_t size)
{
    int line = 1, column = 0;
    for (; *text != '\0'; text++) {
        column = *text == '\n' ? 0 : column + 1;
        line += *text == '\n';
    }
    snprintf(place, size, "line %d column %d", line, column);
    return place;
}

static bool is_text(const cJSON *item)
{
    return cJSON_IsString(item) && item->valuestring != NULL;
}

static const cJSON *parameter(const struct call *call, int index)
{
    return cJSON_GetArrayItem(call->params, index);
}

/* Whether all that is named can be a stream. */
static bool check_streams(struct call *call)
{
    const cJSON *item;
    char place[48];
    if (call->params == NULL) {
        refuse(call, BAD_REQUEST, "Invalid request: missing field `params` at %s",
               end_of(call->text, place, sizeof place));
        return false;
    }
    cJSON_ArrayForEach(item, call->params)
    {
        if (!is_text(item) || !connection_is_stream_name(item->valuestring)) {
            refuse(call, BAD_REQUEST, "Invalid request: invalid stream");
            return false;
        }
    }
    return true;
}

static void subscribe(struct call *call)
{
    const cJSON *item;
    if (!check_streams(call)) {
        return;
    }
    cJSON_ArrayForEach(item, call->params)
    {
        if (!connection_subscribe(call->connection, item->valuestring)) {
            refuse(call, TOO_MANY, "Too many subscriptions");
            return;
        }
    }
    cJSON_AddNullToObject(call->answer, "result");
}

static void unsubscribe(struct call *call)
{
    const cJSON *item;
    if (!check_streams(call)) {
        return;
    }
    cJSON_ArrayForEach(item, call->params)
    {
        connection_unsubscribe(call->connection, item->valuestring);
    }
    cJSON_AddNullToObject(call->answer, "result");
}

static void list_subscriptions(struct call *call)
{
    cJSON *names = cJSON_AddArrayToObject(call->answer, "result");
    for (size_t i = 0; i < call->connection->stream_count; i++) {
        cJSON_AddItemToArray(names, cJSON_CreateString(call->connection->streams[i].name));
    }
}

/* There is one property, "combined", and it comes first of so many parameters. */
static bool check_property(struct call *call, int count)
{
    const cJSON *name = parameter(call, 0);
    if (!is_text(name)) {
        refuse(call, BAD_REQUEST, "Invalid request: property name must be a string");
    } else if (strcmp(name->valuestring, "combined") != 0) {
        refuse(call, UNKNOWN_PROPERTY, "Unknown property");
    } else if (cJSON_GetArraySize(call->params) > count) {
        refuse(call, BAD_REQUEST, "Invalid request: too many parameters");
    } else {
        return true;
    }
    return false;
}

static void set_property(struct call *call)
{
    if (!check_property(call, 2)) {
        return;
    }
    if (!cJSON_IsBool(parameter(call, 1))) {
        refuse(call, BAD_VALUE, "Invalid value type: expected Boolean");
        return;
    }
    call->connection->combined = cJSON_IsTrue(parameter(call, 1));
    cJSON_AddNullToObject(call->answer, "result");
}

static void get_property(struct call *call)
{
    if (check_property(call, 1)) {
        cJSON_AddBoolToObject(call->answer, "result", call->connection->combined);
    }
}

static const struct method {
    const char *name;
    void (*run)(struct call *call);
} METHODS[] = {
    {"SUBSCRIBE", subscribe},
    {"UNSUBSCRIBE", unsubscribe},
    {"LIST_SUBSCRIPTIONS", list_subscriptions},
    {"SET_PROPERTY", set_property},
    {"GET_PROPERTY", get_property},
};

static const struct method *find_method(struct call *call, const cJSON *request)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(request, "method");
    char place[48];
    end_of(call->text, place, sizeof place);
    if (!is_text(name)) {
        refuse(call, BAD_REQUEST, "Invalid request: missing field `method` at %s", place);
        return NULL;
    }
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (strcmp(name->valuestring, METHODS[i].name) == 0) {
            return &METHODS[i];
        }
    }
    refuse(call, BAD_REQUEST,
           "Invalid request: unknown variant `%.80s`, expected one of `SUBSCRIBE`, "
           "`UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at %s",
           name->valuestring, place);
    return NULL;
}

static bool is_id(const cJSON *id)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    if (is_text(id)) {
        size_t size = strlen(id->valuestring);
        return size > 0 && size <= ID_LENGTH_MAX && strspn(id->valuestring, LETTERS) == size;
    }
    return cJSON_IsNumber(id) && id->valuedouble >= 0 && floor(id->valuedouble) == id->valuedouble;
}

static void answer_request(struct call *call, const cJSON *request)
{
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(request, "id");
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(request, "params");
    const struct method *method = find_method(call, request);
    call->params = cJSON_IsArray(params) ? params : NULL;
    if (method != NULL && !is_id(id)) {
        refuse(call, BAD_REQUEST, "Invalid request: request ID must be an unsigned integer");
    } else if (method != NULL) {
        method->run(call);
    }
    if (is_id(id)) {
        cJSON_AddItemToObject(call->answer, "id", cJSON_Duplicate(id, false));
    }
}

void subscribe_answer(struct sim_connection *connection, const char *text, size_t size)
{
    char *copy = strndup(text, size);
    cJSON *request = cJSON_ParseWithOpts(copy, NULL, true);
    struct call call = {.connection = connection, .text = copy, .answer = cJSON_CreateObject()};
    if (request == NULL) {
        refuse(&call, BAD_JSON, "Invalid JSON: expected value at line 1 column 1");
    } else {
        answer_request(&call, request);
    }
    char *answer = cJSON_PrintUnformatted(call.answer);
    connection_send(connection, answer);
    cJSON_free(answer);
    cJSON_Delete(call.answer);
    cJSON_Delete(request);
    free(copy);
}
