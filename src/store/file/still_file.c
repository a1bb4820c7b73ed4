#include "store/file/still_file.h"

#include <ctype.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The bytes that SQLite locks in a database file: every connection, whatever it does, has some of
 * them locked while it uses the file. https://www.sqlite.org/src/file/src/os.h */
#define LOCKED_START 0x40000000
#define LOCKED_SIZE 512

bool still_file_is_needed(int code)
{
    return code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
}

static bool is_in_use(const char *path)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCKED_START, .l_len = LOCKED_SIZE};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool locked = file >= 0 && fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (file >= 0) {
        close(file);
    }
    return locked;
}

/* Transactions that are not in the file yet, or, of a journal, not out of it again. */
static bool check_log(const char *path, const char *log, struct error *error)
{
    struct stat info;
    return stat(log, &info) != 0 || info.st_size == 0 ||
           error_set(error, ERROR_FAILED,
                     "%s: what was written last stands in %s, and SQLite cannot read that without "
                     "writing beside it (copy both files to a folder that you can write, or have "
                     "their owner run 'posrec migrate', which empties it)",
                     path, log);
}

/* All but letters and digits is escaped: no byte of a path means anything in a URI then. */
static void append_escaped(struct text *uri, const char *path)
{
    for (const char *c = path; *c != '\0'; c++) {
        if (isalnum((unsigned char)*c)) {
            text_append_char(uri, *c);
        } else {
            text_printf(uri, "%%%02X", (unsigned char)*c);
        }
    }
}

bool still_file_uri(sqlite3 *handle, struct text *uri, struct error *error)
{
    const char *path = sqlite3_db_filename(handle, "main"); /* links are resolved in it */
    if (is_in_use(path)) {
        return error_set(error, ERROR_FAILED,
                         "%s: another user's program uses it, and its -wal or -shm cannot be read "
                         "(get the right to read all three files)",
                         path);
    }
    if (!check_log(path, sqlite3_filename_wal(path), error) ||
        !check_log(path, sqlite3_filename_journal(path), error)) {
        return false;
    }
    text_append_string(uri, "file:");
    append_escaped(uri, path);
    text_append_string(uri, "?immutable=1");
    return !uri->failed || error_no_memory(error);
}
