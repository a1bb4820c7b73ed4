/* dapi-sim: a stand-in for the exchange's COIN-M and USD-M futures APIs, on a loopback port. HELP
 * says how it is run. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "connection.h"
#include "silence.h"
#include "sim.h"

#define UPLOAD_SIZE_MAX ((size_t)32 << 20)
#define LOOP_WAIT_MS 20
#define STREAM_WAIT_MS 2  /* connections of the stream are looked at by turns */
#define GZIP_SIZE_MIN 500 /* as web servers have it: a small answer does not gain */
#define GZIP_WINDOW_BITS (15 + 16)
#define DATE_SIZE 32 /* of RFC 9110: 29 characters */

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
    (void)number;
    stopping = 1;
}

int64_t sim_machine_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t sim_now_ms(const struct sim *sim)
{
    return sim_machine_ms() + sim->clock_offset_ms;
}

bool sim_log_open(struct sim *sim)
{
    if (sim->log_file != NULL) {
        fclose(sim->log_file);
        free(sim->log);
    }
    sim->log_file = open_memstream(&sim->log, &sim->log_size);
    return sim->log_file != NULL;
}

const char *sim_parameter(struct request *request, const char *name)
{
    const char *value =
        MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
    return value == NULL ? "" : value;
}

/* Whether the one who asks takes gzip. */
static bool takes_gzip(struct request *request)
{
    const char *encodings = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                        MHD_HTTP_HEADER_ACCEPT_ENCODING);
    return encodings != NULL && strstr(encodings, "gzip") != NULL;
}

bool sim_gzip(const void *body, size_t size, void **packed, size_t *packed_size)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        return false;
    }
    uLong bound = deflateBound(&stream, size);
    *packed = malloc(bound);
    stream.next_in = (Bytef *)(uintptr_t)body;
    stream.avail_in = (uInt)size;
    stream.next_out = *packed;
    stream.avail_out = (uInt)bound;
    bool done = *packed != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END;
    *packed_size = stream.total_out;
    deflateEnd(&stream);
    return done;
}

enum MHD_Result sim_send(struct request *request, int status, struct MHD_Response *response)
{
    char date[DATE_SIZE];
    struct tm utc;
    time_t now_s = (time_t)(sim_now_ms(request->sim) / 1000);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now_s, &utc));
    MHD_add_response_header(response, MHD_HTTP_HEADER_DATE, date);
    enum MHD_Result result =
        MHD_queue_response(request->connection, (unsigned int)status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result sim_answer(struct request *request, int status, const void *body, size_t size,
                           const char *const *headers)
{
    void *packed = NULL;
    size_t packed_size;
    struct MHD_Response *response;
    if (size >= GZIP_SIZE_MIN && takes_gzip(request) &&
        sim_gzip(body, size, &packed, &packed_size)) {
        response = MHD_create_response_from_buffer(packed_size, packed, MHD_RESPMEM_MUST_FREE);
        size = packed_size;
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    } else {
        response =
            MHD_create_response_from_buffer(size, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    }
    if (response == NULL) {
        return MHD_NO;
    }
    request->sent_bytes = size;
    for (int i = 0; headers != NULL && headers[i] != NULL; i += 2) {
        MHD_add_response_header(response, headers[i], headers[i + 1]);
    }
    return sim_send(request, status, response);
}

/* The first word of a request: its URI as it was sent. */
static void *begin_request(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct request *request = calloc(1, sizeof *request);
    if (request != NULL) {
        request->sim = context;
        request->connection = connection;
        request->uri = strdup(uri);
    }
    return request;
}

static void end_request(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode code)
{
    struct request *request = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (request != NULL) {
        free(request->uri);
        free(request->upload);
        free(request);
    }
    *state = NULL;
}

static bool take_upload(struct request *request, const char *data, size_t size)
{
    if (request->upload_size + size > UPLOAD_SIZE_MAX) {
        return false;
    }
    char *grown = realloc(request->upload, request->upload_size + size + 1);
    if (grown == NULL) {
        return false;
    }
    memcpy(grown + request->upload_size, data, size);
    request->upload = grown;
    request->upload_size += size;
    return true;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *data, size_t *size, void **state)
{
    struct sim *sim = context;
    struct request *request = *state;
    (void)connection;
    (void)version;
    if (request == NULL) {
        return MHD_NO;
    }
    if (!request->begun) {
        request->begun = true;
        return MHD_YES;
    }
    if (*size > 0) {
        bool taken = take_upload(request, data, *size);
        *size = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    request->method = method;
    bool is_admin = strncmp(path, "/sim/", 5) == 0;
    request->is_handshake = product_of_stream(path, &request->stream);
    if (request->was_silenced) {
        return MHD_NO;
    }
    if (!is_admin && silence_take(sim, request, path)) {
        return MHD_YES;
    }
    if (request->is_handshake) {
        return (enum MHD_Result)connection_upgrade(sim, request);
    }
    return is_admin ? admin_answer(sim, request, path)
                    : exchange_answer(sim, request, method, path);
}

static void resume_stalled(struct sim *sim, bool all)
{
    struct request **link = &sim->stalled;
    int64_t now_ms = sim_machine_ms();
    while (*link != NULL) {
        struct request *request = *link;
        if (all || request->resume_ms <= now_ms) {
            *link = request->next_stalled;
            MHD_resume_connection(request->connection);
        } else {
            link = &request->next_stalled;
        }
    }
}

static char *read_file(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = path == NULL ? NULL : fopen(path, "r");
    if (file == NULL) {
        return NULL;
    }
    if (getdelim(&text, &size, '\0', file) < 0) {
        perror(path);
    }
    fclose(file);
    return text;
}

struct settings {
    const char *accounts;
    const char *port_file;
    const char *tls_cert;
    const char *tls_key;
    uint16_t port;
    bool help;
};

static const char HELP[] =
    "dapi-sim: a stand-in for the exchange's COIN-M and USD-M futures APIs, on a loopback port, "
    "for\n"
    "tests and first looks. Prints the port it listens on; ends on SIGTERM and SIGINT.\n\n"
    "Usage: dapi-sim --accounts FILE [options]\n\nOptions:\n"
    "  --accounts FILE     the accounts, one a line: NAME one-way|hedge KEY SECRET, where SECRET\n"
    "                      may be pem:FILE, a public key (RSA or Ed25519)\n"
    "  --port N            listen on this port; else on one that is free\n"
    "  --port-file FILE    write the port here, when it is ready\n"
    "  --symbols N         so many contracts of COIN-M, 1 to 70 (70)\n"
    "  --usd-symbols N     so many contracts of USD-M, 1 to 770 (40)\n"
    "  --seed N            what the market does follows from it (1)\n"
    "  --weight-limit N    weight a minute (2400)\n"
    "  --message-limit N   messages a second on a WebSocket connection (10)\n"
    "  --state FILE        go on where it stood when it ran last with this file\n"
    "  --clock-offset-ms N the exchange's clock against the machine's, from the start on (0)\n"
    "  --steady            nothing changes while updateTime stands still\n"
    "  --no-trades         the accounts trade only when they are told to\n"
    "  --tls-cert FILE, --tls-key FILE\n"
    "                      speak TLS, with this certificate and its key in PEM\n"
    "  --help              show this and end\n\n"
    "What it is to do is said by GET /sim/..., as "
    "/sim/trade?account=NAME&symbol=S&side=LONG&amount=5\n"
    "or /sim/fault?kind=status&status=429: tests/sim/admin.c and dealings.c of the "
    "source\ndescribe its paths.\n";

static bool parse_arguments(int argc, char **argv, struct settings *settings, struct sim *sim)
{
    static const struct option OPTIONS[] = {
        {"accounts", required_argument, NULL, 'a'},
        {"port", required_argument, NULL, 'p'},
        {"port-file", required_argument, NULL, 'f'},
        {"symbols", required_argument, NULL, 's'},
        {"usd-symbols", required_argument, NULL, 'u'},
        {"seed", required_argument, NULL, 'r'},
        {"weight-limit", required_argument, NULL, 'w'},
        {"message-limit", required_argument, NULL, 'm'},
        {"state", required_argument, NULL, 'S'},
        {"clock-offset-ms", required_argument, NULL, 'o'},
        {"steady", no_argument, NULL, 'y'},
        {"no-trades", no_argument, NULL, 'n'},
        {"tls-cert", required_argument, NULL, 'c'},
        {"tls-key", required_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case 'a':
            settings->accounts = optarg;
            break;
        case 'p':
            settings->port = (uint16_t)strtoul(optarg, NULL, 10);
            break;
        case 'f':
            settings->port_file = optarg;
            break;
        case 's':
            sim->symbol_counts[COIN_M] = (int)strtol(optarg, NULL, 10);
            break;
        case 'u':
            sim->symbol_counts[USD_M] = (int)strtol(optarg, NULL, 10);
            break;
        case 'r':
            sim->seed = strtoull(optarg, NULL, 10);
            break;
        case 'w':
            sim->weight.limit = (int)strtol(optarg, NULL, 10);
            break;
        case 'm':
            sim->message_limit = (int)strtol(optarg, NULL, 10);
            break;
        case 'o':
            sim->clock_offset_ms = strtoll(optarg, NULL, 10);
            break;
        case 'y':
            sim->steady = true;
            break;
        case 'n':
            sim->no_trades = true;
            break;
        case 'S':
            sim->state_file = optarg;
            break;
        case 'c':
            settings->tls_cert = optarg;
            break;
        case 'k':
            settings->tls_key = optarg;
            break;
        case 'h':
            settings->help = true;
            return true;
        default:
            return false;
        }
    }
    return settings->accounts != NULL && sim->symbol_counts[COIN_M] >= 1 &&
           sim->symbol_counts[COIN_M] <= 70 && sim->symbol_counts[USD_M] >= 1 &&
           sim->symbol_counts[USD_M] <= MARKET_SYMBOLS_MAX;
}

static bool open_accounts(struct sim *sim, const char *path)
{
    if (!accounts_read(&sim->accounts, path)) {
        return false;
    }
    for (int i = 0; i < sim->accounts.count; i++) {
        accounts_open(&sim->accounts.list[i], sim->markets, sim->seed, sim_now_ms(sim));
    }
    bool loaded = sim->state_file == NULL ||
                  accounts_load_state(&sim->accounts, sim->markets, sim->state_file);
    for (int i = 0; i < sim->accounts.count * PRODUCT_COUNT; i++) {
        struct sim_account *account = &sim->accounts.list[i / PRODUCT_COUNT];
        struct market_account *trader = &account->ledgers[i % PRODUCT_COUNT].trader;
        trader->steady = sim->steady;
        trader->no_trades = sim->no_trades;
    }
    return loaded;
}

static struct MHD_Daemon *start(struct sim *sim, const struct settings *settings)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(settings->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned int flags = MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_EPOLL |
                         MHD_USE_SUPPRESS_DATE_NO_CLOCK;
    char *cert = read_file(settings->tls_cert), *key = read_file(settings->tls_key);
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, cert},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, key},
                                   {MHD_OPTION_END, 0, NULL}};
    if (settings->tls_cert != NULL) {
        flags |= MHD_USE_TLS;
    } else {
        tls[0].option = MHD_OPTION_END;
    }
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, sim, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_URI_LOG_CALLBACK, begin_request, sim, MHD_OPTION_NOTIFY_COMPLETED, end_request,
        NULL, MHD_OPTION_CONNECTION_LIMIT, 4000u, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    free(cert);
    free(key);
    return daemon;
}

static bool announce(struct MHD_Daemon *daemon, const char *port_file)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    printf("%u\n", info->port);
    fflush(stdout);
    if (port_file == NULL) {
        return true;
    }
    /* A reader sees the whole file or none. */
    char part[4096];
    snprintf(part, sizeof part, "%s.part", port_file);
    FILE *file = fopen(part, "w");
    bool written = file != NULL && fprintf(file, "%u\n", info->port) > 0;
    return file != NULL && fclose(file) == 0 && written && rename(part, port_file) == 0;
}

int main(int argc, char **argv)
{
    static struct sim sim = {.symbol_counts = {70, 40},
                             .seed = 1,
                             .weight.limit = 2400,
                             .spot_weight.limit = 12000,
                             .message_limit = 10};
    struct settings settings = {0};
    if (!parse_arguments(argc, argv, &settings, &sim)) {
        fputs("dapi-sim: it needs --accounts FILE and what its options say (see dapi-sim --help)\n",
              stderr);
        return 2;
    }
    if (settings.help) {
        return fputs(HELP, stdout) >= 0 && fflush(stdout) == 0 ? 0 : 1;
    }
    signal(SIGTERM, on_signal);
    signal(SIGINT, on_signal);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < PRODUCT_COUNT; i++) {
        sim.markets[i].product = &PRODUCTS[i];
        PRODUCTS[i].open_market(&sim.markets[i], sim.symbol_counts[i]);
    }
    sim.keys_file = open_memstream(&sim.keys, &sim.keys_size);
    sim.messages_file = open_memstream(&sim.messages, &sim.messages_size);
    sim.handshakes_file = open_memstream(&sim.handshakes, &sim.handshakes_size);
    if (!sim_log_open(&sim) || !open_accounts(&sim, settings.accounts)) {
        return 1;
    }
    struct MHD_Daemon *daemon = start(&sim, &settings);
    if (daemon == NULL || !announce(daemon, settings.port_file)) {
        fprintf(stderr, "dapi-sim: cannot listen: %s\n", strerror(errno));
        return 1;
    }
    while (!stopping) {
        MHD_run_wait(daemon, sim.connections != NULL ? STREAM_WAIT_MS : LOOP_WAIT_MS);
        resume_stalled(&sim, false);
        silence_work(&sim, false);
        stream_work(&sim);
    }
    resume_stalled(&sim, true);
    silence_work(&sim, true);
    stream_free(&sim);
    MHD_run(daemon);
    MHD_stop_daemon(daemon);
    fclose(sim.log_file);
    free(sim.log);
    fclose(sim.keys_file);
    free(sim.keys);
    fclose(sim.messages_file);
    free(sim.messages);
    fclose(sim.handshakes_file);
    free(sim.handshakes);
    weight_free(&sim.weight);
    weight_free(&sim.spot_weight);
    faults_clear(&sim.faults);
    accounts_free(&sim.accounts);
    for (int i = 0; i < PRODUCT_COUNT; i++) {
        free(sim.markets[i].symbols);
        free(sim.markets[i].fundings);
    }
    return 0;
}
