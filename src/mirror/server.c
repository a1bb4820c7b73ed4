#include "mirror/server.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "host/core_dump.h"

#define MESSAGE_SIZE_MAX 500
#define WATCH_EVERY_MS 200 /* while a server is waited for */
#define COLUMNS_MAX 24

struct server {
    PGconn *connection;
    struct server_watch watch;
    int timer; /* can be read when limit_ms are over; 0: never */
    int64_t limit_ms;
    bool is_late, is_lost;
};

static void set_timer(struct server *server, int64_t ms)
{
    struct itimerspec limit = {.it_value = {ms / 1000, ms % 1000 * 1000000}};
    if (server->watch.limit_ms == 0) { /* else all the time there is runs on */
        int failed = timerfd_settime(server->timer, 0, &limit, NULL);
        assert(failed == 0);
        server->limit_ms = ms;
    }
}

/* Whatever the server is waited for, it is here: while the watch wants it and there is time. */
static bool await(struct server *server, short events, const char *doing, struct error *error)
{
    const struct server_watch *watch = &server->watch;
    struct pollfd files[] = {{.fd = PQsocket(server->connection), .events = events},
                             {.fd = server->timer, .events = POLLIN},
                             {.fd = watch->wake, .events = POLLIN}};
    do {
        poll(files, 3, WATCH_EVERY_MS);
        if (watch->on_wait != NULL && !watch->on_wait(watch->context, error)) {
            return false;
        }
        if (files[1].revents != 0) {
            server->is_late = true;
            return error_set(error, ERROR_FAILED, "%s: no answer within %lld ms", doing,
                             (long long)server->limit_ms);
        }
    } while (files[0].revents == 0 && files[0].fd >= 0); /* without a socket libpq says why */
    return true;
}

/* What to do about an error of the server's, by its SQLSTATE. */
static const char *advice(const char *state)
{
    static const struct {
        const char *state, *what;
    } ADVICE[] = {
        {"42501", " (the role needs CREATE on the database, or to own the schema posrec)"},
        {"53100", " (the server's disk is full)"},
        {"25006", " (this server is read-only: connect to the primary)"},
        {"2BP01", " (a view of your own stands on posrec's: drop it, and make it again after)"},
    };
    for (size_t i = 0; state != NULL && i < sizeof ADVICE / sizeof ADVICE[0]; i++) {
        if (strcmp(state, ADVICE[i].state) == 0) {
            return ADVICE[i].what;
        }
    }
    return "";
}

/* The server's words in one line. A password is in none of libpq's messages. */
static bool fail(const struct server *server, const PGresult *result, const char *doing,
                 struct error *error)
{
    const char *said = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    said = said != NULL ? said : PQerrorMessage(server->connection);
    size_t size = strcspn(said, "\n");
    return error_set(error, ERROR_FAILED, "%s: %.*s%s", doing,
                     (int)(size < MESSAGE_SIZE_MAX ? size : MESSAGE_SIZE_MAX), said, advice(state));
}

static void keep_quiet(void *context, const char *message)
{
    (void)context; /* notices, as that a table is there already */
    (void)message;
}

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    for (; options != NULL && options->keyword != NULL; options++) {
        if (strcmp(options->keyword, keyword) == 0) {
            return options->val;
        }
    }
    return NULL;
}

/* What a list has after its first entries; NULL for nothing. */
static const char *after(const char *list, int entries)
{
    for (; list != NULL && entries > 0; entries--) {
        list = strchr(list, ',');
        list = list != NULL ? list + 1 : NULL;
    }
    return list;
}

/* A connection to the hosts after the first ones. What the conninfo says comes after, and holds. */
static PGconn *start(const char *conninfo, const PQconninfoOption *options, int hosts)
{
    enum { COUNT = 10 };
    const char *const parameters[COUNT][2] = {
        {"fallback_application_name", "posrec"},
        {"connect_timeout", "10"},
        {"keepalives_idle", "30"},
        {"keepalives_interval", "10"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "30000"},
        {"dbname", conninfo},
        {"host", after(option(options, "host"), hosts)},
        {"hostaddr", after(option(options, "hostaddr"), hosts)},
        {"port", after(option(options, "port"), hosts)},
    };
    const char *keys[COUNT + 1] = {0}, *values[COUNT + 1] = {0};
    for (int i = 0; i < COUNT; i++) {
        keys[i] = parameters[i][0];
        values[i] = parameters[i][1];
    }
    return PQconnectStartParams(keys, values, 1);
}

/* How long an address is waited for, libpq leaves to who polls. It goes on to the next when one is
 * shut that has not connected; where it has, and says nothing, it ends, and is_late. */
static bool connect_in_time(struct server *server, int64_t ms, struct error *error)
{
    PGconn *connection = server->connection;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    server->is_late = false;
    set_timer(server, ms);
    while (PQstatus(connection) != CONNECTION_BAD && state != PGRES_POLLING_OK) {
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (!await(server, events, "cannot connect", error)) {
            if (!server->is_late) {
                return false;
            }
            shutdown(PQsocket(connection), SHUT_RDWR);
            set_timer(server, ms);
        }
        state = PQconnectPoll(connection);
    }
    return state == PGRES_POLLING_OK ||
           (!server->is_late && fail(server, NULL, "cannot connect", error));
}

/* Host after host, where the conninfo lists several. */
static bool reach(struct server *server, const char *conninfo, struct error *error)
{
    PQconninfoOption *options = NULL;
    struct error why = {0};
    bool good, goes_on;
    int hosts = 0;
    do {
        PQfinish(server->connection);
        server->connection = start(conninfo, options, hosts++);
        options = options != NULL ? options : PQconninfo(server->connection);
        const char *timeout_s = option(options, "connect_timeout");
        int64_t s = timeout_s != NULL ? strtoll(timeout_s, NULL, 10) : 0;
        good = connect_in_time(server, s > 0 ? s * 1000 : 0, &why);
        goes_on = !good && server->is_late &&
                  (after(option(options, "host"), hosts) != NULL ||
                   after(option(options, "hostaddr"), hosts) != NULL);
    } while (goes_on);
    PQconninfoFree(options);
    set_timer(server, 0);
    *error = good ? *error : why;
    return good;
}

struct server *server_connect_watched(const char *conninfo, const struct server_watch *watch,
                                      struct error *error)
{
    static const char SETTINGS[] = "SET search_path = posrec; SET datestyle = ISO; "
                                   "SET bytea_output = hex; SET client_encoding = 'UTF8'; "
                                   "SET standard_conforming_strings = on; "
                                   "SET synchronous_commit = on";
    core_dump_forbid(); /* libpq reads the password */
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        error_no_memory(error);
        return NULL;
    }
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    bool good = server->timer >= 0 || error_set(error, ERROR_FAILED, "timer: %s", strerror(errno));
    if (good) {
        set_timer(server, watch->limit_ms);
        server->watch = *watch;
        good = reach(server, conninfo, error);
    }
    if (good) {
        PQsetNoticeProcessor(server->connection, keep_quiet, NULL);
        good = (PQsetnonblocking(server->connection, 1) == 0 ||
                fail(server, NULL, "cannot connect", error)) &&
               server_run(server, SETTINGS, error);
    }
    if (!good) {
        server_close(server);
        return NULL;
    }
    return server;
}

struct server *server_connect(const char *conninfo, int64_t limit_ms, struct error *error)
{
    const struct server_watch watch = {.limit_ms = limit_ms, .wake = -1};
    return server_connect_watched(conninfo, &watch, error);
}

void server_library(struct text *name)
{
    int version = PQlibVersion(); /* 150018 is 15.18 */
    text_printf(name, "libpq %d.%d", version / 10000, version % 10000);
}

void server_close(struct server *server)
{
    if (server != NULL) {
        PQfinish(server->connection);
        if (server->timer >= 0) {
            close(server->timer);
        }
        free(server);
    }
}

bool server_is_lost(const struct server *server)
{
    return server->is_lost || PQstatus(server->connection) != CONNECTION_OK;
}

bool server_names_password(const char *conninfo)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    bool found = option(options, "password") != NULL;
    PQconninfoFree(options);
    return found;
}

bool server_run(struct server *server, const char *sql, struct error *error)
{
    return server_rows(server, sql, NULL, NULL, error);
}

bool server_run_text(struct server *server, struct text *sql, struct error *error)
{
    return server_rows_text(server, sql, NULL, NULL, error);
}

bool server_take_in(struct server *server, struct error *error)
{
    server->is_lost = PQconsumeInput(server->connection) != 1;
    return !server->is_lost || fail(server, NULL, "PostgreSQL", error);
}

static bool await_and_take_in(struct server *server, short events, struct error *error)
{
    return await(server, events, "PostgreSQL", error) && server_take_in(server, error);
}

/* The next result of what was sent, NULL after the last, and with *good false when none comes. */
static PGresult *next_result(struct server *server, bool *good, struct error *error)
{
    *good = true;
    while (*good && PQisBusy(server->connection)) {
        bool sends = PQflush(server->connection) > 0;
        *good = await_and_take_in(server, (short)(sends ? POLLIN | POLLOUT : POLLIN), error);
    }
    return *good ? PQgetResult(server->connection) : NULL;
}

/* A row at a time, so that an answer of any length needs no memory. */
bool server_ask(struct server *server, const char *sql, struct error *error)
{
    return (PQsendQuery(server->connection, sql) == 1 &&
            PQsetSingleRowMode(server->connection) == 1) ||
           fail(server, NULL, "PostgreSQL", error);
}

static bool give_rows(const PGresult *result, server_row *row, void *context, struct error *error)
{
    bool good = true;
    for (int i = 0; good && i < PQntuples(result); i++) {
        struct span columns[COLUMNS_MAX] = {0};
        int count = PQnfields(result) < COLUMNS_MAX ? PQnfields(result) : COLUMNS_MAX;
        for (int c = 0; c < count; c++) {
            columns[c] =
                PQgetisnull(result, i, c)
                    ? (struct span){NULL, 0}
                    : (struct span){PQgetvalue(result, i, c), (size_t)PQgetlength(result, i, c)};
        }
        good = row == NULL || row(context, columns, error);
    }
    return good;
}

/* After an error too all is taken: whether the connection is lost shows at the end. */
bool server_answer(struct server *server, server_row *row, void *context, struct error *error)
{
    struct error ignored = {0};
    bool good = true, comes = true;
    PGresult *result;
    while (comes && (result = next_result(server, &comes, good ? error : &ignored)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        bool done =
            status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
        good = good && (done ? give_rows(result, row, context, error)
                             : fail(server, result, "PostgreSQL", error));
        comes = done || status == PGRES_FATAL_ERROR; /* of a COPY there is no last one */
        PQclear(result);
    }
    return good && comes;
}

bool server_rows(struct server *server, const char *sql, server_row *row, void *context,
                 struct error *error)
{
    return server_ask(server, sql, error) && server_answer(server, row, context, error);
}

bool server_rows_text(struct server *server, struct text *sql, server_row *row, void *context,
                      struct error *error)
{
    bool done = (!sql->failed || error_no_memory(error)) &&
                server_rows(server, text_string(sql), row, context, error);
    text_free(sql);
    return done;
}

static bool take_integer(void *context, const struct span *columns, struct error *error)
{
    struct maybe_int *value = context;
    (void)error;
    if (columns[0].data != NULL) {
        *value = maybe_of(strtoll(columns[0].data, NULL, 10));
    }
    return true;
}

bool server_integer(struct server *server, const char *sql, struct maybe_int *value,
                    struct error *error)
{
    *value = (struct maybe_int){0};
    return server_rows(server, sql, take_integer, value, error);
}

bool server_copy_begin(struct server *server, const char *sql, struct error *error)
{
    bool good =
        PQsendQuery(server->connection, sql) == 1 || fail(server, NULL, "PostgreSQL", error);
    PGresult *result = good ? next_result(server, &good, error) : NULL;
    good = good &&
           (PQresultStatus(result) == PGRES_COPY_IN || fail(server, result, "PostgreSQL", error));
    PQclear(result);
    return good;
}

bool server_copy_put(struct server *server, struct span lines, struct error *error)
{
    bool good = PQputCopyData(server->connection, lines.data, (int)lines.size) == 1 ||
                fail(server, NULL, "PostgreSQL", error);
    do {
        good = good && await_and_take_in(server, POLLIN | POLLOUT, error);
    } while (good && PQflush(server->connection) > 0);
    return good;
}

bool server_copy_end(struct server *server, struct error *error)
{
    return (PQputCopyEnd(server->connection, NULL) == 1 ||
            fail(server, NULL, "PostgreSQL", error)) &&
           server_answer(server, NULL, NULL, error);
}
