#include "store/file/database.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/file/calendar_functions.h"
#include "store/file/still_file.h"

#define PAGES_PROBED 64
#define PERCENT_IN_MEMORY 90

/* SQLite's own "disk is full" knows neither quotas nor limits on a file's size. */
static bool is_no_room(int code, int why)
{
    return code == SQLITE_FULL ||
           (code == SQLITE_IOERR && (why == ENOSPC || why == EDQUOT || why == EFBIG));
}

/* Why the system refused. SQLite notes it of statements, not of a commit; the log's file knows. */
static int system_errno(sqlite3 *handle)
{
    int why = sqlite3_system_errno(handle);
    sqlite3_file *log = NULL;
    if (why == 0 &&
        sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
        log != NULL && log->pMethods != NULL) {
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &why);
    }
    return why;
}

bool database_error(const struct database *database, const char *doing, struct error *error)
{
    return database_error_of(database, sqlite3_errcode(database->handle), doing, error);
}

bool database_error_of(const struct database *database, int code, const char *doing,
                       struct error *error)
{
    code &= 0xff; /* some calls give extended ones */
    bool is_last = sqlite3_errcode(database->handle) == code;
    const char *what = is_last ? sqlite3_errmsg(database->handle) : sqlite3_errstr(code);
    int why = code == SQLITE_IOERR ? system_errno(database->handle) : 0;
    const char *path = database->path;
    if (is_no_room(code, why)) {
        return error_set(error, ERROR_NO_ROOM, "%s: no room left for %s%s%s (free some disk space)",
                         doing, path, code == SQLITE_FULL ? "" : ": ",
                         code == SQLITE_FULL ? "" : strerror(why));
    }
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(error, ERROR_LOCKED,
                         "%s: %s is locked by another program (end its transaction, try again)",
                         doing, path);
    case SQLITE_NOTADB:
        return error_set(error, ERROR_FAILED,
                         "%s: %s is not a SQLite database (name another with -d)", doing, path);
    case SQLITE_CORRUPT:
        return error_set(error, ERROR_FAILED,
                         "%s: %s is damaged: %s (run 'posrec verify', restore a backup)", doing,
                         path, what);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        return error_set(error, ERROR_FAILED,
                         "%s: %s: %s (check who may write the file, its -wal and -shm, and their "
                         "folder)",
                         doing, path, what);
    case SQLITE_NOMEM:
        return error_no_memory(error);
    case SQLITE_IOERR:
        return error_set(error, ERROR_FAILED, "%s: %s: %s: %s (check the disk)", doing, path, what,
                         strerror(why));
    default:
        return error_set(error, ERROR_FAILED, "%s: %s: %s", doing, path, what);
    }
}

bool database_run(const struct database *database, const char *sql, struct error *error)
{
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return database_error(database, "database", error);
    }
    return true;
}

sqlite3_stmt *database_prepare(const struct database *database, const char *sql,
                               struct error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                           NULL) != SQLITE_OK) {
        database_error(database, "database", error);
        return NULL;
    }
    return statement;
}

sqlite3_stmt *database_prepare_text(const struct database *database, struct text *sql,
                                    struct error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sql->failed) {
        error_no_memory(error);
    } else {
        statement = database_prepare(database, text_string(sql), error);
    }
    text_free(sql);
    return statement;
}

bool database_prepare_all(const struct database *database, const char *const *sql, int count,
                          sqlite3_stmt **statements, struct error *error)
{
    bool done = true;
    for (int i = 0; done && i < count; i++) {
        statements[i] = database_prepare(database, sql[i], error);
        done = statements[i] != NULL;
    }
    return done;
}

void statements_finalize(sqlite3_stmt **statements, int count)
{
    for (int i = 0; i < count; i++) {
        sqlite3_finalize(statements[i]);
    }
}

enum step database_step(const struct database *database, sqlite3_stmt *statement,
                        struct error *error)
{
    if (statement == NULL) {
        return STEP_FAILED;
    }
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        return STEP_ROW;
    }
    if (result != SQLITE_DONE) {
        database_error(database, "database", error);
        sqlite3_reset(statement);
        return STEP_FAILED;
    }
    sqlite3_reset(statement);
    return STEP_DONE;
}

bool database_overflowed(const struct database *database, struct error *error)
{
    int code = sqlite3_extended_errcode(database->handle);
    bool overflowed = code == SQLITE_ERROR || code == SQLITE_CONSTRAINT_DATATYPE;
    if (overflowed) {
        *error = (struct error){0};
    }
    return overflowed;
}

bool database_write_row(const struct database *database, sqlite3_stmt *statement,
                        struct error *error)
{
    int64_t before = sqlite3_total_changes64(database->handle);
    if (database_step(database, statement, error) != STEP_DONE) {
        return false;
    }
    int64_t written = sqlite3_total_changes64(database->handle) - before;
    return written == 1 ||
           error_set(error, ERROR_FAILED,
                     "%s: a row was to be written, %lld were (run 'posrec verify'): %s",
                     database->path, (long long)written, sqlite3_sql(statement));
}

void database_open_schema(const struct database *database, bool is_open)
{
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, !is_open, NULL);
}

bool database_integer(const struct database *database, const char *sql, int64_t *value,
                      struct error *error)
{
    return database_integer_of(database, sql, NULL, 0, value, error);
}

bool database_integer_of(const struct database *database, const char *sql, const int64_t *numbers,
                         int count, int64_t *value, struct error *error)
{
    sqlite3_stmt *statement = database_prepare(database, sql, error);
    for (int i = 0; i < count; i++) {
        bind_int(statement, i + 1, numbers[i]);
    }
    *value = 0;
    enum step step = database_step(database, statement, error);
    if (step == STEP_ROW) {
        *value = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return step != STEP_FAILED;
}

static bool check_encoding(const struct database *database, struct error *error)
{
    sqlite3_stmt *select = database_prepare(database, "PRAGMA encoding", error);
    enum step step = database_step(database, select, error);
    bool good = step == STEP_ROW && (span_is(column_span(select, 0), "UTF-8") ||
                                     error_set(error, ERROR_FAILED,
                                               "%s: its texts are %.*s, posrec's are UTF-8 (this "
                                               "file was made by something else)",
                                               database->path, (int)sqlite3_column_bytes(select, 0),
                                               (const char *)sqlite3_column_text(select, 0)));
    sqlite3_finalize(select);
    return good;
}

static bool check_is_posrec(const struct database *database, struct error *error)
{
    int64_t application_id, tables;
    if (!database_integer(database, "PRAGMA application_id", &application_id, error) ||
        !database_integer(database, "SELECT count(*) FROM sqlite_schema", &tables, error)) {
        return false;
    }
    if (application_id == DATABASE_APPLICATION_ID ||
        (application_id == 0 && tables == 0 && database->writable)) {
        return check_encoding(database, error);
    }
    return error_set(error, ERROR_FAILED,
                     "%s: not a posrec database (name another file with -d, or in the config)",
                     database->path);
}

/* WAL is set once and stays in the file. It needs the file alone for a moment, so another program
 * that is creating it too can be in the way. */
static bool use_wal(const struct database *database, struct error *error)
{
    sqlite3_stmt *statement = database_prepare(database, "PRAGMA journal_mode = WAL", error);
    enum step step = database_step(database, statement, error);
    bool wal = step == STEP_ROW && span_is(column_span(statement, 0), "wal");
    sqlite3_finalize(statement);
    if (step == STEP_ROW && !wal) {
        return error_set(error, ERROR_FAILED,
                         "%s: this file system cannot hold a write-ahead log (use a local disk)",
                         database->path);
    }
    return wal;
}

/* Whether the file, which the connection maps, is in memory already, by a sample of its pages. */
static bool is_in_memory(const struct database *database)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    const sqlite3_int64 page_size = sysconf(_SC_PAGESIZE);
    if (sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
            SQLITE_OK ||
        file->pMethods == NULL || file->pMethods->iVersion < 3 ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK) {
        return false;
    }
    int present = 0, probed = 0;
    for (int i = 0; i < PAGES_PROBED; i++) {
        sqlite3_int64 offset = size / page_size * i / PAGES_PROBED * page_size;
        void *page = NULL;
        unsigned char state = 0;
        if (file->pMethods->xFetch(file, offset, (int)page_size, &page) == SQLITE_OK &&
            page != NULL) {
            probed++;
            present += mincore(page, (size_t)page_size, &state) == 0 && (state & 1) != 0;
            file->pMethods->xUnfetch(file, offset, page);
        }
    }
    return present * 100 >= probed * PERCENT_IN_MEMORY;
}

/* A file on a disk is mapped: it is then read ahead instead of page by page, which a report over a
 * year gains two thirds by. One that is in memory is read: to map a page costs more than to copy
 * it, and counts as the process's memory. */
static bool choose_way_of_reading(const struct database *database, struct error *error)
{
    return database_run(database, "PRAGMA mmap_size = " DATABASE_MAP_BYTES, error) &&
           (!is_in_memory(database) || database_unmap(database, error));
}

static bool configure(const struct database *database, struct error *error)
{
    sqlite3 *handle = database->handle;
    sqlite3_extended_result_codes(handle, 0);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, DATABASE_VALUE_SIZE_MAX);
    sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, DATABASE_SQL_SIZE_MAX);
    database_open_schema(database, false);
    if (!calendar_functions_add(handle)) {
        return error_no_memory(error);
    }
    if (!database_run(database, "PRAGMA foreign_keys = ON", error) ||
        !database_set_cache_kib(
            database, database->writable ? DATABASE_CACHE_KIB : DATABASE_READ_CACHE_KIB, error) ||
        !check_is_posrec(database, error)) {
        return false;
    }
    if (!database->writable) {
        return choose_way_of_reading(database, error);
    }
    /* FULL: what was reported as recorded is still there after a power cut. */
    return use_wal(database, error) && database_run(database, "PRAGMA synchronous = FULL", error);
}

static bool check_exists(const char *path, struct error *error)
{
    struct stat info;
    if (stat(path, &info) == 0) {
        return true;
    }
    if (errno == ENOENT) {
        return error_set(error, ERROR_FAILED,
                         "%s: no such database (record with 'posrec fetch', or name one with -d)",
                         path);
    }
    return error_set(error, ERROR_FAILED, "%s: %s", path, strerror(errno));
}

/* What is recorded is its owner's and group's business: SQLite would let everybody read it. It
 * gives the -wal and -shm the same mode. */
static void make_file(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
        if (file >= 0) {
            close(file);
        }
    }
}

/* SQLite deletes the file that a journal names as its super-journal, whatever it is. posrec's
 * transactions have none. The name stands before this mark, at the journal's end
 * (https://www.sqlite.org/fileformat2.html, The Rollback Journal; pager.c, readSuperJournal). */
static bool check_journal(const struct database *database, struct error *error)
{
    static const unsigned char MARK[] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    unsigned char end[sizeof MARK] = {0};
    const char *path = sqlite3_db_filename(database->handle, "main");
    const char *journal = path != NULL && *path != '\0' ? sqlite3_filename_journal(path) : NULL;
    struct stat info;
    if (journal == NULL || stat(journal, &info) != 0) {
        return true;
    }
    if (S_ISREG(info.st_mode) && info.st_size >= (off_t)sizeof end) {
        int file = open(journal, O_RDONLY | O_CLOEXEC);
        if (file >= 0) {
            (void)!pread(file, end, sizeof end, info.st_size - (off_t)sizeof end);
            close(file);
        }
    }
    return (S_ISREG(info.st_mode) && memcmp(end, MARK, sizeof MARK) != 0) ||
           error_set(error, ERROR_FAILED,
                     "%s: %s is none that posrec leaves, and can have other files deleted (put it "
                     "somewhere else)",
                     database->path, journal);
}

/* A statement's own tables are many and small: each would begin with 20 pages of memory, a tenth of
 * what a day's report takes. Nor is each allocation counted: nobody asks. */
static void configure_sqlite(void)
{
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static bool open_handle(struct database *database, const char *name, int flags, struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_sqlite);
    int code = sqlite3_open_v2(name, &database->handle, flags, NULL);
    if (database->handle == NULL) {
        return error_no_memory(error);
    }
    sqlite3_busy_timeout(database->handle, DATABASE_BUSY_MS);
    if (!check_journal(database, error)) {
        return false;
    }
    return code == SQLITE_OK ||
           error_set(error, ERROR_FAILED, "%s: cannot be opened: %s (check path and permissions)",
                     database->path, strerror(sqlite3_system_errno(database->handle)));
}

/* Opens again, as it lies, what cannot be read otherwise. */
static bool open_to_read(struct database *database, int flags, struct error *error)
{
    struct text uri = {0};
    if (!open_handle(database, database->path, flags, error)) {
        return false;
    }
    database->is_still = still_file_is_needed(
        sqlite3_exec(database->handle, "PRAGMA schema_version", NULL, NULL, NULL));
    if (!database->is_still) {
        return true;
    }
    bool opened = still_file_uri(database->handle, &uri, error);
    sqlite3_close_v2(database->handle);
    database->handle = NULL;
    opened = opened && open_handle(database, text_string(&uri), flags | SQLITE_OPEN_URI, error);
    text_free(&uri);
    return opened;
}

bool database_open(const char *path, enum database_mode mode, struct database *database,
                   struct error *error)
{
    *database = (struct database){.writable = mode != DATABASE_READ};
    if (mode != DATABASE_WRITE && !check_exists(path, error)) {
        return false;
    }
    database->path = strdup(path);
    if (database->path == NULL) {
        return error_no_memory(error);
    }
    if (mode == DATABASE_WRITE) {
        make_file(path);
    }
    bool opened = mode == DATABASE_READ
                      ? open_to_read(database, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READONLY, error)
                      : open_handle(database, path,
                                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE |
                                        (mode == DATABASE_WRITE ? SQLITE_OPEN_CREATE : 0),
                                    error);
    if (opened && configure(database, error)) {
        return true;
    }
    sqlite3_close_v2(database->handle);
    free(database->path);
    *database = (struct database){0};
    return false;
}

bool database_open_memory(struct database *database, struct error *error)
{
    *database = (struct database){.path = strdup(":memory:"), .writable = true};
    if (database->path != NULL && sqlite3_open(database->path, &database->handle) == SQLITE_OK) {
        return true;
    }
    database_close(database);
    return error_no_memory(error);
}

bool database_set_cache_kib(const struct database *database, int kib, struct error *error)
{
    char sql[64];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA cache_size = -%d", kib);
    return database_run(database, sql, error);
}

bool database_unmap(const struct database *database, struct error *error)
{
    return database_run(database, "PRAGMA mmap_size = 0", error);
}

void database_set_busy_ms(const struct database *database, int busy_ms)
{
    sqlite3_busy_timeout(database->handle, busy_ms);
}

bool database_freeze(const struct database *database, struct error *error)
{
    return database_run(database, "BEGIN", error);
}

void database_checkpoint(const struct database *database)
{
    /* A checkpoint that waits for a reader would hold up everything else. */
    struct error ignored = {0};
    int64_t busy_ms;
    database_integer(database, "PRAGMA busy_timeout", &busy_ms, &ignored);
    sqlite3_busy_timeout(database->handle, 0);
    sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(database->handle, (int)busy_ms);
}

bool database_empty_log(const struct database *database, struct error *error)
{
    return sqlite3_wal_checkpoint_v2(database->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                     NULL) == SQLITE_OK ||
           database_error(database, "database", error);
}

void database_close(struct database *database)
{
    if (database->handle != NULL && database->writable) {
        database_checkpoint(database);
    }
    sqlite3_close_v2(database->handle);
    free(database->path);
    *database = (struct database){0};
}

void bind_int(sqlite3_stmt *statement, int index, int64_t value)
{
    sqlite3_bind_int64(statement, index, value);
}

void bind_maybe(sqlite3_stmt *statement, int index, struct maybe_int value)
{
    if (value.known) {
        sqlite3_bind_int64(statement, index, value.value);
    } else {
        sqlite3_bind_null(statement, index);
    }
}

void bind_bytes(sqlite3_stmt *statement, int index, struct span bytes)
{
    /* A NULL pointer would bind NULL; an empty blob is not that. */
    sqlite3_bind_blob64(statement, index, bytes.size == 0 ? "" : bytes.data, bytes.size,
                        SQLITE_STATIC);
}

void bind_span(sqlite3_stmt *statement, int index, struct span text)
{
    sqlite3_bind_text64(statement, index, text.size == 0 ? "" : text.data, text.size, SQLITE_STATIC,
                        SQLITE_UTF8);
}

void bind_text_or_null(sqlite3_stmt *statement, int index, const struct text *text)
{
    if (text->size == 0) {
        sqlite3_bind_null(statement, index);
    } else {
        bind_span(statement, index, text_span(text));
    }
}

struct maybe_int column_maybe(sqlite3_stmt *statement, int column)
{
    return (struct maybe_int){sqlite3_column_type(statement, column) != SQLITE_NULL,
                              sqlite3_column_int64(statement, column)};
}

struct span column_span(sqlite3_stmt *statement, int column)
{
    const char *data = sqlite3_column_blob(statement, column);
    return (struct span){data == NULL ? "" : data, (size_t)sqlite3_column_bytes(statement, column)};
}
