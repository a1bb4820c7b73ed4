/* One connection to one posrec database: opening, prepared statements, transactions, and SQLite's
 * results turned into errors that say what to do.
 *
 * A file can come from anywhere: no trigger of it ever runs, nothing of it is trusted to call
 * functions, and no value of it is larger than DATABASE_VALUE_SIZE_MAX.
 *
 * A reader maps a file that is not in memory yet, and reads one that is.
 *
 * Every connection waits DATABASE_BUSY_MS for a lock. Writers leave the write-ahead log empty when
 * they close but do not delete it: deleting takes a lock that a reader without a busy timeout (the
 * stock sqlite3 shell) would run into. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "base/text.h"
#include "model/maybe.h"

#define DATABASE_APPLICATION_ID 0x506f7352 /* "PosR" in the file's header */
#define DATABASE_BUSY_MS 20000
#define DATABASE_VALUE_SIZE_MAX (64 << 20) /* bytes; posrec writes none half as large */
#define DATABASE_SQL_SIZE_MAX (1 << 20)    /* bytes of a statement, or of an object's definition */
#define DATABASE_CACHE_KIB 4096
#define DATABASE_READ_CACHE_KIB 2048 /* to copy a page again costs less than memory that is new */
#define DATABASE_MAP_BYTES "2147418112" /* as much as SQLite maps */

struct database {
    sqlite3 *handle;
    char *path;
    bool writable;
    bool is_still; /* read as it lies: what is written from now on is not seen */
};

enum database_mode {
    DATABASE_READ,   /* must exist; nothing can be written */
    DATABASE_UPDATE, /* must exist */
    DATABASE_WRITE,  /* made when missing */
};

enum step { STEP_ROW, STEP_DONE, STEP_FAILED };

/* Opens the file and checks that it is empty or posrec's; the schema is migrate's business. A file
 * that is made is its owner's and group's, as far as the umask lets it; one whose folder cannot be
 * written is read as it lies (store/file/still_file.h). On failure nothing is left open. Close with
 * database_close(). */
bool database_open(const char *path, enum database_mode mode, struct database *database,
                   struct error *error);
void database_close(struct database *database);

/* A database of its own in memory, for comparing. */
bool database_open_memory(struct database *database, struct error *error);

/* How much memory this connection takes for pages from now on. */
bool database_set_cache_kib(const struct database *database, int kib, struct error *error);

/* From now on this connection reads the file, instead of having it in its address space, where what
 * was read once counts as the process's memory and a page costs more the first time. */
bool database_unmap(const struct database *database, struct error *error);

/* How long this connection waits for a lock from now on. */
void database_set_busy_ms(const struct database *database, int busy_ms);

/* From its next read on, and until it is closed, the connection sees the database as it is then,
 * whoever writes meanwhile: several statements give one answer. */
bool database_freeze(const struct database *database, struct error *error);

/* Takes the write-ahead log over into the database file and empties it, as far as readers and
 * writers allow it now. Best effort: what stays in the log is read from there all the same. */
void database_checkpoint(const struct database *database);

/* The same, of a file that nobody else has: fails when anything stays in the log, without which the
 * file is not whole. */
bool database_empty_log(const struct database *database, struct error *error);

/* Sets an error from the connection's last result: "DOING: why (what to do)". Returns false. */
bool database_error(const struct database *database, const char *doing, struct error *error);

/* The same of a result that a call gave. */
bool database_error_of(const struct database *database, int code, const char *doing,
                       struct error *error);

/* Runs SQL without parameters or rows. */
bool database_run(const struct database *database, const char *sql, struct error *error);

/* NULL with the error set on failure. Finalize with sqlite3_finalize(). */
sqlite3_stmt *database_prepare(const struct database *database, const char *sql,
                               struct error *error);

/* The same of a text that was put together; it is freed. */
sqlite3_stmt *database_prepare_text(const struct database *database, struct text *sql,
                                    struct error *error);

/* Prepares `count` statements. False when one cannot be, and the others are to be finalized. */
bool database_prepare_all(const struct database *database, const char *const *sql, int count,
                          sqlite3_stmt **statements, struct error *error);
void statements_finalize(sqlite3_stmt **statements, int count);

/* Steps once; after STEP_DONE and STEP_FAILED the statement is reset and ready for new parameters.
 * NULL, a statement that could not be prepared, fails with the error that is set already; what was
 * bound to it went nowhere. */
enum step database_step(const struct database *database, sqlite3_stmt *statement,
                        struct error *error);

/* Whether the step that just failed met a number that does not fit into 64 bits: then there is no
 * error any more. */
bool database_overflowed(const struct database *database, struct error *error);

/* Steps a statement that inserts or updates one row; false when it did not. */
bool database_write_row(const struct database *database, sqlite3_stmt *statement,
                        struct error *error);

/* Lets a migration change texts of the schema, or no more. */
void database_open_schema(const struct database *database, bool is_open);

/* The one integer that the SQL gives; 0 when it gives no row or NULL. */
bool database_integer(const struct database *database, const char *sql, int64_t *value,
                      struct error *error);

/* The same of SQL with parameters, which are the `count` numbers. */
bool database_integer_of(const struct database *database, const char *sql, const int64_t *numbers,
                         int count, int64_t *value, struct error *error);

/* Binds at 1-based `index`. Bytes and text are not copied: they must live until the step is over.
 */
void bind_int(sqlite3_stmt *statement, int index, int64_t value);
void bind_maybe(sqlite3_stmt *statement, int index, struct maybe_int value);
void bind_bytes(sqlite3_stmt *statement, int index, struct span bytes);
void bind_span(sqlite3_stmt *statement, int index, struct span text);

/* Binds text, NULL when it is empty. */
void bind_text_or_null(sqlite3_stmt *statement, int index, const struct text *text);

/* Reads the 0-based column of the row a statement stands on. Spans live until the next step. */
struct maybe_int column_maybe(sqlite3_stmt *statement, int column);
struct span column_span(sqlite3_stmt *statement, int column);
