/* The paths by which a test tells the exchange how to behave:
 *
 *   /sim/fault?kind=status&status=429&retry_after=2&count=1   kinds: see faults.h; the body of a
 *                                                              POST is the answer of kind=body
 *   /sim/style?new_fields=1&plain_numbers=1&short_decimals=1&hidden=SYMBOL&added=SYMBOL
 *   /sim/clock?offset_ms=N      the exchange's clock against the machine's
 *   /sim/key?account=NAME&revoked=1
 *   /sim/mode?account=NAME&hedge=1   to hedge mode, or (0) to one-way mode
 *   /sim/weight?limit=N&others=N     weight a minute; what other programs on the address use now
 *   /sim/log                    every request so far, one JSON object a line
 *   /sim/reset                  no faults, plain style, true clock, empty log */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static int64_t number(struct request *request, const char *name, int64_t standard)
{
    const char *value = sim_parameter(request, name);
    return value[0] == '\0' ? standard : strtoll(value, NULL, 10);
}

static enum MHD_Result say(struct request *request, int status, const char *text)
{
    return sim_answer(request, status, text, strlen(text), NULL);
}

static enum MHD_Result add_fault(struct sim *sim, struct request *request)
{
    struct fault fault = {
        .kind = fault_kind_from_name(sim_parameter(request, "kind")),
        .count = number(request, "count", 1),
        .status = (int)number(request, "status", 200),
        .code = (int)number(request, "code", 0),
        .retry_after_s = (int)number(request, "retry_after", 0),
        .delay_ms = number(request, "delay_ms", 3600000),
        .size = (size_t)number(request, "size", 17 << 20),
    };
    const char *endpoint = sim_parameter(request, "endpoint");
    snprintf(fault.account, sizeof fault.account, "%s", sim_parameter(request, "account"));
    snprintf(fault.endpoint, sizeof fault.endpoint, "%s",
             endpoint[0] == '\0' ? "positionRisk" : endpoint);
    snprintf(fault.message, sizeof fault.message, "%s", sim_parameter(request, "message"));
    if (fault.kind == FAULT_NONE) {
        return say(request, 400, "no such kind of fault\n");
    }
    fault.body = request->upload;
    fault.body_size = request->upload_size;
    request->upload = NULL;
    if (!faults_add(&sim->faults, &fault)) {
        free(fault.body);
        return say(request, 400, "too many faults\n");
    }
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_style(struct sim *sim, struct request *request)
{
    struct market_style *style = &sim->style;
    style->new_fields = number(request, "new_fields", style->new_fields) != 0;
    style->plain_numbers = number(request, "plain_numbers", style->plain_numbers) != 0;
    style->short_decimals = number(request, "short_decimals", style->short_decimals) != 0;
    snprintf(style->hidden, sizeof style->hidden, "%s", sim_parameter(request, "hidden"));
    snprintf(style->added, sizeof style->added, "%s", sim_parameter(request, "added"));
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_key(struct sim *sim, struct request *request)
{
    struct sim_account *account =
        accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    account->revoked = number(request, "revoked", 0) != 0;
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_mode(struct sim *sim, struct request *request)
{
    struct sim_account *account =
        accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    market_set_mode(&account->market, sim->symbol_count, number(request, "hedge", 0) != 0);
    return say(request, 200, "ok\n");
}

static enum MHD_Result write_log(struct sim *sim, struct request *request)
{
    fflush(sim->log_file);
    return sim_answer(request, 200, sim->log, sim->log_size, NULL);
}

static enum MHD_Result reset(struct sim *sim, struct request *request)
{
    faults_clear(&sim->faults);
    sim->style = (struct market_style){0};
    sim->clock_offset_ms = 0;
    sim->banned_until_ms = 0;
    sim->used_weight = 0;
    sim->over_limit = 0;
    for (int i = 0; i < sim->accounts.count; i++) {
        sim->accounts.list[i].revoked = false;
    }
    return sim_log_open(sim) ? say(request, 200, "ok\n") : MHD_NO;
}

enum MHD_Result admin_answer(struct sim *sim, struct request *request, const char *path)
{
    if (strcmp(path, "/sim/fault") == 0) {
        return add_fault(sim, request);
    }
    if (strcmp(path, "/sim/style") == 0) {
        return set_style(sim, request);
    }
    if (strcmp(path, "/sim/clock") == 0) {
        sim->clock_offset_ms = number(request, "offset_ms", 0);
        return say(request, 200, "ok\n");
    }
    if (strcmp(path, "/sim/key") == 0) {
        return set_key(sim, request);
    }
    if (strcmp(path, "/sim/mode") == 0) {
        return set_mode(sim, request);
    }
    if (strcmp(path, "/sim/weight") == 0) {
        sim->weight_limit = (int)number(request, "limit", sim->weight_limit);
        sim->used_weight += (int)number(request, "others", 0);
        return say(request, 200, "ok\n");
    }
    if (strcmp(path, "/sim/log") == 0) {
        return write_log(sim, request);
    }
    if (strcmp(path, "/sim/reset") == 0) {
        return reset(sim, request);
    }
    return say(request, 404, "no such path; see tests/sim/admin.c\n");
}
