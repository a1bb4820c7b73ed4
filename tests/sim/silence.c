#include "silence.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/socket.h>

#include "connection.h"
#include "sim.h"

#define LOOK_EACH_MS 200

bool silence_set(struct sim *sim, const char *pattern, unsigned what)
{
    bool is_all = pattern[0] == '\0', found = is_all;
    if (is_all) {
        sim->silent = what;
    }
    for (int i = 0; i < sim->accounts.count; i++) {
        struct sim_account *account = &sim->accounts.list[i];
        if (is_all || fnmatch(pattern, account->name, 0) == 0) {
            account->silent = is_all ? 0 : what;
            found = true;
        }
    }
    return found;
}

static struct sim_account *account_of(struct sim *sim, struct request *request)
{
    const char *key =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "X-MBX-APIKEY");
    if (request->is_handshake) {
        const char *named = sim_parameter(request, "listenKey");
        const struct sim_ledger *ledger =
            stream_find_key(sim, request->stream.product,
                            named[0] != '\0' ? named : strrchr(request->stream.rest, '/') + 1);
        return ledger == NULL ? NULL : ledger->account;
    }
    return key == NULL ? NULL : accounts_find_key(&sim->accounts, key);
}

static bool is_silent(const struct sim *sim, const struct request *request)
{
    unsigned what = request->is_handshake ? SILENT_STREAM : SILENT_REST;
    unsigned silent = sim->silent | (request->account != NULL ? request->account->silent : 0);
    return (silent & what) != 0;
}

bool silence_take(struct sim *sim, struct request *request, const char *path)
{
    request->account = account_of(sim, request);
    if (!is_silent(sim, request)) {
        return false;
    }
    const char *name = request->account != NULL ? request->account->name : "";
    if (request->is_handshake) {
        connection_log(sim, name, request->stream.product, 0);
    } else {
        exchange_log(sim, request, strrchr(path, '/') + 1, name, 0);
    }
    request->was_silenced = true;
    request->next_silenced = sim->silenced;
    sim->silenced = request;
    MHD_suspend_connection(request->connection);
    return true;
}

/* A suspended connection is not read from: whether its client is still there has to be asked. */
static bool has_hung_up(struct request *request)
{
    char byte;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL) {
        return true;
    }
    ssize_t size = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void silence_work(struct sim *sim, bool all)
{
    struct request **link = &sim->silenced;
    int64_t now_ms = sim_machine_ms();
    if (!all && now_ms < sim->silence_looked_ms + LOOK_EACH_MS) {
        return;
    }
    sim->silence_looked_ms = now_ms;
    while (*link != NULL) {
        struct request *request = *link;
        if (all || !is_silent(sim, request) || has_hung_up(request)) {
            *link = request->next_silenced;
            MHD_resume_connection(request->connection);
        } else {
            link = &request->next_silenced;
        }
    }
}
