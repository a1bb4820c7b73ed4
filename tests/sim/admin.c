/* The paths by which a test tells the exchange how to behave:
 *
 *   /sim/fault?kind=status&status=429&retry_after=2&count=1   kinds: see faults.h; the body of a
 *                                                              POST is the answer of kind=body
 *   /sim/style?new_fields=1&plain_numbers=1&short_decimals=1&hidden=SYMBOL&added=SYMBOL
 *   /sim/clock?offset_ms=N      the exchange's clock against the machine's
 *   /sim/key?account=NAME&revoked=1
 *   /sim/mode?account=NAME&hedge=1   to hedge mode, or (0) to one-way mode
 *   /sim/weight?limit=N&others=N     weight a minute; what other programs on the address use now
 *   /sim/trade?account=NAME&symbol=S&side=LONG&amount=N   buys N contracts (sells where N < 0)
 *   /sim/stream?account=NAME&drop=N&duplicate=N&delay=N&delay_ms=N&reorder=N&fragment=N&mask=N
 *        &oversize=N&garbage=N  faults of the next messages
 *        &close=CODE, &break=1, &stall=1, &expire=1   of the connection, of the listen key
 *        &refuse=1              gives no listen keys (0: again)
 *        &life_ms=N             connections made from now on end after so long
 *        &burst=N&per_second=N  that many messages, at once or at that pace
 *   /sim/keys                   every listen key that was given, one a line
 *   /sim/messages               every message, and whether it was sent
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

static enum MHD_Result trade(struct sim *sim, struct request *request)
{
    static const char *const SIDES[] = {"BOTH", "LONG", "SHORT"};
    struct sim_account *account =
        accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
    int symbol = 0, side = 0;
    while (symbol < sim->symbol_count &&
           strcmp(sim->symbols[symbol].name, sim_parameter(request, "symbol")) != 0) {
        symbol++;
    }
    while (side < SIDE_COUNT && strcmp(SIDES[side], sim_parameter(request, "side")) != 0) {
        side++;
    }
    int64_t amount = number(request, "amount", 0);
    if (account == NULL || symbol == sim->symbol_count || side == SIDE_COUNT || amount == 0) {
        return say(request, 400, "no such account, symbol or side, or no amount\n");
    }
    market_fill(&account->market, sim->symbols, symbol, side, amount, sim_now_ms(sim));
    stream_tell(sim, account);
    return say(request, 200, "ok\n");
}

static enum MHD_Result set_stream(struct sim *sim, struct request *request)
{
    struct sim_account *account =
        accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
    if (account == NULL) {
        return say(request, 400, "no such account\n");
    }
    struct sim_stream_state *state = &account->stream;
    state->drop += (int)number(request, "drop", 0);
    state->duplicate += (int)number(request, "duplicate", 0);
    state->delay += (int)number(request, "delay", 0);
    state->delay_ms = number(request, "delay_ms", state->delay_ms);
    state->reorder += (int)number(request, "reorder", 0);
    state->fragment += (int)number(request, "fragment", 0);
    state->mask += (int)number(request, "mask", 0);
    state->oversize += (int)number(request, "oversize", 0);
    state->garbage += (int)number(request, "garbage", 0);
    state->refuses_keys = number(request, "refuse", state->refuses_keys) != 0;
    sim->stream_life_ms = number(request, "life_ms", sim->stream_life_ms);
    if (number(request, "burst", 0) > 0) {
        state->burst_left = number(request, "burst", 0);
        state->burst_a_ms = (double)number(request, "per_second", 0) / 1000;
        state->burst_since_ms = sim_now_ms(sim) - sim->clock_offset_ms;
        state->burst_sent = 0;
    }
    if (number(request, "expire", 0) != 0) {
        stream_expire_key(sim, account);
    }
    if (number(request, "close", 0) != 0 || number(request, "break", 0) != 0 ||
        number(request, "stall", 0) != 0) {
        stream_end(sim, account, (int)number(request, "close", 0),
                   number(request, "stall", 0) != 0);
    }
    return say(request, 200, "ok\n");
}

static enum MHD_Result write_file(struct request *request, FILE *file, char *const *text,
                                  const size_t *size)
{
    fflush(file);
    return sim_answer(request, 200, *text, *size, NULL);
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
    if (strcmp(path, "/sim/trade") == 0) {
        return trade(sim, request);
    }
    if (strcmp(path, "/sim/stream") == 0) {
        return set_stream(sim, request);
    }
    if (strcmp(path, "/sim/keys") == 0) {
        return write_file(request, sim->keys_file, &sim->keys, &sim->keys_size);
    }
    if (strcmp(path, "/sim/messages") == 0) {
        return write_file(request, sim->messages_file, &sim->messages, &sim->messages_size);
    }
    if (strcmp(path, "/sim/log") == 0) {
        return write_log(sim, request);
    }
    if (strcmp(path, "/sim/reset") == 0) {
        return reset(sim, request);
    }
    return say(request, 404, "no such path; see tests/sim/admin.c\n");
}
