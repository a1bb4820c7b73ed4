/* One connection to a PostgreSQL-wire server: commands, answers, and COPY. libpq stays in here.
 *
 * The connection's parameters are libpq's conninfo; a password comes from .pgpass, PGPASSWORD or
 * the config file, never from a command line. Errors say in one line what the server said, and what
 * to do where that is known. */
#ifndef POSREC_MIRROR_SERVER_H
#define POSREC_MIRROR_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"

struct server;

/* Connects, with the schema posrec first in the search path. NULL with the error set on failure.
 * `limit_ms` (0 for none) is all the time that connecting, server_rows() and server_integer() have
 * together; what takes longer fails. Only looking up the host's name is not bounded by it. */
struct server *server_connect(const char *conninfo, int64_t limit_ms, struct error *error);
void server_close(struct server *server);

/* Appends "libpq 15.18", what is linked. */
void server_library(struct text *name);

/* Whether the connection is lost: what was not committed is not there. */
bool server_is_lost(const struct server *server);

/* Whether a conninfo names a password, which a command line must not. False too when it is none. */
bool server_names_password(const char *conninfo);

/* Appends a text as SQL has it: in quotes, and quotes in it doubled. */
void server_append_quoted(struct text *sql, const char *string);

/* Runs SQL, which may be several statements, without rows. */
bool server_run(struct server *server, const char *sql, struct error *error);

/* The same of a text that was put together; it is freed. */
bool server_run_text(struct server *server, struct text *sql, struct error *error);

/* Calls back for each row that the SQL gives, with its columns as text (data NULL for NULL), which
 * live until the callback returns. It returns false with the error set to end it. */
typedef bool server_row(void *context, const struct span *columns, int count, struct error *error);
bool server_rows(struct server *server, const char *sql, server_row *row, void *context,
                 struct error *error);

/* The same in two, for who has something to do while the server works. What is not taken of an
 * answer, the next SQL drops. */
bool server_ask(struct server *server, const char *sql, struct error *error);
bool server_answer(struct server *server, server_row *row, void *context, struct error *error);

/* The one integer that the SQL gives; not known when it gives no row or NULL. */
bool server_integer(struct server *server, const char *sql, int64_t *value, bool *known,
                    struct error *error);

/* COPY ... FROM STDIN in text format: whole lines are put, then it is ended. */
bool server_copy_begin(struct server *server, const char *sql, struct error *error);
bool server_copy_put(struct server *server, struct span lines, struct error *error);
bool server_copy_end(struct server *server, struct error *error);

#endif
