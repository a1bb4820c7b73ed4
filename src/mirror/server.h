/* One connection to a PostgreSQL-wire server: commands, answers, and COPY. libpq stays in here.
 *
 * The connection's parameters are libpq's conninfo; a password comes from .pgpass, PGPASSWORD or
 * the config file, never from a command line. Errors say in one line what the server said, and what
 * to do where that is known. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "model/maybe.h"

struct server;

/* What goes on while the server is waited for. */
struct server_watch {
    int64_t limit_ms; /* all the time that connecting, asking and answers have together; 0: none */
    int wake;         /* a file: when it can be read, on_wait is called at once; -1 for none */
    /* Called several times a second, as long as anything waits. False, with the error set, ends the
     * waiting: the call fails, and the connection is only good for server_close(). May be NULL. */
    bool (*on_wait)(void *context, struct error *error);
    void *context;
};

/* Connects, with the schema posrec first in the search path. NULL with the error set on failure.
 * A host that says nothing is given up after connect_timeout (10 s), one that was lost without a
 * word 40 s after it was last heard at most (keepalives, tcp_user_timeout), unless the conninfo has
 * it otherwise. No call waits but in the watch; only looking up the host's name is beyond it. */
struct server *server_connect_watched(const char *conninfo, const struct server_watch *watch,
                                      struct error *error);

/* The same, watched by nobody but the clock: what takes longer than `limit_ms` (0: none) fails. */
struct server *server_connect(const char *conninfo, int64_t limit_ms, struct error *error);

/* What is not committed the server rolls back, in the midst of whatever this comes. */
void server_close(struct server *server);

/* Appends "libpq 15.18", what is linked. */
void server_library(struct text *name);

/* Whether the connection is lost: what was not committed is not there. */
bool server_is_lost(const struct server *server);

/* Takes in what has come unasked. False, with the error set, when the connection is lost, which
 * shows nowhere else while nothing is asked. */
bool server_take_in(struct server *server, struct error *error);

/* Whether a conninfo names a password, which a command line must not. False too when it is none. */
bool server_names_password(const char *conninfo);

/* Runs SQL, which may be several statements, without rows. */
bool server_run(struct server *server, const char *sql, struct error *error);

/* The same of a text that was put together; it is freed. */
bool server_run_text(struct server *server, struct text *sql, struct error *error);

/* Calls back for each row that the SQL gives, with its columns as text (data NULL for NULL), which
 * live until the callback returns. It returns false with the error set to end it. */
typedef bool server_row(void *context, const struct span *columns, struct error *error);
bool server_rows(struct server *server, const char *sql, server_row *row, void *context,
                 struct error *error);
bool server_rows_text(struct server *server, struct text *sql, server_row *row, void *context,
                      struct error *error); /* which is freed */

/* The same in two, for who has something to do while the server works. */
bool server_ask(struct server *server, const char *sql, struct error *error);
bool server_answer(struct server *server, server_row *row, void *context, struct error *error);

/* The one integer that the SQL gives; not known when it gives no row or NULL. */
bool server_integer(struct server *server, const char *sql, struct maybe_int *value,
                    struct error *error);

/* COPY ... FROM STDIN in text format: whole lines are put, then it is ended. Who does not end it
 * has to close the connection. */
bool server_copy_begin(struct server *server, const char *sql, struct error *error);
bool server_copy_put(struct server *server, struct span lines, struct error *error);
bool server_copy_end(struct server *server, struct error *error);
