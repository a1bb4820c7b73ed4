/* Answers to account, income and userTrades, with the checks that their documentation states, from
 * the books of the account. */
#include <limits.h>

#include "sim.h"

struct reply money_account_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    struct sim_ledger *ledger = question->ledger;
    FILE *out = open_memstream(&reply.body, &reply.size);
    ledger->product->write_account(out, &ledger->books, &ledger->trader);
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

/* What is older is told no more. */
static void forget_old(struct books_query *query, int64_t now_ms, int64_t days)
{
    int64_t oldest_ms = days == 0 ? INT64_MIN : now_ms - days * DAY_MS;
    query->start_ms = query->start_ms < oldest_ms ? oldest_ms : query->start_ms;
}

struct reply money_income_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    struct sim *sim = question->sim;
    struct request *request = question->request;
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
    forget_old(&query, sim_now_ms(sim), question->market->product->income_days);
    FILE *out = open_memstream(&reply.body, &reply.size);
    books_write_income(out, &question->ledger->books, question->market, &query);
    fclose(out);
    return reply;
}

/* Whether what is asked of userTrades can be asked together. */
static bool check_trades(const struct question *question, const struct books_query *query,
                         struct reply *reply)
{
    struct request *request = question->request;
    bool has_times = sim_parameter(request, "startTime")[0] != '\0' ||
                     sim_parameter(request, "endTime")[0] != '\0';
    bool has_id = query->from_id != INT64_MIN, one = question->market->product->no_pairs;
    if (one && query->symbol[0] == '\0') {
        *reply = error_reply(400, -1102,
                             "Mandatory parameter 'symbol' was not sent, was empty/null, or "
                             "malformed.");
        return false;
    }
    if (one && market_find_symbol(question->market, query->symbol) < 0) {
        *reply = error_reply(400, -1121, "Invalid symbol.");
        return false;
    }
    if ((query->symbol[0] == '\0') == (query->pair[0] == '\0') ||
        (query->order_id != 0 && query->symbol[0] == '\0') ||
        (has_id && (query->pair[0] != '\0' || has_times))) {
        *reply = error_reply(400, -1128, "Combination of optional parameters invalid.");
        return false;
    }
    return true;
}

struct reply money_trades_reply(struct question *question)
{
    struct reply reply = {.status = 200};
    struct request *request = question->request;
    struct books_query query = {.symbol = sim_parameter(request, "symbol"),
                                .pair = sim_parameter(request, "pair"),
                                .from_id = sim_whole_parameter(request, "fromId", INT64_MIN),
                                .order_id = sim_whole_parameter(request, "orderId", 0),
                                .limit = question->market->product->trades_limit};
    bool has_id = query.from_id != INT64_MIN;
    if (!check_trades(question, &query, &reply) ||
        !read_range(question->sim, request, 7 * DAY_MS, &query, &reply)) {
        return reply;
    }
    query.start_ms = has_id ? 0 : query.start_ms;
    forget_old(&query, sim_now_ms(question->sim), 92); /* three months */
    query.newest &= !has_id;
    FILE *out = open_memstream(&reply.body, &reply.size);
    books_write_trades(out, &question->ledger->books, question->market, &query);
    fclose(out);
    return reply;
}
