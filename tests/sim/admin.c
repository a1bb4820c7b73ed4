/* The paths by which a test tells the exchange how to behave:
 *
 *   /sim/fault?kind=status&status=429&retry_after=2&count=1   kinds: see faults.h; the body of a
 *                                                              POST is the answer of kind=body
 *        &delay_ms=N            it comes so late
 *        &product=usd-m         of this product alone; else of any
 *   /sim/style?product=P&new_fields=1&plain_numbers=1&short_decimals=1&hidden=SYMBOL&added=SYMBOL
 *   /sim/clock?offset_ms=N      the exchange's clock against the machine's; the Date of each answer
 *                               is of the exchange's
 *   /sim/key?account=NAME&revoked=1
 *        &futures=0             its futures do not know the key, as of Portfolio Margin
 *        &rights=NAME,NAME      what it may do, in the words of apiRestrictions
 *   /sim/mode?account=NAME&hedge=1   to hedge mode, or (0) to one-way mode: on both products
 *   /sim/weight?limit=N&others=N     weight a minute; what other programs on the address use now
 *        &minute_offset_ms=N    its minute begins so much later than the exchange's clock says, or
 *                               earlier
 *   /sim/weights                each minute: when it began by the exchange's clock, what was used
 *                               at most, how many requests were refused; one JSON object a line
 *   /sim/silence?to=all         accepts connections and requests, and answers none of them; `rest`,
 *                               `stream`: those alone; `nothing`: again, and what waits is hung up
 *        &account=PATTERN       of the accounts with such names, as `a1*`; else of everybody
 *   /sim/trade?...              and what else happens to an account: see dealings.c
 *   /sim/stream?account=NAME&product=P&drop=N&duplicate=N&delay=N&delay_ms=N&reorder=N&fragment=N
 *        &mask=N&oversize=N&garbage=N   faults of the next messages
 *        &close=CODE, &break=1, &stall=1          of the connection
 *        &expire=1 (2: its E is a text), &forget=1   of the listen key: told, or not
 *        &refuse=1              gives no listen keys (0: again)
 *        &life_ms=N             connections made from now on end after so long
 *        &mute=1                they say nothing after their handshake (0: again)
 *        &burst=N&per_second=N  that many messages, at once or at that pace
 *   /sim/tell?account=NAME&product=P     the stream says the body of this POST, a JSON text
 *   /sim/connections            every handshake of the stream, when, of whom, and its answer, 0 for
 *                               none; one JSON object a line
 *   /sim/keys                   every listen key that was given, one a line
 *   /sim/streams                how many connections the stream's messages go to
 *   /sim/messages               every message, and whether it was sent
 *   /sim/log                    every request so far, one JSON object a line
 *   /sim/reset                  no faults, no silence, plain style, true clock, empty log
 *
 * product=P is coin-m or usd-m, and coin-m where it is not said: the same words for both. A symbol
 * that is not ASCII is percent-encoded here too. */
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "dealings.h"
#include "rights.h"
#include "silence.h"
#include "sim.h"

#define STALL_MS (60 * 60 * 1000)

int64_t admin_number(struct request *request, const char *name, int64_t standard)
{
    const char *value = sim_parameter(request, name);
    return value[0] == '\0' ? standard : strtoll(value, NULL, 10);
}

enum MHD_Result admin_say(struct request *request, int status, const char *text)
{
    return sim_answer(request, status, text, strlen(text), NULL);
}

static enum MHD_Result add_fault(struct sim *sim, struct request *request)
{
    struct fault fault = {
        .kind = fault_kind_from_name(sim_parameter(request, "kind")),
        .count = admin_number(request, "count", 1),
        .status = (int)admin_number(request, "status", 200),
        .code = (int)admin_number(request, "code", 0),
        .retry_after_s = (int)admin_number(request, "retry_after", 0),
        .delay_ms =
            admin_number(request, "delay_ms",
                         strcmp(sim_parameter(request, "kind"), "stall") == 0 ? STALL_MS : 0),
        .size = (size_t)admin_number(request, "size", 17 << 20),
    };
    const char *endpoint = sim_parameter(request, "endpoint");
    snprintf(fault.account, sizeof fault.account, "%s", sim_parameter(request, "account"));
    snprintf(fault.product, sizeof fault.product, "%s", sim_parameter(request, "product"));
    snprintf(fault.endpoint, sizeof fault.endpoint, "%s",
             endpoint[0] == '\0' ? "positionRisk" : endpoint);
    snprintf(fault.message, sizeof fault.message, "%s", sim_parameter(request, "message"));
    if (fault.kind == FAULT_NONE) {
        return admin_say(request, 400, "no such kind of fault\n");
    }
    fault.body = request->upload;
    fault.body_size = request->upload_size;
    request->upload = NULL;
    if (!faults_add(&sim->faults, &fault)) {
        free(fault.body);
        return admin_say(request, 400, "too many faults\n");
    }
    return admin_say(request, 200, "ok\n");
}

struct market *admin_market(struct sim *sim, struct request *request)
{
    const char *name = sim_parameter(request, "product");
    int product = name[0] == '\0' ? COIN_M : product_named(name);
    return product == PRODUCT_COUNT ? NULL : &sim->markets[product];
}

struct sim_account *admin_account(struct sim *sim, struct request *request)
{
    return accounts_find_name(&sim->accounts, sim_parameter(request, "account"));
}

struct sim_ledger *admin_ledger(struct sim *sim, struct request *request)
{
    struct sim_account *account = admin_account(sim, request);
    struct market *market = admin_market(sim, request);
    return account == NULL || market == NULL ? NULL : &account->ledgers[market - sim->markets];
}

static enum MHD_Result set_style(struct sim *sim, struct request *request)
{
    struct market *market = admin_market(sim, request);
    if (market == NULL) {
        return admin_say(request, 400, "no such product\n");
    }
    struct market_style *style = &market->style;
    style->new_fields = admin_number(request, "new_fields", style->new_fields) != 0;
    style->plain_numbers = admin_number(request, "plain_numbers", style->plain_numbers) != 0;
    style->short_decimals = admin_number(request, "short_decimals", style->short_decimals) != 0;
    snprintf(style->hidden, sizeof style->hidden, "%s", sim_parameter(request, "hidden"));
    snprintf(style->added, sizeof style->added, "%s", sim_parameter(request, "added"));
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result set_key(struct sim *sim, struct request *request)
{
    struct sim_account *account = admin_account(sim, request);
    if (account == NULL) {
        return admin_say(request, 400, "no such account\n");
    }
    const char *rights = sim_parameter(request, "rights");
    if (rights[0] != '\0' && !rights_read(rights, &account->rights)) {
        return admin_say(request, 400, "no such right\n");
    }
    account->revoked = admin_number(request, "revoked", 0) != 0;
    account->has_no_futures = admin_number(request, "futures", 1) == 0;
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result set_mode(struct sim *sim, struct request *request)
{
    struct sim_account *account = admin_account(sim, request);
    if (account == NULL) {
        return admin_say(request, 400, "no such account\n");
    }
    account->hedge = admin_number(request, "hedge", 0) != 0;
    for (int i = 0; i < PRODUCT_COUNT; i++) {
        market_set_mode(&account->ledgers[i].trader, account->hedge);
    }
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result set_stream(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    if (ledger == NULL) {
        return admin_say(request, 400, "no such account or product\n");
    }
    struct sim_stream_state *state = &ledger->stream;
    state->drop += (int)admin_number(request, "drop", 0);
    state->duplicate += (int)admin_number(request, "duplicate", 0);
    state->delay += (int)admin_number(request, "delay", 0);
    state->delay_ms = admin_number(request, "delay_ms", state->delay_ms);
    state->reorder += (int)admin_number(request, "reorder", 0);
    state->fragment += (int)admin_number(request, "fragment", 0);
    state->mask += (int)admin_number(request, "mask", 0);
    state->oversize += (int)admin_number(request, "oversize", 0);
    state->garbage += (int)admin_number(request, "garbage", 0);
    state->refuses_keys = admin_number(request, "refuse", state->refuses_keys) != 0;
    sim->stream_life_ms = admin_number(request, "life_ms", sim->stream_life_ms);
    sim->streams_stall = admin_number(request, "mute", sim->streams_stall) != 0;
    if (admin_number(request, "burst", 0) > 0) {
        state->burst_left = admin_number(request, "burst", 0);
        state->burst_a_ms = (double)admin_number(request, "per_second", 0) / 1000;
        state->burst_since_ms = sim_machine_ms();
        state->burst_sent = 0;
    }
    if (admin_number(request, "expire", 0) != 0) {
        stream_expire_key(sim, ledger, admin_number(request, "expire", 0) == 2);
    }
    if (admin_number(request, "forget", 0) != 0) {
        state->listen_key[0] = '\0';
    }
    if (admin_number(request, "close", 0) != 0 || admin_number(request, "break", 0) != 0 ||
        admin_number(request, "stall", 0) != 0) {
        stream_end(sim, ledger, (int)admin_number(request, "close", 0),
                   admin_number(request, "stall", 0) != 0);
    }
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result tell(struct sim *sim, struct request *request)
{
    struct sim_ledger *ledger = admin_ledger(sim, request);
    if (ledger == NULL || request->upload_size == 0) {
        return admin_say(request, 400, "no such account or product, or no message\n");
    }
    stream_send(sim, ledger, strndup(request->upload, request->upload_size));
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result write_file(struct request *request, FILE *file, char *const *text,
                                  const size_t *size)
{
    fflush(file);
    return sim_answer(request, 200, *text, *size, NULL);
}

static enum MHD_Result reset(struct sim *sim, struct request *request)
{
    faults_clear(&sim->faults);
    for (int i = 0; i < PRODUCT_COUNT; i++) {
        sim->markets[i].style = (struct market_style){0};
    }
    sim->clock_offset_ms = 0;
    weight_reset(&sim->weight);
    weight_reset(&sim->spot_weight);
    silence_set(sim, "", 0);
    for (int i = 0; i < sim->accounts.count; i++) {
        sim->accounts.list[i].revoked = false;
    }
    return sim_log_open(sim) ? admin_say(request, 200, "ok\n") : MHD_NO;
}

static enum MHD_Result set_clock(struct sim *sim, struct request *request)
{
    sim->clock_offset_ms = admin_number(request, "offset_ms", 0);
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result set_weight(struct sim *sim, struct request *request)
{
    struct weight *weight = &sim->weight;
    weight->limit = (int)admin_number(request, "limit", weight->limit);
    weight->minute_offset_ms = admin_number(request, "minute_offset_ms", weight->minute_offset_ms);
    weight_add(weight, (int)admin_number(request, "others", 0), sim_now_ms(sim));
    return admin_say(request, 200, "ok\n");
}

static enum MHD_Result write_weights(struct sim *sim, struct request *request)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    weight_write(&sim->weight, out);
    fclose(out);
    enum MHD_Result result = sim_answer(request, 200, text, size, NULL);
    free(text);
    return result;
}

static enum MHD_Result set_silence(struct sim *sim, struct request *request)
{
    static const struct {
        const char *name;
        unsigned what;
    } KINDS[] = {{"rest", SILENT_REST},
                 {"stream", SILENT_STREAM},
                 {"all", SILENT_REST | SILENT_STREAM},
                 {"nothing", 0}};
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        if (strcmp(sim_parameter(request, "to"), KINDS[i].name) == 0 &&
            silence_set(sim, sim_parameter(request, "account"), KINDS[i].what)) {
            return admin_say(request, 200, "ok\n");
        }
    }
    return admin_say(request, 400, "no such account, or no such thing to be silent to\n");
}

static enum MHD_Result write_keys(struct sim *sim, struct request *request)
{
    return write_file(request, sim->keys_file, &sim->keys, &sim->keys_size);
}

static enum MHD_Result write_handshakes(struct sim *sim, struct request *request)
{
    return write_file(request, sim->handshakes_file, &sim->handshakes, &sim->handshakes_size);
}

static enum MHD_Result write_messages(struct sim *sim, struct request *request)
{
    return write_file(request, sim->messages_file, &sim->messages, &sim->messages_size);
}

static enum MHD_Result write_log(struct sim *sim, struct request *request)
{
    return write_file(request, sim->log_file, &sim->log, &sim->log_size);
}

/* How many connections messages are sent to: one is among them a moment after its handshake. */
static enum MHD_Result count_streams(struct sim *sim, struct request *request)
{
    char text[24];
    snprintf(text, sizeof text, "%d\n", stream_count(sim));
    return admin_say(request, 200, text);
}

admin_path *admin_find(const struct admin_path_name *paths, const char *name)
{
    while (paths->name != NULL && strcmp(paths->name, name) != 0) {
        paths++;
    }
    return paths->answer;
}

enum MHD_Result admin_answer(struct sim *sim, struct request *request, const char *path)
{
    static const struct admin_path_name PATHS[] = {
        {"fault", add_fault},
        {"style", set_style},
        {"clock", set_clock},
        {"key", set_key},
        {"mode", set_mode},
        {"weight", set_weight},
        {"stream", set_stream},
        {"keys", write_keys},
        {"messages", write_messages},
        {"log", write_log},
        {"reset", reset},
        {"streams", count_streams},
        {"silence", set_silence},
        {"weights", write_weights},
        {"connections", write_handshakes},
        {"tell", tell},
        {0},
    };
    const char *name = path + strlen("/sim/");
    admin_path *answer = admin_find(PATHS, name);
    answer = answer != NULL ? answer : dealings_find(name);
    return answer != NULL
               ? answer(sim, request)
               : admin_say(request, 404, "no such path; see tests/sim/admin.c, dealings.c\n");
}
