/* The exchange's own paths, those of each product (product.c), listenKey and those of the spot
 * side, with the checks and error codes that its documentation states. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rights.h"
#include "rows.h"
#include "sim.h"

#define RECV_WINDOW_MS_MAX 60000
#define RECV_WINDOW_MS_DEFAULT 5000

/* Of the spot side; whole, as they are of no product. */
static const struct product_path SPOT_PATHS[] = {
    {"/sapi/v1/account/apiRestrictions", 1, 0, true, " ", rights_reply},
    {"/api/v3/time", 1, 0, false, " ", exchange_time_reply},
    {0},
};

static struct weight *weight_of(const struct request *request)
{
    return request->is_spot ? &request->sim->spot_weight : &request->sim->weight;
}

void exchange_log(struct sim *sim, struct request *request, const char *endpoint,
                  const char *account, int status)
{
    int size = (int)strcspn(request->uri, "?");
    fprintf(sim->log_file,
            "{\"ms\":%lld,\"exchange_ms\":%lld,\"method\":\"%s\",\"endpoint\":\"%s\","
            "\"account\":\"%s\",\"status\":%d,\"weight\":%d,\"bytes\":%zu,\"signature\":\"%s\","
            "\"path\":\"%.*s\"}\n",
            (long long)sim_machine_ms(), (long long)sim_now_ms(sim), request->method, endpoint,
            account, status, weight_of(request)->used, request->sent_bytes,
            sim_parameter(request, "signature"), size, request->uri);
}

static enum MHD_Result send_reply(struct sim *sim, struct request *request, const char *endpoint,
                                  const char *account, struct reply *reply)
{
    char weight[16], retry[16];
    bool is_sapi = strncmp(request->uri, "/sapi/", 6) == 0;
    const char *headers[] = {"Content-Type",
                             "application/json",
                             is_sapi ? "X-SAPI-USED-IP-WEIGHT-1M" : "X-MBX-USED-WEIGHT-1M",
                             weight,
                             NULL,
                             NULL,
                             NULL};
    snprintf(weight, sizeof weight, "%d", weight_of(request)->used);
    if (reply->retry_after_s > 0) {
        snprintf(retry, sizeof retry, "%d", reply->retry_after_s);
        headers[4] = "Retry-After";
        headers[5] = retry;
    }
    enum MHD_Result result = sim_answer(request, reply->status, reply->body, reply->size, headers);
    exchange_log(sim, request, endpoint, account, reply->status);
    free(reply->body);
    return result;
}

struct reply error_reply(int status, int code, const char *message)
{
    struct reply reply = {.status = status};
    FILE *out = open_memstream(&reply.body, &reply.size);
    fprintf(out, "{\"code\":%d,\"msg\":\"%s\"}", code, message);
    fclose(out);
    return reply;
}

/* Counts the request's weight; false, with the answer, when there is none left. */
static bool take_weight(struct request *request, int amount, struct reply *reply)
{
    char message[200];
    int retry_after_s = 0;
    struct weight *weight = weight_of(request);
    enum weight_verdict verdict =
        weight_take(weight, amount, sim_now_ms(request->sim), &retry_after_s);
    if (verdict == WEIGHT_GRANTED) {
        return true;
    }
    if (verdict == WEIGHT_BANNED) {
        snprintf(message, sizeof message,
                 "Way too many requests; IP banned until %lld. Please use the websocket for live "
                 "updates to avoid bans.",
                 (long long)weight->banned_until_ms);
    } else {
        snprintf(message, sizeof message,
                 "Too many requests; current limit of IP is %d requests per minute.",
                 weight->limit);
    }
    *reply = error_reply(verdict == WEIGHT_BANNED ? 418 : 429, -1003, message);
    reply->retry_after_s = retry_after_s;
    return false;
}

int64_t sim_whole_parameter(struct request *request, const char *name, int64_t standard)
{
    const char *value = sim_parameter(request, name);
    char *end;
    if (value[0] == '\0') {
        return standard;
    }
    int64_t number = strtoll(value, &end, 10);
    return *end == '\0' ? number : LLONG_MIN;
}

static bool check_timestamp(const struct sim *sim, struct request *request, struct reply *reply)
{
    int64_t timestamp_ms = sim_whole_parameter(request, "timestamp", LLONG_MIN);
    int64_t window_ms = sim_whole_parameter(request, "recvWindow", RECV_WINDOW_MS_DEFAULT);
    int64_t now_ms = sim_now_ms(sim);
    if (timestamp_ms == LLONG_MIN) {
        *reply = error_reply(400, -1102,
                             "Mandatory parameter 'timestamp' was not sent, was empty/null, or "
                             "malformed.");
        return false;
    }
    if (window_ms == LLONG_MIN || window_ms <= 0) {
        *reply = error_reply(400, -1104, "Illegal characters found in parameter 'recvWindow'.");
        return false;
    }
    if (window_ms > RECV_WINDOW_MS_MAX) {
        *reply = error_reply(400, -1131, "recvWindow must be less than 60000");
        return false;
    }
    if (timestamp_ms > now_ms + 1000) {
        *reply = error_reply(400, -1021,
                             "Timestamp for this request was 1000ms ahead of the server's time.");
        return false;
    }
    if (now_ms - timestamp_ms > window_ms) {
        *reply =
            error_reply(400, -1021, "Timestamp for this request is outside of the recvWindow.");
        return false;
    }
    return true;
}

/* The signature signs the query in front of it, and nothing comes after it. */
static bool check_signature(const struct sim_account *account, struct request *request,
                            struct reply *reply)
{
    const char *signature = sim_parameter(request, "signature");
    const char *query = strchr(request->uri, '?');
    const char *mark = query == NULL ? NULL : strstr(query, "&signature=");
    bool good = false;
    if (signature[0] == '\0') {
        *reply = error_reply(400, -1102,
                             "Mandatory parameter 'signature' was not sent, was empty/null, or "
                             "malformed.");
        return false;
    }
    if (mark != NULL && strchr(mark + 1, '&') == NULL) {
        char *payload = strndup(query + 1, (size_t)(mark - query - 1));
        good = accounts_check_signature(account, payload, signature);
        free(payload);
    }
    if (!good) {
        *reply = error_reply(400, -1022, "Signature for this request is not valid.");
    }
    return good;
}

/* Whose key the request has; NULL for nobody's. */
static struct sim_account *account_of(const struct sim *sim, struct request *request)
{
    const char *key =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "X-MBX-APIKEY");
    return key == NULL ? NULL : accounts_find_key(&sim->accounts, key);
}

static bool check_key(const struct sim_account *account, struct request *request,
                      struct reply *reply)
{
    const char *key =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "X-MBX-APIKEY");
    if (key == NULL || key[0] == '\0') {
        *reply = error_reply(401, -2014, "API-key format invalid.");
        return false;
    }
    if (account == NULL || account->revoked || (account->rights & RIGHT_READS) == 0 ||
        (account->has_no_futures && !request->is_spot)) {
        *reply = error_reply(401, -2015, "Invalid API-key, IP, or permissions for action.");
        return false;
    }
    return true;
}

struct parameter_count {
    const char *takes;
    int read, sent;
};

static enum MHD_Result note_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    static const char SIGNED[] = " timestamp recvWindow signature ";
    struct parameter_count *count = context;
    char word[64];
    (void)kind;
    (void)value;
    snprintf(word, sizeof word, " %s ", name);
    count->sent++;
    count->read += strstr(count->takes, word) != NULL || strstr(SIGNED, word) != NULL;
    return MHD_YES;
}

/* Whether the path takes all that is sent, and together. */
static bool check_parameters(const struct product_path *path, struct request *request,
                             struct reply *reply)
{
    struct parameter_count count = {path->takes, 0, 0};
    char message[120];
    for (const char *byte = request->uri; *byte != '\0' && path->takes != NULL; byte++) {
        if ((unsigned char)*byte >= 0x80) {
            *reply = error_reply(400, -1100, "Illegal characters found in a parameter.");
            return false;
        }
    }
    if (path->takes != NULL) {
        MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, note_parameter,
                                  &count);
    }
    if (count.read < count.sent) {
        snprintf(message, sizeof message,
                 "Not all sent parameters were read; read '%d' parameter(s) but was sent '%d'.",
                 count.read, count.sent);
        *reply = error_reply(400, -1104, message);
        return false;
    }
    if (path->takes == NULL && sim_parameter(request, "marginAsset")[0] != '\0' &&
        sim_parameter(request, "pair")[0] != '\0') {
        *reply = error_reply(400, -1128, "Combination of optional parameters invalid.");
        return false;
    }
    return true;
}

struct reply exchange_positions_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    struct sim *sim = question->sim;
    struct request *request = question->request;
    struct market_account *trader = &question->ledger->trader;
    struct market_style style = question->market->style;
    style.symbol = sim_parameter(request, "symbol");
    style.margin_asset = sim_parameter(request, "marginAsset");
    style.pair = sim_parameter(request, "pair");
    if (question->market->product->no_pairs && style.symbol[0] != '\0' &&
        market_find_symbol(question->market, style.symbol) < 0) {
        return error_reply(400, -1121, "Invalid symbol.");
    }
    market_step(trader, sim_now_ms(sim));
    stream_tell(sim, question->ledger);
    if (sim->state_file != NULL && !accounts_save_state(&sim->accounts, sim->state_file)) {
        perror(sim->state_file);
    }
    FILE *out = open_memstream(&reply.body, &reply.size);
    rows_write_positions(out, trader, &style);
    fclose(out);
    return reply;
}

struct reply exchange_time_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    FILE *out = open_memstream(&reply.body, &reply.size);
    fprintf(out, "{\"serverTime\":%lld}", (long long)sim_now_ms(question->sim));
    fclose(out);
    return reply;
}

struct reply exchange_info_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    const struct market *market = question->market;
    FILE *out = open_memstream(&reply.body, &reply.size);
    fprintf(out,
            "{\"timezone\":\"UTC\",\"serverTime\":%lld,\"rateLimits\":[{\"rateLimitType\":"
            "\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":%d},{"
            "\"rateLimitType\":"
            "\"ORDERS\",\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":1200}],"
            "\"exchangeFilters\":[],",
            (long long)sim_now_ms(question->sim), question->sim->weight.limit);
    if (market->product->write_info != NULL) {
        market->product->write_info(out, market);
    }
    fputs("\"symbols\":", out);
    for (int i = 0; i < market->count; i++) {
        fputc(i == 0 ? '[' : ',', out);
        market->product->write_contract(out, market, i);
    }
    fputs("]}", out);
    fclose(out);
    return reply;
}

static void reset_connection(struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct linger at_once = {1, 0};
    if (info != NULL) {
        setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
}

/* Half a body: says its whole length, sends a part, and hangs up. */
static ssize_t half_reader(void *context, uint64_t position, char *buffer, size_t room)
{
    const struct reply *half = context;
    size_t part = half->size / 2;
    if (position >= part) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t size = part - (size_t)position < room ? part - (size_t)position : room;
    memcpy(buffer, half->body + position, size);
    return (ssize_t)size;
}

static void half_free(void *context)
{
    struct reply *half = context;
    free(half->body);
    free(half);
}

static enum MHD_Result send_half(struct sim *sim, struct request *request, const char *endpoint,
                                 const char *account, const struct reply *reply)
{
    struct reply *half = malloc(sizeof *half);
    *half = *reply;
    struct MHD_Response *response =
        MHD_create_response_from_callback(half->size, 1024, half_reader, half, half_free);
    exchange_log(sim, request, endpoint, account, 200);
    return sim_send(request, 200, response);
}

static void replace_body(struct reply *reply, const char *bytes, size_t size)
{
    free(reply->body);
    reply->body = malloc(size + 1);
    memcpy(reply->body, bytes, size);
    reply->size = size;
}

static void stall(struct sim *sim, struct request *request, int64_t delay_ms)
{
    request->was_stalled = true;
    request->resume_ms = sim_machine_ms() + delay_ms;
    request->next_stalled = sim->stalled;
    sim->stalled = request;
    MHD_suspend_connection(request->connection);
}

/* So many zeros as gzip: a thousandth of that on the wire. */
static enum MHD_Result send_bomb(struct sim *sim, struct request *request, const char *endpoint,
                                 const char *account, size_t size)
{
    void *packed = NULL, *zeros = calloc(1, size);
    size_t packed_size = 0;
    if (zeros == NULL || !sim_gzip(zeros, size, &packed, &packed_size)) {
        packed_size = 0;
    }
    free(zeros);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(packed_size, packed, MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    request->sent_bytes = packed_size;
    exchange_log(sim, request, endpoint, account, 200);
    return sim_send(request, 200, response);
}

/* Applies a fault to the good answer. */
static enum MHD_Result send_faulty(struct sim *sim, struct request *request, const char *endpoint,
                                   const char *account, const struct fault *fault,
                                   struct reply *reply)
{
    switch (fault->kind) {
    case FAULT_STATUS:
        free(reply->body);
        *reply = error_reply(fault->status, fault->code != 0 ? fault->code : -1000,
                             fault->message[0] != '\0' ? fault->message : "Simulated fault.");
        reply->retry_after_s = fault->retry_after_s;
        break;
    case FAULT_RESET:
        free(reply->body);
        exchange_log(sim, request, endpoint, account, 0);
        reset_connection(request);
        return MHD_NO;
    case FAULT_HALF:
        return send_half(sim, request, endpoint, account, reply);
    case FAULT_TRUNCATED:
        reply->size = reply->size * 2 / 3;
        break;
    case FAULT_GARBAGE:
        replace_body(reply, "\x1f\x8b\xff\x00<html>gateway</html>", 24);
        break;
    case FAULT_LARGE:
        free(reply->body);
        reply->body = malloc(fault->size);
        memset(reply->body, ' ', fault->size);
        reply->size = fault->size;
        break;
    case FAULT_BOMB:
        return send_bomb(sim, request, endpoint, account, fault->size);
    case FAULT_BODY:
        reply->status = fault->status;
        reply->retry_after_s = fault->retry_after_s;
        replace_body(reply, fault->body != NULL ? fault->body : "", fault->body_size);
        break;
    case FAULT_REDIRECT:
        free(reply->body);
        exchange_log(sim, request, endpoint, account, 302);
        return sim_answer(request, 302, "", 0, (const char *[]){"Location", "/dapi/v1/time", NULL});
    default:
        break;
    }
    return send_reply(sim, request, endpoint, account, reply);
}

static enum MHD_Result answer_with(struct sim *sim, struct request *request, const char *endpoint,
                                   const char *account, struct reply *reply)
{
    struct fault fault = request->fault_after_stall;
    if (!request->was_stalled) {
        int product = product_of_path(request->uri);
        fault = faults_take(&sim->faults, account,
                            product == PRODUCT_COUNT ? "spot" : PRODUCTS[product].name, endpoint);
    }
    if (fault.delay_ms > 0 && !request->was_stalled) {
        free(reply->body);
        request->fault_after_stall = fault;
        exchange_log(sim, request, endpoint, account,
                     0); /* it has come; its answer is logged too */
        stall(sim, request, fault.delay_ms);
        return MHD_YES;
    }
    return fault.kind == FAULT_NONE || fault.kind == FAULT_STALL
               ? send_reply(sim, request, endpoint, account, reply)
               : send_faulty(sim, request, endpoint, account, &fault, reply);
}

/* The last part of a path. */
static const char *endpoint_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

static enum MHD_Result answer_question(struct question *question, const struct product_path *path)
{
    struct reply reply;
    struct sim *sim = question->sim;
    struct request *request = question->request;
    struct sim_account *account = path->is_signed ? account_of(sim, request) : NULL;
    const char *name = account != NULL ? account->name : "";
    bool one = path->symbol_weight > 0 && sim_parameter(request, "symbol")[0] != '\0';
    if (!take_weight(request, one ? path->symbol_weight : path->weight, &reply) ||
        (path->is_signed &&
         (!check_key(account, request, &reply) || !check_timestamp(sim, request, &reply) ||
          !check_signature(account, request, &reply))) ||
        ((path->is_signed || path->takes != NULL) && !check_parameters(path, request, &reply))) {
        return send_reply(sim, request, endpoint_of(path->path), name, &reply);
    }
    question->ledger = account != NULL ? &account->ledgers[question->market - sim->markets] : NULL;
    reply = path->reply(question);
    return answer_with(sim, request, endpoint_of(path->path), name, &reply);
}

/* The key alone says whose listen key it is. */
static enum MHD_Result answer_listen_key(struct question *question, const char *method)
{
    struct reply reply;
    struct sim *sim = question->sim;
    struct request *request = question->request;
    struct sim_account *account = account_of(sim, request);
    if (!take_weight(request, 1, &reply) || !check_key(account, request, &reply)) {
        return send_reply(sim, request, "listenKey", account != NULL ? account->name : "", &reply);
    }
    reply = stream_key_reply(sim, &account->ledgers[question->market - sim->markets], method);
    return answer_with(sim, request, "listenKey", account->name, &reply);
}

static const struct product_path *find_path(const struct product_path *paths, const char *path)
{
    for (const struct product_path *known = paths; known->path != NULL; known++) {
        if (strcmp(path, known->path) == 0) {
            return known;
        }
    }
    return NULL;
}

enum MHD_Result exchange_answer(struct sim *sim, struct request *request, const char *method,
                                const char *path)
{
    struct reply reply;
    int product = product_of_path(path);
    struct question question = {.sim = sim, .request = request};
    const struct product_path *known = NULL;
    if (product != PRODUCT_COUNT) {
        const char *rest = path + strlen(PRODUCTS[product].prefix);
        question.market = &sim->markets[product];
        if (strcmp(rest, "v1/listenKey") == 0 && strcmp(method, "GET") != 0) {
            return answer_listen_key(&question, method);
        }
        known = find_path(PRODUCTS[product].paths, rest);
    } else {
        known = find_path(SPOT_PATHS, path);
        question.market = &sim->markets[COIN_M]; /* any: it is asked of the account */
        request->is_spot = known != NULL;
    }
    if (strcmp(method, "GET") != 0) {
        reply = error_reply(405, -1000, "Method not allowed.");
        return send_reply(sim, request, path, "", &reply);
    }
    if (known == NULL) {
        reply = error_reply(404, -5000, "Path not found.");
        return send_reply(sim, request, "unknown", "", &reply);
    }
    return answer_question(&question, known);
}
