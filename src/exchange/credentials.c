#include "exchange/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/core_dump.h"

void credentials_free(struct credentials *credentials)
{
    text_wipe(&credentials->api_key);
    signer_free(credentials->signer);
    *credentials = (struct credentials){0};
}

static bool check_file(int file, const char *path, struct error *error)
{
    struct stat info;
    if (fstat(file, &info) != 0) {
        return error_set(error, ERROR_USAGE, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return error_set(error, ERROR_USAGE, "%s: not a file", path);
    }
    if ((info.st_mode & S_IRWXO) != 0) {
        return error_set(error, ERROR_USAGE, "%s: others can read it (run: chmod 600 %s)", path,
                         path);
    }
    if ((uint64_t)info.st_size > CREDENTIALS_FILE_SIZE_MAX) {
        return error_set(error, ERROR_USAGE, "%s: longer than %zu bytes", path,
                         CREDENTIALS_FILE_SIZE_MAX);
    }
    return true;
}

static bool read_all(int file, const char *path, struct text *out, struct error *error)
{
    /* All at once: growing step by step would leave copies behind that nobody wipes. */
    if (!text_reserve(out, CREDENTIALS_FILE_SIZE_MAX)) {
        return error_no_memory(error);
    }
    ssize_t got;
    while (out->size < CREDENTIALS_FILE_SIZE_MAX &&
           (got = read(file, out->data + out->size, CREDENTIALS_FILE_SIZE_MAX - out->size)) != 0) {
        if (got < 0 && errno != EINTR) {
            return error_set(error, ERROR_USAGE, "%s: %s", path, strerror(errno));
        }
        out->size += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* The copy of a file that systemd has made for this service: LoadCredential=keys:FOLDER gives it
 * what is NAME in the folder `keys` as keys_NAME. "" when there is none. */
static void find_credential(const char *path, struct text *found)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    const char *name = strrchr(path, '/');
    const char *folder = name;
    while (folder != NULL && folder > path && folder[-1] != '/') {
        folder--;
    }
    if (credentials != NULL && name != NULL) {
        text_printf(found, "%s/%.*s_%s", credentials, (int)(name - folder), folder, name + 1);
    }
    if (found->failed || access(text_string(found), F_OK) != 0) {
        text_clear(found);
    }
}

static bool read_open(const char *path, struct text *out, struct error *error)
{
    /* Not to hang on a pipe that somebody put there. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return error_set(error, ERROR_USAGE, "%s: %s", path, strerror(errno));
    }
    bool done = check_file(file, path, error) && read_all(file, path, out, error);
    close(file);
    return done;
}

static bool read_file(const char *path, struct text *out, struct error *error)
{
    struct text credential = {0};
    find_credential(path, &credential);
    bool done = read_open(credential.size > 0 ? text_string(&credential) : path, out, error);
    text_free(&credential);
    return done;
}

static bool read_source(const char *path, const char *text, const char *what, struct text *out,
                        struct error *error)
{
    if (path != NULL) {
        return read_file(path, out, error) || error_context(error, "%s", what);
    }
    if (text == NULL) {
        return error_set(error, ERROR_USAGE,
                         "no %s (set api_key_file and secret_file in the config, or POSREC_API_KEY "
                         "and POSREC_API_SECRET)",
                         what);
    }
    text_append_string(out, text);
    return !out->failed || error_no_memory(error);
}

static struct span trimmed(const struct text *text)
{
    struct span span = text_span(text);
    while (span.size > 0 && strchr(" \t\r\n", span.data[span.size - 1]) != NULL) {
        span.size--;
    }
    while (span.size > 0 && strchr(" \t\r\n", span.data[0]) != NULL) {
        span.data++;
        span.size--;
    }
    return span;
}

/* It goes into a header line: nothing but printable characters. */
static bool take_api_key(struct span key, struct text *out, struct error *error)
{
    bool printable = key.size > 0 && key.size <= CREDENTIALS_KEY_SIZE_MAX;
    for (size_t i = 0; i < key.size && printable; i++) {
        printable = key.data[i] > ' ' && key.data[i] <= '~';
    }
    if (!printable) {
        return error_set(error, ERROR_USAGE,
                         "not a key: one word of at most %zu printable characters is",
                         CREDENTIALS_KEY_SIZE_MAX);
    }
    text_append(out, key.data, key.size);
    return !out->failed || error_no_memory(error);
}

bool credentials_load(const struct credentials_source *source, struct credentials *credentials,
                      struct error *error)
{
    struct text key = {0}, secret = {0};
    core_dump_forbid();
    *credentials = (struct credentials){0};
    bool done = read_source(source->api_key_file, source->api_key, "API key", &key, error) &&
                (take_api_key(trimmed(&key), &credentials->api_key, error) ||
                 error_context(error, "API key")) &&
                read_source(source->secret_file, source->secret, "API secret", &secret, error);
    if (done) {
        credentials->signer = signer_new(trimmed(&secret), error);
        done = credentials->signer != NULL || error_context(error, "API secret");
    }
    text_wipe(&key);
    text_wipe(&secret);
    if (!done) {
        credentials_free(credentials);
    }
    return done;
}
