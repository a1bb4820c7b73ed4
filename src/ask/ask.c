#include "ask/ask.h"

#include <stdlib.h>
#include <string.h>

#include "ask/engine.h"
#include "ask/host_sources.h"
#include "base/array.h"
#include "base/log.h"

struct ask *ask_new(const struct ask_settings *settings, struct error *error)
{
    struct ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL) {
        error_no_memory(error);
        return NULL;
    }
    ask->settings = *settings;
    ask->random = settings->seed != 0 ? (struct random){settings->seed} : random_start();
    return ask;
}

void ask_free(struct ask *ask)
{
    if (ask == NULL) {
        return;
    }
    for (size_t i = 0; i < ask->turn_count; i++) {
        struct asker *asker = ask->turns[i].asker;
        flight_free(asker);
        if (asker->source->release != NULL) {
            asker->source->release(asker);
        }
    }
    for (size_t i = 0; i < ask->host_count; i++) {
        free(ask->hosts[i]);
    }
    for (size_t i = 0; i < ask->way_count; i++) {
        text_free(&ask->ways[i]->family);
        free(ask->ways[i]);
    }
    unplaced_free(&ask->unplaced);
    free(ask->hosts);
    free(ask->ways);
    free(ask->turns);
    free(ask);
}

const struct ask_settings *ask_settings(const struct asker *asker)
{
    return &asker->host->ask->settings;
}

void ask_touch(struct asker *asker)
{
    asker->host->ask->turns[asker->turn].due.ms = INT64_MIN;
}

void ask_log_failure(const struct asker *asker, enum endpoint endpoint, const struct error *error)
{
    log_event(LOG_ERROR, "not_asked", LOG_TEXT("account", asker_account(asker)),
              LOG_TEXT("endpoint", endpoint_name(endpoint)), LOG_TEXT("reason", error->text));
}

bool asker_holds_up(const struct asker *asker)
{
    return asker->source != &SOURCE_LISTEN_KEY && asker->source != &SOURCE_SEAL;
}

static void *grown(void *list, size_t count, size_t size)
{
    return reallocarray(list, count + 1, size);
}

/* Takes the family over. */
static struct way *add_way(struct ask *ask, const struct account_settings *settings,
                           struct text *family, struct error *error)
{
    struct way *way = calloc(1, sizeof *way);
    struct way **ways = grown(ask->ways, ask->way_count, sizeof *ways);
    ask->ways = ways != NULL ? ways : ask->ways;
    if (way == NULL || ways == NULL || family->failed) {
        free(way);
        text_free(family);
        error_no_memory(error);
        return NULL;
    }
    way->family = *family;
    way->proxy = settings->proxy;
    way->limits = limits_start(settings->weight_share_percent);
    ask->ways[ask->way_count++] = way;
    return way;
}

static struct way *make_way(struct ask *ask, const struct account_settings *settings,
                            struct error *error)
{
    struct text family = {0};
    way_family(settings->exchange.base_url, &family);
    for (size_t i = 0; i < ask->way_count && !family.failed; i++) {
        if (way_serves(ask->ways[i], text_span(&family), settings->proxy)) {
            text_free(&family);
            return ask->ways[i];
        }
    }
    struct way *way = add_way(ask, settings, &family, error);
    const struct ask *before = ask->settings.before;
    for (size_t i = 0; way != NULL && before != NULL && i < before->way_count; i++) {
        const struct way *old = before->ways[i];
        if (way_serves(way, text_span(&old->family), old->proxy)) {
            way->limits = old->limits;
            way->limits.share_percent = settings->weight_share_percent;
            way->connections = old->connections;
            memcpy(way->connected, old->connected, sizeof way->connected);
        }
    }
    return way;
}

/* The asker begins, to ask nothing yet. */
static bool add_asker(struct ask *ask, struct asker *asker, const struct source *source,
                      struct error *error)
{
    if (!array_grow((void **)&ask->turns, sizeof *ask->turns, &ask->turn_capacity,
                    ask->turn_count + 1)) {
        return error_no_memory(error);
    }
    asker->source = source;
    asker->endpoint = source->endpoint;
    asker->attempt = 1;
    asker->turn = ask->turn_count;
    ask->turns[ask->turn_count++] = (struct turn){.due = {INT64_MIN}, .asker = asker};
    ask->unplaced.max = ASK_UNPLACED_MAX + 4 * ask->turn_count;
    return true;
}

static struct ask_host *add_host(struct ask *ask, struct way *way,
                                 const struct account_settings *settings, struct error *error)
{
    struct ask_host **hosts = grown(ask->hosts, ask->host_count, sizeof *hosts);
    struct ask_host *host = calloc(1, sizeof *host);
    ask->hosts = hosts != NULL ? hosts : ask->hosts;
    if (hosts == NULL || host == NULL) {
        free(host);
        error_no_memory(error);
        return NULL;
    }
    ask->hosts[ask->host_count++] = host;
    *host = (struct ask_host){.ask = ask, .way = way, .settings = settings};
    return host;
}

static struct ask_host *make_host(struct ask *ask, const struct account_settings *settings,
                                  struct error *error)
{
    for (size_t i = 0; i < ask->host_count; i++) {
        if (same_host(ask->hosts[i]->settings, settings)) {
            return ask->hosts[i];
        }
    }
    struct way *way = make_way(ask, settings, error);
    struct ask_host *host = way != NULL ? add_host(ask, way, settings, error) : NULL;
    if (host == NULL) {
        return NULL;
    }
    host->time.host = host->contracts.host = host;
    const struct ask *before = ask->settings.before;
    for (size_t i = 0; before != NULL && i < before->host_count; i++) {
        if (same_host(before->hosts[i]->settings, settings)) {
            host->clock = before->hosts[i]->clock;
        }
    }
    if (!add_asker(ask, &host->time, &SOURCE_TIME, error) ||
        !add_asker(ask, &host->contracts, &SOURCE_CONTRACTS, error)) {
        return NULL;
    }
    asker_want(&host->time, (struct boot_time){0});
    return host;
}

/* One of the account's askers. */
static bool add_own(struct ask *ask, struct ask_account *account, struct asker *asker,
                    const struct source *source, struct error *error)
{
    asker->account = account;
    asker->host = account->host;
    return add_asker(ask, asker, source, error);
}

/* The host's prices, asked as often as the account that wants them most often says. */
static bool add_prices(struct ask *ask, struct ask_account *account, struct error *error)
{
    struct asker *prices = &account->host->prices.asker;
    int64_t interval_ms = account->settings->account_interval_ms;
    prices->host = account->host;
    if (!prices->interval_ms.known || interval_ms < prices->interval_ms.value) {
        prices->interval_ms = maybe_of(interval_ms);
    }
    return prices->source != NULL || add_asker(ask, prices, &SOURCE_PRICES, error);
}

static bool begin_account(struct ask *ask, struct ask_account *account,
                          const struct account_settings *settings, struct error *error)
{
    *account = (struct ask_account){.settings = settings, .host = make_host(ask, settings, error)};
    if (account->host != NULL && account->host->account == NULL) {
        account->host->account = account;
    }
    return account->host != NULL;
}

bool ask_add_another(struct ask *ask, struct ask_account *account, struct asker *asker,
                     const struct source *source, struct error *error)
{
    account->another = asker;
    return add_own(ask, account, asker, source, error);
}

bool ask_add_one(struct ask *ask, struct ask_account *account,
                 const struct account_settings *settings, struct asker *asker,
                 const struct source *source, struct error *error)
{
    return begin_account(ask, account, settings, error) &&
           ask_add_another(ask, account, asker, source, error);
}

bool ask_add_seal(struct ask *ask, struct ask_account *account, struct sealer *sealer,
                  const struct sealer_settings *settings, const struct now *now,
                  struct error *error)
{
    const struct account_settings *authority = &sealer->settings.authority;
    struct text family = {0};
    sealer->settings = *settings;
    text_printf(&family, "seal %s", authority->exchange.base_url);
    struct way *way = add_way(ask, authority, &family, error);
    struct ask_host *host = way != NULL ? add_host(ask, way, authority, error) : NULL;
    if (host == NULL || !add_asker(ask, &sealer->asker, &SOURCE_SEAL, error)) {
        return false;
    }
    if (account->host == NULL) {
        *account = (struct ask_account){.settings = authority, .host = host};
    }
    host->account = account;
    account->sealer = &sealer->asker;
    host->time_was_tried = true; /* it is not asked */
    sealer->asker.host = host;
    sealer->asker.interval_ms = (struct maybe_int){!ask->settings.is_round, settings->interval_ms};
    asker_want(&sealer->asker, now->boot);
    return true;
}

static void start_schedule(struct asker *asker, const struct now *now, bool at_once)
{
    const struct exchange_clock *clock = &asker->host->clock;
    if (asker->interval_ms.known && !ask_settings(asker)->is_round) {
        asker->schedule =
            schedule_start(asker->interval_ms.value, exchange_clock_at(clock, now, now->boot),
                           at_once, clock->epoch);
    }
}

bool ask_add(struct ask *ask, struct ask_account *account, const struct account_settings *settings,
             const struct now *now, bool at_once, struct error *error)
{
    const bool *records = settings->records;
    if (!begin_account(ask, account, settings, error) ||
        !add_own(ask, account, &account->positions, &SOURCE_POSITIONS, error) ||
        (records[ENDPOINT_ACCOUNT] &&
         !add_own(ask, account, &account->balances, &SOURCE_BALANCES, error)) ||
        (records[ENDPOINT_SYMBOL_CONFIG] &&
         !add_own(ask, account, &account->configs, &SOURCE_CONFIGS, error)) ||
        (records[ENDPOINT_ACCOUNT_CONFIG] &&
         !add_own(ask, account, &account->account_config, &SOURCE_ACCOUNT_CONFIG, error)) ||
        (records[ENDPOINT_INCOME] &&
         !add_own(ask, account, &account->income.asker, &SOURCE_INCOME, error)) ||
        (records[ENDPOINT_USER_TRADES] &&
         !add_own(ask, account, &account->trades.asker, &SOURCE_TRADES, error)) ||
        (records[settings->exchange.product->prices] && !add_prices(ask, account, error)) ||
        (settings->stream_url != NULL && ask->settings.watch.on_listen_key != NULL &&
         !add_own(ask, account, &account->listen_key, &SOURCE_LISTEN_KEY, error))) {
        return false;
    }
    account->positions.interval_ms = settings->interval_ms;
    account->balances.interval_ms = maybe_of(settings->account_interval_ms);
    account->configs.interval_ms = account->account_config.interval_ms =
        account->income.asker.interval_ms = account->trades.asker.interval_ms =
            maybe_of(settings->income_interval_ms);
    start_schedule(&account->positions, now, at_once);
    if (records[ENDPOINT_ACCOUNT]) {
        start_schedule(&account->balances, now, at_once);
    }
    if (records[ENDPOINT_SYMBOL_CONFIG]) {
        start_schedule(&account->configs, now, at_once);
    }
    if (records[ENDPOINT_ACCOUNT_CONFIG]) {
        start_schedule(&account->account_config, now, at_once);
    }
    if (records[ENDPOINT_INCOME]) {
        start_schedule(&account->income.asker, now, at_once);
    }
    if (!ask->settings.is_round) {
        trades_note_news(&account->trades, now->boot);
        if (account->host->account == account) {
            contracts_want(account->host); /* the weight limit is in exchangeInfo too */
        }
    }
    if (account->listen_key.source != NULL) {
        asker_want(&account->listen_key, now->boot);
    }
    return true;
}

void ask_add_demand(const struct account_settings *settings, struct limits_demand *demand)
{
    const struct {
        enum endpoint endpoint;
        int64_t interval_ms;
    } kinds[] = {
        {ENDPOINT_ACCOUNT, settings->account_interval_ms},
        {ENDPOINT_SYMBOL_CONFIG, settings->income_interval_ms},
        {ENDPOINT_ACCOUNT_CONFIG, settings->income_interval_ms},
        {ENDPOINT_INCOME, settings->income_interval_ms},
        {ENDPOINT_USER_TRADES, settings->income_interval_ms},
    };
    const struct exchange_account *exchange = &settings->exchange;
    limits_demand_add(demand, endpoint_weight(exchange, ENDPOINT_POSITION_RISK),
                      settings->interval_ms.value);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (settings->records[kinds[i].endpoint]) {
            limits_demand_add_fixed(demand, endpoint_weight(exchange, kinds[i].endpoint),
                                    kinds[i].interval_ms);
        }
    }
}

struct moment way_moment(const struct ask_host *host, const struct now *now)
{
    const struct ask_host *best = host;
    bool is_known = exchange_clock_is_known(&host->clock, now->boot);
    for (size_t i = 0; i < host->ask->host_count && !is_known; i++) {
        const struct ask_host *other = host->ask->hosts[i];
        is_known = other->way == host->way && exchange_clock_is_known(&other->clock, now->boot);
        best = is_known ? other : best;
    }
    return exchange_clock_moment(&best->clock, now);
}

void way_judge(struct ask *ask, struct way *way)
{
    struct limits_demand demand = {0};
    const char *base_url = NULL;
    int64_t heaviest = 0;
    for (size_t i = 0; i < ask->turn_count; i++) {
        const struct asker *asker = ask->turns[i].asker;
        int64_t weight = endpoint_weight(&asker_settings(asker)->exchange, asker->endpoint);
        if (asker->host->way == way && weight > heaviest) {
            heaviest = weight;
        }
        if (asker->host->way == way && asker->source == &SOURCE_PRICES) {
            limits_demand_add_fixed(&demand, prices_weight(&asker->host->prices),
                                    asker->interval_ms.value);
        }
        if (asker->host->way == way && asker->source == &SOURCE_POSITIONS &&
            asker->schedule.interval_ms > 0) {
            ask_add_demand(asker->account->settings, &demand);
            base_url = asker->host->settings->exchange.base_url;
        }
    }
    int64_t budget = limits_budget(&way->limits);
    way->is_judged = true;
    way->limits.scheduled_weight = (int64_t)(demand.weight - demand.fixed + 0.999);
    way->limits.scheduled_round = (int64_t)demand.weight_each;
    if (base_url != NULL && (demand.weight > (double)budget || heaviest > budget)) {
        int64_t fitting_ms = limits_fitting_interval_ms(&way->limits, &demand);
        struct maybe_int fits = {fitting_ms > 0, fitting_ms}, never = {heaviest > budget, heaviest};
        log_event(LOG_WARNING, "weight_budget", LOG_TEXT("base_url", base_url),
                  LOG_INT("needed_a_minute", (int64_t)demand.weight),
                  LOG_INT("allowed_a_minute", budget), LOG_MAYBE("interval_ms_that_fits", fits),
                  LOG_MAYBE("never_fits", never),
                  LOG_TEXT("advice", fits.known && !never.known
                                         ? NULL
                                         : "record less (record), or from more addresses"));
    }
}

bool ask_polls_wait(const struct ask *ask)
{
    return ask->polls_wait;
}

size_t ask_out(const struct ask *ask)
{
    return ask->out;
}

/* Of a round, what is committed at once, or never, is not waited for, and what is later not either.
 */
static bool is_waited_for(const struct ask *ask, const struct asker *asker, const struct now *now)
{
    bool is_round = ask->settings.is_round;
    if (asker->flight != NULL) {
        return !(is_round && asker->flight->is_committing && ask->unplaced.count == 0);
    }
    return asker->is_wanted && asker->source != &SOURCE_TIME &&
           !(is_round && !boot_reached(now->boot, asker_next(asker, now)));
}

bool ask_is_idle(const struct ask *ask, const struct now *now)
{
    for (size_t i = 0; i < ask->turn_count; i++) {
        if (is_waited_for(ask, ask->turns[i].asker, now)) {
            return false;
        }
    }
    return true;
}

const struct ask_host *ask_first_host(const struct ask *ask)
{
    return ask->host_count > 0 ? ask->hosts[0] : NULL;
}
