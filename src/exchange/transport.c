#include "exchange/transport.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/decimal.h"

/* Connections that are kept for the next request. */
#define IDLE_CONNECTIONS_MAX 128L
#define IDLE_S_MAX 118L /* libcurl's own limit */

#define CHANNEL_BUFFER_SIZE 1024L /* libcurl's own, of which a channel makes no use */
#define USER_AGENT "posrec"
#define CONNECT_TIMEOUT_MS 10000
#define FIRST_BODY_CAPACITY ((size_t)32768)

/* Header lines of all that answers a request: a proxy's CONNECT, 1xx, trailers. libcurl keeps them
 * all and bounds, depending on its version, a single one. */
#define HEADERS_SIZE_MAX ((size_t)64 << 10)

/* Channels that transport_poll() finds ready at once; the others it finds the next time. */
#define READY_MAX 256

struct transfer {
    struct transport *transport;
    bool is_connected; /* a channel that its owner has: struct channel is this */
    CURL *easy;
    struct curl_slist *headers;
    size_t headers_size; /* of the lines that came */
    bool too_large;
    struct http_response response;
    char error_text[CURL_ERROR_SIZE];
    LIST_ENTRY(transfer) others; /* that are under way */
};

struct transport {
    CURLM *multi;
    CURLSH *share; /* DNS and TLS sessions for all accounts */
    size_t body_size_max;
    size_t pending;
    LIST_HEAD(, transfer) transfers;
    int epoll_file; /* the connected channels' sockets */
    struct epoll_event ready[READY_MAX];
    int ready_count;
};

struct transport *transport_new(size_t body_size_max, struct error *error)
{
    struct transport *transport = NULL;
    /* libcurl would write what decrypts the connections, keys and all, into the file that it names.
     */
    unsetenv("SSLKEYLOGFILE");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        transport = calloc(1, sizeof *transport);
    }
    if (transport == NULL) {
        error_no_memory(error);
        return NULL;
    }
    transport->body_size_max = body_size_max;
    transport->multi = curl_multi_init();
    transport->share = curl_share_init();
    transport->epoll_file = epoll_create1(EPOLL_CLOEXEC);
    if (transport->multi == NULL || transport->share == NULL || transport->epoll_file < 0) {
        transport_free(transport);
        error_no_memory(error);
        return NULL;
    }
    curl_share_setopt(transport->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(transport->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS_MAX);
    return transport;
}

static void transfer_free(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    for (struct curl_slist *header = transfer->headers; header != NULL; header = header->next) {
        explicit_bzero(header->data, strlen(header->data));
    }
    curl_slist_free_all(transfer->headers);
    http_response_free(&transfer->response);
    free(transfer);
}

static void unlink_transfer(struct transport *transport, struct transfer *transfer)
{
    curl_multi_remove_handle(transport->multi, transfer->easy);
    LIST_REMOVE(transfer, others);
    transport->pending -= !transfer->is_connected;
}

void transport_free(struct transport *transport)
{
    if (transport == NULL) {
        return;
    }
    struct transfer *transfer;
    while ((transfer = LIST_FIRST(&transport->transfers)) != NULL) {
        unlink_transfer(transport, transfer);
        transfer_free(transfer);
    }
    curl_multi_cleanup(transport->multi);
    curl_share_cleanup(transport->share);
    if (transport->epoll_file >= 0) {
        close(transport->epoll_file);
    }
    free(transport);
    curl_global_cleanup();
}

void http_response_free(struct http_response *response)
{
    text_free(&response->body);
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct text *body = &transfer->response.body;
    size_t more = size * count;
    if (more > transfer->transport->body_size_max - body->size) {
        transfer->too_large = true;
        return 0; /* curl stops with CURLE_WRITE_ERROR */
    }
    if (body->capacity == 0) {
        text_reserve(body, FIRST_BODY_CAPACITY);
    }
    text_append(body, data, more);
    transfer->response.has_body = true;
    return body->failed ? 0 : more;
}

static size_t count_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    (void)data;
    transfer->headers_size += size * count;
    return transfer->headers_size > HEADERS_SIZE_MAX ? 0 : size * count; /* as in take_body() */
}

/* The value of a header of the final answer itself; NULL when it has none. */
static const char *header(CURL *easy, const char *name)
{
    struct curl_header *found;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value
                                                                                  : NULL;
}

static struct maybe_int header_number(CURL *easy, const char *name)
{
    const char *value = header(easy, name);
    int64_t number;
    bool rounded;
    bool good = value != NULL &&
                decimal_parse(span_of(value), 0, &number, &rounded) == DECIMAL_OK && !rounded &&
                number >= 0;
    return good ? maybe_of(number) : (struct maybe_int){0};
}

static void take_headers(const struct transfer *transfer, struct http_response *response)
{
    const char *date = header(transfer->easy, "Date");
    time_t seconds = date != NULL ? curl_getdate(date, NULL) : -1;
    response->date_ms = (struct maybe_int){seconds > 0, (int64_t)seconds * 1000};
    response->used_weight = header_number(transfer->easy, "X-MBX-USED-WEIGHT-1M");
    response->retry_after_s = header_number(transfer->easy, "Retry-After");
}

static bool add_header(struct transfer *transfer, const char *name, const char *value)
{
    struct curl_slist *headers = NULL;
    struct text header = {0};
    text_printf(&header, "%s: %s", name, value);
    if (!header.failed) {
        headers = curl_slist_append(transfer->headers, text_string(&header));
        transfer->headers = headers != NULL ? headers : transfer->headers;
    }
    text_wipe(&header);
    return headers != NULL;
}

static bool set_headers(struct transfer *transfer, const struct http_request *request)
{
    return (request->api_key == NULL || add_header(transfer, "X-MBX-APIKEY", request->api_key)) &&
           (request->body.data == NULL ||
            (add_header(transfer, "Content-Type", request->body_type) &&
             add_header(transfer, "Accept", request->accepted_type))) &&
           (transfer->headers == NULL ||
            curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK);
}

static bool set_body(CURL *easy, struct span body)
{
    return body.data == NULL ||
           (curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body.size) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body.data) == CURLE_OK);
}

/* A signal to the socket keeps a connection alive through quiet hours. */
static bool set_channel_options(CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, CHANNEL_BUFFER_SIZE) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK; /* ws:// too */
}

/* A connection that may be dead is not used again: libcurl counts how long it was idle in whole
 * seconds. */
static bool set_reuse(CURL *easy, int64_t idle_ms_max)
{
    long seconds = idle_ms_max / 1000 < IDLE_S_MAX ? (long)(idle_ms_max / 1000) : IDLE_S_MAX;
    return seconds > 0 ? curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, seconds) == CURLE_OK
                       : curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
}

/* HTTP/1.1: an upgrade is of that version, and of HTTP/2 libcurl would go on to use one connection
 * for all requests, dead or not. */
static bool set_options(struct transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;
    long timeout_ms = (long)request->timeout_ms;
    long connect_ms = timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS;
    return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           set_reuse(easy, request->idle_ms_max) &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy != NULL ? request->proxy : "") ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK && /* not the environment's */
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           (request->ca_file == NULL || /* in the place of the system's, a file and a folder */
            (curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file) == CURLE_OK &&
             curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK)) &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SHARE, transfer->transport->share) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error_text) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, count_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK &&
           (request->method == NULL ||
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) == CURLE_OK) &&
           (!request->is_channel || set_channel_options(easy)) && set_body(easy, request->body) &&
           set_headers(transfer, request);
}

bool transport_start(struct transport *transport, const struct http_request *request,
                     struct error *error)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) {
        return error_no_memory(error);
    }
    transfer->transport = transport;
    transfer->response.owner = request->owner;
    transfer->response.is_channel = request->is_channel;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !set_options(transfer, request) ||
        curl_multi_add_handle(transport->multi, transfer->easy) != CURLM_OK) {
        transfer_free(transfer);
        return error_set(error, ERROR_FAILED,
                         "libcurl cannot start a request (memory, or ca_file "
                         "or proxy that it does not take)");
    }
    LIST_INSERT_HEAD(&transport->transfers, transfer, others);
    transport->pending++;
    return true;
}

bool transport_poll(struct transport *transport, int wake_file, int timeout_ms, struct error *error)
{
    struct curl_waitfd extra[] = {{.fd = transport->epoll_file, .events = CURL_WAIT_POLLIN},
                                  {.fd = wake_file, .events = CURL_WAIT_POLLIN}};
    int running;
    CURLMcode code = curl_multi_perform(transport->multi, &running);
    /* When some are done already there is nothing to wait for. */
    if (code == CURLM_OK && (size_t)running == transport->pending) {
        code = curl_multi_poll(transport->multi, extra, wake_file >= 0 ? 2 : 1, timeout_ms, NULL);
    }
    if (code == CURLM_OK) {
        code = curl_multi_perform(transport->multi, &running);
    }
    int ready = epoll_wait(transport->epoll_file, transport->ready, READY_MAX, 0);
    transport->ready_count = ready > 0 ? ready : 0;
    return code == CURLM_OK ||
           error_set(error, ERROR_FAILED, "libcurl: %s", curl_multi_strerror(code));
}

static enum outcome classify(const struct transfer *transfer, CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return OUTCOME_OK;
    case CURLE_OPERATION_TIMEDOUT:
        return OUTCOME_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return OUTCOME_TLS_ERROR;
    default:
        return transfer->too_large ? OUTCOME_UNREADABLE : OUTCOME_NETWORK_ERROR;
    }
}

static void finish(struct transfer *transfer, CURLcode code)
{
    struct http_response *response = &transfer->response;
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status > 0) {
        response->status = maybe_of(status);
    }
    take_headers(transfer, response);
    response->outcome = classify(transfer, code);
    if (transfer->headers_size > HEADERS_SIZE_MAX) {
        snprintf(transfer->error_text, sizeof transfer->error_text,
                 "the answer's headers are larger than %zu bytes", HEADERS_SIZE_MAX);
    }
    if (response->outcome == OUTCOME_OK) {
        response->has_body = true; /* an empty one too */
    } else if (response->outcome == OUTCOME_UNREADABLE) {
        response->has_body = false;
        text_free(&response->body);
        snprintf(response->reason, sizeof response->reason,
                 "the answer is larger than %zu bytes: not kept",
                 transfer->transport->body_size_max);
    } else {
        snprintf(response->reason, sizeof response->reason, "%s",
                 transfer->error_text[0] != '\0' ? transfer->error_text : curl_easy_strerror(code));
    }
}

/* A connected channel stays where it is in libcurl; its socket is watched from now on. */
static void connect_channel(struct transfer *transfer)
{
    struct transport *transport = transfer->transport;
    struct http_response *response = &transfer->response;
    curl_socket_t file = CURL_SOCKET_BAD;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = transfer};
    if (curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &file) == CURLE_OK &&
        file != CURL_SOCKET_BAD &&
        epoll_ctl(transport->epoll_file, EPOLL_CTL_ADD, file, &event) == 0) {
        transfer->is_connected = true;
        transport->pending--;
        response->channel = (struct channel *)transfer;
        return;
    }
    response->outcome = OUTCOME_NETWORK_ERROR;
    snprintf(response->reason, sizeof response->reason, "the connection cannot be watched");
}

void *transport_ready(struct transport *transport)
{
    if (transport->ready_count == 0) {
        return NULL;
    }
    struct transfer *transfer = transport->ready[--transport->ready_count].data.ptr;
    return transfer->response.owner;
}

static enum channel_result result_of(CURLcode code)
{
    return code == CURLE_OK ? CHANNEL_DONE : code == CURLE_AGAIN ? CHANNEL_LATER : CHANNEL_OVER;
}

enum channel_result channel_receive(struct channel *channel, char *buffer, size_t room,
                                    size_t *size)
{
    struct transfer *transfer = (struct transfer *)channel;
    enum channel_result result = result_of(curl_easy_recv(transfer->easy, buffer, room, size));
    return result == CHANNEL_DONE && *size == 0 ? CHANNEL_OVER : result;
}

enum channel_result channel_send(struct channel *channel, struct span bytes, size_t *size)
{
    struct transfer *transfer = (struct transfer *)channel;
    return result_of(curl_easy_send(transfer->easy, bytes.data, bytes.size, size));
}

void channel_close(struct channel *channel)
{
    struct transfer *transfer = (struct transfer *)channel;
    struct transport *transport = transfer->transport;
    /* What was found ready is not to be handed out any more. */
    for (int i = 0; i < transport->ready_count; i++) {
        if (transport->ready[i].data.ptr == transfer) {
            transport->ready[i--] = transport->ready[--transport->ready_count];
        }
    }
    unlink_transfer(transport, transfer);
    transfer_free(transfer);
}

bool transport_take(struct transport *transport, struct http_response *response)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(transport->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct transfer *transfer;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        finish(transfer, code);
        if (transfer->response.is_channel && transfer->response.outcome == OUTCOME_OK) {
            connect_channel(transfer);
        }
        *response = transfer->response;
        transfer->response = (struct http_response){.owner = transfer->response.owner};
        if (!transfer->is_connected) {
            unlink_transfer(transport, transfer);
            transfer_free(transfer);
        }
        return true;
    }
    return false;
}
