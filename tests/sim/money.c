/* Answers to /dapi/v1/account, income and userTrades, with the checks that their documentation
 * states, from the account's books. */
#include <limits.h>

#include "sim.h"

struct reply money_account_reply(struct sim *sim, struct request *request,
                                 struct sim_account *account)
{
    struct reply reply = {.status = 200};
    (void)request;
    FILE *out = open_memstream(&reply.body, &reply.size);
    books_write_account(out, &account->books, &account->market, sim->symbols, sim->symbol_count,
                        &sim->style);
    fclose(out);
    return reply;
}

#define DAY_MS INT64_C(86400000)

/* The range that is asked for, at most so long; without one the days before now. */
static bool read_range(struct sim *sim, struct request *request, int64_t span_ms,
                       struct books_query *query, struct reply *reply)
{
    int64_t now_ms = sim_now_ms(sim);
    int64_t start_ms = sim_whole_parameter(request, "startTime", -1);
    int64_t end_ms = sim_whole_parameter(request, "endTime", -1);
    query->limit = sim_whole_parameter(request, "limit", query->limit);
    if (start_ms == LLONG_MIN || end_ms == LLONG_MIN || query->limit == LLONG_MIN) {
        *reply = error_reply(400, -1104, "Illegal characters found in a parameter.");
        return false;
    }
    query->newest = start_ms < 0 && end_ms < 0;
    if (start_ms >= 0 && end_ms < 0) {
        end_ms = start_ms + span_ms < now_ms ? start_ms + span_ms : now_ms;
    } else if (start_ms < 0) {
        end_ms = end_ms < 0 ? now_ms : end_ms;
        start_ms = end_ms - 7 * DAY_MS;
    }
    if (end_ms - start_ms > span_ms) {
        *reply =
            error_reply(400, -1127, "More than the allowed time between startTime and endTime.");
        return false;
    }
    if (query->limit < 1 || query->limit > 1000) {
        *reply = error_reply(400, -1130, "Parameter 'limit' has an invalid value.");
        return false;
    }
    query->start_ms = start_ms;
    query->end_ms = end_ms;
    return true;
}

struct reply money_income_reply(struct sim *sim, struct request *request,
                                struct sim_account *account)
{
    struct reply reply = {.status = 200};
    struct books_query query = {.symbol = sim_parameter(request, "symbol"),
                                .type = sim_parameter(request, "incomeType"),
                                .limit = 100};
    if (sim_parameter(request, "page")[0] != '\0') { /* there was one until 2026-10-16 */
        return error_reply(400, -1104,
                           "Not all sent parameters were read; read '6' parameter(s) but was sent "
                           "'7'.");
    }
    if (!read_range(sim, request, 366 * DAY_MS, &query, &reply)) {
        return reply;
    }
    FILE *out = open_memstream(&reply.body, &reply.size);
    books_write_income(out, &account->books, &query);
    fclose(out);
    return reply;
}

struct reply money_trades_reply(struct sim *sim, struct request *request,
                                struct sim_account *account)
{
    struct reply reply = {.status = 200};
    struct books_query query = {.symbol = sim_parameter(request, "symbol"),
                                .pair = sim_parameter(request, "pair"),
                                .from_id = sim_whole_parameter(request, "fromId", INT64_MIN),
                                .order_id = sim_whole_parameter(request, "orderId", 0),
                                .limit = 50};
    bool has_times = sim_parameter(request, "startTime")[0] != '\0' ||
                     sim_parameter(request, "endTime")[0] != '\0';
    bool has_id = query.from_id != INT64_MIN;
    if ((query.symbol[0] == '\0') == (query.pair[0] == '\0') ||
        (query.order_id != 0 && query.symbol[0] == '\0') ||
        (has_id && (query.pair[0] != '\0' || has_times))) {
        return error_reply(400, -1128, "Combination of optional parameters invalid.");
    }
    if (!read_range(sim, request, 7 * DAY_MS, &query, &reply)) {
        return reply;
    }
    int64_t oldest_ms = sim_now_ms(sim) - 92 * DAY_MS; /* of three months */
    query.start_ms = has_id || query.start_ms < oldest_ms ? oldest_ms : query.start_ms;
    query.newest &= !has_id;
    FILE *out = open_memstream(&reply.body, &reply.size);
    books_write_trades(out, &account->books, sim->symbols, &query);
    fclose(out);
    return reply;
}
