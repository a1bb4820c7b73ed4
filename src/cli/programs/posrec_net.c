/* posrec-net: every command. */
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <zstd.h>

#include "cli/program.h"
#include "cli/version.h"
#include "mirror/server.h"

/* How long the mirror's server is waited for: what is known of the file is said before. */
#define MIRROR_ANSWER_MS_MAX 3000

static const struct command *const COMMANDS[] = {
    &COMMAND_FETCH,   &COMMAND_RUN,       &COMMAND_BACKFILL, &COMMAND_IMPORT, &COMMAND_EXPORT,
    &COMMAND_BODY,    &COMMAND_POSITIONS, &COMMAND_SQL,      &COMMAND_REPORT, &COMMAND_STATUS,
    &COMMAND_DOCTOR,  &COMMAND_VERIFY,    &COMMAND_SEAL,     &COMMAND_PROVE,  &COMMAND_CHECK_PROOF,
    &COMMAND_REBUILD, &COMMAND_BACKUP,    &COMMAND_MIGRATE,  &COMMAND_MIRROR,
};

static void print_version(void)
{
    struct text libpq = {0};
    server_library(&libpq);
    printf("posrec %s\nSQLite %s\nlibcurl %s\n%s\nzstd %s\n%s\n", POSREC_VERSION,
           sqlite3_libversion(), curl_version_info(CURLVERSION_NOW)->version,
           OpenSSL_version(OPENSSL_VERSION), ZSTD_versionString(), text_string(&libpq));
    text_free(&libpq);
}

static bool ask_mirror(const struct cli *cli, struct mirror_lag *lag, struct error *error)
{
    struct server *server = server_connect(cli->config.mirror, MIRROR_ANSWER_MS_MAX, error);
    bool told = server != NULL && mirror_lag(&cli->database, server, lag, error);
    server_close(server);
    return told;
}

const struct program PROGRAM = {COMMANDS, sizeof COMMANDS / sizeof COMMANDS[0], print_version,
                                ask_mirror};
