#include "cli/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/config_file.h"

#define INTERVAL_MS_DEFAULT 10000
#define TIMEOUT_MS_DEFAULT 10000
#define ACCOUNT_INTERVAL_MS_DEFAULT 60000
#define INCOME_INTERVAL_MS_DEFAULT 300000

/* A text of the file, and the one that was kept before it. */
struct config_text {
    struct config_text *next;
    char text[];
};

const char *config_keep(struct config *config, const char *text)
{
    size_t size = strlen(text) + 1;
    struct config_text *kept = malloc(sizeof *kept + size);
    if (kept == NULL) {
        return NULL;
    }
    kept->next = config->texts;
    config->texts = kept;
    return memcpy(kept->text, text, size);
}

struct span config_next_word(const char **list)
{
    *list += strspn(*list, ", \t");
    struct span word = {*list, strcspn(*list, ", \t")};
    *list += word.size;
    return word;
}

const struct config_account *config_find_account(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->account_count; i++) {
        if (strcmp(config->accounts[i].name, name) == 0) {
            return &config->accounts[i];
        }
    }
    return NULL;
}

/* The path of the file to read; NULL when there is none. `own` is room for the user's own. */
static const char *find_file(char own[static PATH_MAX])
{
    const char *named = getenv("POSREC_CONFIG");
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    const char *const places[] = {"posrec.ini", own, "/etc/posrec/posrec.ini"};
    bool has_xdg = xdg != NULL && xdg[0] != '\0';
    if (named != NULL && named[0] != '\0') {
        return named;
    }
    own[0] = '\0';
    if (has_xdg || home != NULL) {
        snprintf(own, PATH_MAX, "%s%s/posrec/posrec.ini", has_xdg ? xdg : home,
                 has_xdg ? "" : "/.config");
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], F_OK) == 0) {
            return places[i];
        }
    }
    return NULL;
}

bool config_load(const char *path, struct config *config, struct error *error)
{
    char own[PATH_MAX];
    path = path != NULL ? path : find_file(own);
    *config = (struct config){0};
    if (path == NULL) {
        return true;
    }
    config->path = config_keep(config, path);
    if (config->path == NULL) {
        return error_no_memory(error);
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set(error, ERROR_USAGE, "config %s: %s", path, strerror(errno));
    }
    bool done = config_file_read(config, file, error);
    if (done && ferror(file)) {
        done = error_set(error, ERROR_USAGE, "config %s: %s", path, strerror(errno));
    }
    fclose(file);
    return done;
}

void config_free(struct config *config)
{
    while (config->texts != NULL) {
        struct config_text *next = config->texts->next;
        free(config->texts);
        config->texts = next;
    }
    free(config->accounts);
    *config = (struct config){0};
}

static struct maybe_int first_known(struct maybe_int own, struct maybe_int common, int64_t standard)
{
    return own.known ? own : common.known ? common : maybe_of(standard);
}

struct config_times config_times(const struct config *config, const struct config_account *account)
{
    const struct config_times *own = &account->times, *common = &config->times;
    return (struct config_times){
        .interval_ms = first_known(own->interval_ms, common->interval_ms, INTERVAL_MS_DEFAULT),
        .timeout_ms = first_known(own->timeout_ms, common->timeout_ms, TIMEOUT_MS_DEFAULT),
        .account_interval_ms = first_known(own->account_interval_ms, common->account_interval_ms,
                                           ACCOUNT_INTERVAL_MS_DEFAULT),
        .income_interval_ms = first_known(own->income_interval_ms, common->income_interval_ms,
                                          INCOME_INTERVAL_MS_DEFAULT),
    };
}

bool config_records(const struct config_account *account, const char *kind)
{
    const char *list = account->record;
    struct span word;
    if (list == NULL) {
        return true;
    }
    while ((word = config_next_word(&list)).size > 0) {
        if (span_is(word, kind)) {
            return true;
        }
    }
    return false;
}
