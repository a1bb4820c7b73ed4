#include "store/file/backup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PAGES_PER_STEP 1024

/* SQLite's result; SQLITE_DONE when all are copied. */
static int copy_pages(sqlite3_backup *backup, const struct backup_watch *watch)
{
    int code;
    while ((code = sqlite3_backup_step(backup, PAGES_PER_STEP)) == SQLITE_OK) {
        if (watch->on_progress != NULL) {
            int64_t total = sqlite3_backup_pagecount(backup);
            watch->on_progress(watch->context, total - sqlite3_backup_remaining(backup), total);
        }
    }
    return code;
}

/* Copies in one read transaction, so that a writer's commits do not start the copy over again. */
static bool copy_to(const struct database *database, struct database *copy,
                    const struct backup_watch *watch, struct error *error)
{
    int64_t version;
    if (!database_freeze(database, error) ||
        !database_integer(database, "PRAGMA user_version", &version, error)) {
        return false;
    }
    sqlite3_backup *backup = sqlite3_backup_init(copy->handle, "main", database->handle, "main");
    int code = backup != NULL ? copy_pages(backup, watch) : sqlite3_errcode(copy->handle);
    /* Only its end tells the copy's connection what went wrong. */
    int ended = sqlite3_backup_finish(backup);
    code = code == SQLITE_DONE ? ended : code;
    bool done = code == SQLITE_OK || database_error_of(copy, code, "copying", error);
    sqlite3_exec(database->handle, "COMMIT", NULL, NULL, NULL);
    return done && database_empty_log(copy, error);
}

void backup_remove(const char *path)
{
    static const char *const SUFFIXES[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof SUFFIXES[0]; i++) {
        struct text name = {0};
        text_append_string(&name, path);
        text_append_string(&name, SUFFIXES[i]);
        if (!name.failed) {
            unlink(text_string(&name));
        }
        text_free(&name);
    }
}

bool backup_database(const struct database *database, const char *path,
                     const struct backup_watch *watch, struct error *error)
{
    struct database copy;
    if (access(path, F_OK) == 0) {
        return error_set(error, ERROR_FAILED, "%s: is there already (name a new file)", path);
    }
    if (!database_open(path, DATABASE_WRITE, &copy, error)) {
        backup_remove(path);
        return false;
    }
    bool done = copy_to(database, &copy, watch, error);
    database_close(&copy);
    if (!done) {
        backup_remove(path);
    }
    return done;
}

bool backup_open_copy(const char *path, int64_t *captures, struct error *error)
{
    struct database copy;
    if (!database_open(path, DATABASE_READ, &copy, error)) {
        return false;
    }
    bool done = database_integer(&copy, "SELECT coalesce(max(capture_id), 0) FROM capture",
                                 captures, error);
    database_close(&copy);
    return done;
}
