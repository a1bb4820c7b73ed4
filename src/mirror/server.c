#include "mirror/server.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/core_dump.h"

#define MESSAGE_SIZE_MAX 500

struct server {
    PGconn *connection;
    int64_t limit_ms; /* 0 for none ... */
    int timer;        /* ... else can be read when the time is up; -1 */
};

static bool start_timer(struct server *server, struct error *error)
{
    const struct itimerspec limit = {.it_value = {.tv_sec = server->limit_ms / 1000,
                                                  .tv_nsec = server->limit_ms % 1000 * 1000000}};
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    return (server->timer >= 0 && timerfd_settime(server->timer, 0, &limit, NULL) == 0) ||
           error_set(error, ERROR_FAILED, "no timer: %s", strerror(errno));
}

/* Waits for the socket, as long as there is time. */
static bool await(const struct server *server, short events)
{
    struct pollfd waits[] = {{.fd = PQsocket(server->connection), .events = events},
                             {.fd = server->timer, .events = POLLIN}};
    return poll(waits, 2, -1) > 0 && waits[1].revents == 0;
}

static bool late(const struct server *server, const char *doing, struct error *error)
{
    return error_set(error, ERROR_FAILED, "%s: no answer within %lld ms", doing,
                     (long long)server->limit_ms);
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

static bool connect_in_time(const struct server *server, struct error *error)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        if (!await(server, state == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
            return late(server, "cannot connect", error);
        }
        state = PQconnectPoll(server->connection);
    }
    return state == PGRES_POLLING_OK || fail(server, NULL, "cannot connect", error);
}

struct server *server_connect(const char *conninfo, int64_t limit_ms, struct error *error)
{
    static const char SETTINGS[] = "SET search_path = posrec; SET datestyle = ISO; "
                                   "SET bytea_output = hex; SET client_encoding = 'UTF8'; "
                                   "SET standard_conforming_strings = on; "
                                   "SET synchronous_commit = on";
    /* What the conninfo says comes after, and holds. */
    const char *const keys[] = {"fallback_application_name", "connect_timeout", "dbname", NULL};
    const char *const values[] = {"posrec", "10", conninfo, NULL};
    core_dump_forbid(); /* libpq reads the password */
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        error_no_memory(error);
        return NULL;
    }
    *server = (struct server){.limit_ms = limit_ms, .timer = -1};
    server->connection =
        limit_ms > 0 ? PQconnectStartParams(keys, values, 1) : PQconnectdbParams(keys, values, 1);
    bool good = PQstatus(server->connection) != CONNECTION_BAD ||
                fail(server, NULL, "cannot connect", error);
    good =
        good && (limit_ms == 0 || (start_timer(server, error) && connect_in_time(server, error)));
    if (good) {
        PQsetNoticeProcessor(server->connection, keep_quiet, NULL);
        good = server_rows(server, SETTINGS, NULL, NULL, error);
    }
    if (!good) {
        server_close(server);
        return NULL;
    }
    return server;
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
    return PQstatus(server->connection) != CONNECTION_OK;
}

bool server_names_password(const char *conninfo)
{
    bool found = false;
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        found = found || (strcmp(o->keyword, "password") == 0 && o->val != NULL);
    }
    PQconninfoFree(options);
    return found;
}

void server_append_quoted(struct text *sql, const char *string)
{
    text_append_char(sql, '\'');
    for (const char *c = string; *c != '\0'; c++) {
        text_append_string(sql, *c == '\'' ? "'" : "");
        text_append_char(sql, *c);
    }
    text_append_char(sql, '\'');
}

bool server_run(struct server *server, const char *sql, struct error *error)
{
    PGresult *result = PQexec(server->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
                fail(server, result, "PostgreSQL", error);
    PQclear(result);
    return done;
}

bool server_run_text(struct server *server, struct text *sql, struct error *error)
{
    bool done =
        (!sql->failed || error_no_memory(error)) && server_run(server, text_string(sql), error);
    text_free(sql);
    return done;
}

#define COLUMNS_MAX 24

/* The next result of what was sent, NULL after the last. *in_time: whether it came within the
 * limit. */
static PGresult *next_result(const struct server *server, bool *in_time)
{
    *in_time = true;
    while (*in_time && server->limit_ms > 0 && PQisBusy(server->connection)) {
        *in_time = await(server, POLLIN);
        if (*in_time && PQconsumeInput(server->connection) != 1) {
            break; /* PQgetResult() says why */
        }
    }
    return *in_time ? PQgetResult(server->connection) : NULL;
}

/* A row at a time, so that an answer of any length needs no memory. */
bool server_ask(struct server *server, const char *sql, struct error *error)
{
    return (PQsendQuery(server->connection, sql) == 1 &&
            PQsetSingleRowMode(server->connection) == 1) ||
           fail(server, NULL, "PostgreSQL", error);
}

bool server_answer(struct server *server, server_row *row, void *context, struct error *error)
{
    bool good = true;
    PGresult *result;
    bool in_time = true;
    while ((result = next_result(server, &in_time)) != NULL) {
        ExecStatusType status = PQresultStatus(result);
        if (good && status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK &&
            status != PGRES_COMMAND_OK) {
            good = fail(server, result, "PostgreSQL", error);
        }
        for (int i = 0; good && i < PQntuples(result); i++) {
            struct span columns[COLUMNS_MAX];
            int count = PQnfields(result) < COLUMNS_MAX ? PQnfields(result) : COLUMNS_MAX;
            for (int c = 0; c < count; c++) {
                columns[c] = PQgetisnull(result, i, c)
                                 ? (struct span){NULL, 0}
                                 : (struct span){PQgetvalue(result, i, c),
                                                 (size_t)PQgetlength(result, i, c)};
            }
            good = row(context, columns, count, error);
        }
        PQclear(result);
    }
    return in_time ? good : late(server, "PostgreSQL", error);
}

bool server_rows(struct server *server, const char *sql, server_row *row, void *context,
                 struct error *error)
{
    return server_ask(server, sql, error) && server_answer(server, row, context, error);
}

struct one_integer {
    int64_t value;
    bool known;
};

static bool take_integer(void *context, const struct span *columns, int count, struct error *error)
{
    struct one_integer *one = context;
    (void)count;
    (void)error;
    one->known = columns[0].data != NULL;
    one->value = one->known ? strtoll(columns[0].data, NULL, 10) : 0;
    return true;
}

bool server_integer(struct server *server, const char *sql, int64_t *value, bool *known,
                    struct error *error)
{
    struct one_integer one = {0};
    bool done = server_rows(server, sql, take_integer, &one, error);
    *value = one.value;
    *known = one.known;
    return done;
}

bool server_copy_begin(struct server *server, const char *sql, struct error *error)
{
    PGresult *result = PQexec(server->connection, sql);
    bool done = PQresultStatus(result) == PGRES_COPY_IN || fail(server, result, "COPY", error);
    PQclear(result);
    return done;
}

bool server_copy_put(struct server *server, struct span lines, struct error *error)
{
    return PQputCopyData(server->connection, lines.data, (int)lines.size) == 1 ||
           fail(server, NULL, "COPY", error);
}

bool server_copy_end(struct server *server, struct error *error)
{
    bool done = PQputCopyEnd(server->connection, NULL) == 1 || fail(server, NULL, "COPY", error);
    PGresult *result;
    while ((result = PQgetResult(server->connection)) != NULL) {
        if (done && PQresultStatus(result) != PGRES_COMMAND_OK) {
            done = fail(server, result, "COPY", error);
        }
        PQclear(result);
    }
    return done;
}
