/* A copy of a database of one moment, made while others may write. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/file/database.h"

struct backup_watch {
    void *context; /* of the callback, which may be NULL */
    void (*on_progress)(void *context, int64_t done, int64_t total);
};

/* Copies the database to a file that must not be there yet, through SQLite's online backup. All of
 * it is in that one file. On failure no file is left. */
bool backup_database(const struct database *database, const char *path,
                     const struct backup_watch *watch, struct error *error);

/* Whether such a copy can be opened, and how many captures are in it. */
bool backup_open_copy(const char *path, int64_t *captures, struct error *error);

/* Takes such a copy away again, with what SQLite keeps beside it. */
void backup_remove(const char *path);
