#include "host/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define SUFFIX ".run-lock"
#define RECORDING "'posrec run' is recording into it (stop that one first)"

/* Whoever runs next may be the database's owner, and this root. */
static int open_or_make(const char *path, const char *database_path)
{
    struct stat info;
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
    if (file < 0 && errno == EEXIST) {
        return open(path, O_RDWR | O_CLOEXEC);
    }
    if (file >= 0 && geteuid() == 0 && stat(database_path, &info) == 0 &&
        fchown(file, info.st_uid, info.st_gid) != 0) {
        close(file);
        return -1;
    }
    return file;
}

/* A database has one lock, by whatever links it is named. */
static int open_lock(const char *database_path, bool is_made)
{
    struct text path = {0};
    char *resolved = realpath(database_path, NULL);
    text_append_string(&path, resolved != NULL ? resolved : database_path);
    text_append_string(&path, SUFFIX);
    free(resolved);
    int file = -1;
    if (!path.failed) {
        file = is_made ? open_or_make(text_string(&path), database_path)
                       : open(text_string(&path), O_RDONLY | O_CLOEXEC);
    }
    text_free(&path);
    return file;
}

static bool open_to_lock(const char *database_path, int *file, struct error *error)
{
    *file = open_lock(database_path, true);
    return *file >= 0 ||
           error_set(error, ERROR_FAILED, "%s" SUFFIX ": %s", database_path, strerror(errno));
}

static bool lock(int file, int how)
{
    return flock(file, how | LOCK_NB) == 0;
}

static bool refuse(const char *database_path, int *file, const char *why, struct error *error)
{
    close(*file);
    *file = -1;
    return error_set(error, ERROR_FAILED, "%s: %s", database_path, why);
}

bool run_lock_take(const char *database_path, int *file, struct error *error)
{
    if (!open_to_lock(database_path, file, error)) {
        return false;
    }
    return lock(*file, LOCK_EX) ||
           refuse(database_path, file,
                  lock(*file, LOCK_SH)
                      ? "'posrec rebuild' is at work on it (start again when it is done)"
                      : "another " RECORDING,
                  error);
}

/* As many bytes each time: they stand where the first ones made room. */
void run_lock_leave_words(int file, const char *words)
{
    char line[RUN_LOCK_WORDS_SIZE + 1];
    snprintf(line, sizeof line, "%-*s\n", RUN_LOCK_WORDS_SIZE - 1, words);
    (void)!pwrite(file, line, RUN_LOCK_WORDS_SIZE, 0);
}

void run_lock_take_words(int file, char words[RUN_LOCK_WORDS_SIZE])
{
    ssize_t size = pread(file, words, RUN_LOCK_WORDS_SIZE - 1, 0);
    size = size > 0 ? size : 0;
    while (size > 0 && words[size - 1] == ' ') {
        size--;
    }
    words[size] = '\0';
    run_lock_leave_words(file, "");
}

bool run_lock_keep_free(const char *database_path, int *file, struct error *error)
{
    return open_to_lock(database_path, file, error) &&
           (lock(*file, LOCK_SH) || refuse(database_path, file, "a " RECORDING, error));
}

bool run_lock_is_held(const char *database_path)
{
    int file = open_lock(database_path, false);
    if (file < 0) {
        return false;
    }
    bool held = !lock(file, LOCK_SH);
    close(file);
    return held;
}
