#include "store/derivation.h"

#include <stdlib.h>

#include "model/money_answer.h"
#include "model/stream_message.h"
#include "store/contract_deriver.h"

/* Accounts whose last response's bytes are kept for comparing. More accounts than these are read
 * whole each time: that costs some processor time, and memory does not grow with every account's
 * body. */
#define REMEMBERED_MAX 64

struct derivation {
    const struct row_sink *sink;
    bool compares_bytes;
    struct account_book accounts;
    int64_t leg_count;
    struct account *remembered[REMEMBERED_MAX]; /* a ring; NULL where free */
    size_t next_remembered;
    struct contract_deriver *contracts;
    struct element_scratch positions, assets, margins; /* scratch of the lists */
    struct told_rows told; /* scratch: the facts of the body that was read last */
    struct row hour;       /* scratch: of a summary's table */
};

struct derivation *derivation_new(const struct row_sink *sink, bool compares_bytes,
                                  struct error *error)
{
    struct derivation *derivation = calloc(1, sizeof *derivation);
    if (derivation != NULL) {
        derivation->sink = sink;
        derivation->compares_bytes = compares_bytes;
        const struct contract_put put = {sink->context, sink->put_contract};
        derivation->contracts = contract_deriver_new(&put);
        if (derivation->contracts != NULL) {
            return derivation;
        }
    }
    derivation_free(derivation);
    error_no_memory(error);
    return NULL;
}

void derivation_free(struct derivation *derivation)
{
    if (derivation == NULL) {
        return;
    }
    account_book_free(&derivation->accounts);
    contract_deriver_free(derivation->contracts);
    element_scratch_free(&derivation->positions);
    element_scratch_free(&derivation->assets);
    element_scratch_free(&derivation->margins);
    told_rows_free(&derivation->told);
    row_free(&derivation->hour);
    free(derivation);
}

struct account *derivation_account(struct derivation *derivation, struct span name,
                                   struct error *error)
{
    struct account_book *accounts = &derivation->accounts;
    struct account *account = account_book_find(accounts, name);
    if (account != NULL) {
        return account;
    }
    account = account_book_add(accounts, (int64_t)accounts->count + 1, name);
    if (account == NULL) {
        error_no_memory(error);
        return NULL;
    }
    const struct row_sink *sink = derivation->sink;
    return derivation_open_ledger(derivation, account, error) &&
                   sink->put_account(sink->context, account, error)
               ? account
               : NULL;
}

void derivation_set_leg_count(struct derivation *derivation, int64_t leg_count)
{
    derivation->leg_count = leg_count;
}

struct account_book *derivation_accounts(struct derivation *derivation)
{
    return &derivation->accounts;
}

struct contract_book *derivation_contracts(struct derivation *derivation)
{
    return contract_deriver_book(derivation->contracts);
}

bool derivation_take_contracts(struct derivation *derivation, struct span body, struct error *error)
{
    return contract_deriver_put(derivation->contracts, body, error);
}

int64_t derivation_leg_count(const struct derivation *derivation)
{
    return derivation->leg_count;
}

bool derivation_open_ledger(struct derivation *derivation, struct account *account,
                            struct error *error)
{
    bool compares = derivation->compares_bytes;
    account->ledger = ledger_new(&derivation->positions, compares);
    account->balances = series_new(&ASSET_OBJECT, compares);
    account->margins = series_new(&LEG_MARGIN_OBJECT, compares);
    return (account->ledger != NULL && account->balances != NULL && account->margins != NULL) ||
           error_no_memory(error);
}

/* Keeps the account among those whose bytes are remembered; the one that came first goes for it. */
static void remember(struct derivation *derivation, struct account *account)
{
    if (account->is_remembered) {
        return;
    }
    struct account **place = &derivation->remembered[derivation->next_remembered];
    derivation->next_remembered = (derivation->next_remembered + 1) % REMEMBERED_MAX;
    if (*place != NULL) {
        (*place)->is_remembered = false;
        ledger_forget_bytes((*place)->ledger);
        series_forget_bytes((*place)->balances);
        series_forget_bytes((*place)->margins);
    }
    *place = account;
    account->is_remembered = true;
}

static bool read_account(struct derivation *derivation, struct account *account, struct span body,
                         int64_t *row_count, struct error *error)
{
    struct account_answer answer;
    enum account_list list;
    enum json_step step = JSON_INVALID;
    bool good = account_answer_begin(&answer, body, error);
    while (good && (step = account_answer_next(&answer, &list, error)) == JSON_ITEM) {
        bool is_assets = list == ACCOUNT_ASSETS;
        good = series_read(is_assets ? account->balances : account->margins,
                           is_assets ? &derivation->assets : &derivation->margins, &answer.walk,
                           error);
    }
    if (step != JSON_END) {
        return false;
    }
    *row_count = (int64_t)(derivation->assets.now.count + derivation->margins.now.count);
    return (series_accept(account->balances, &derivation->assets) &&
            series_accept(account->margins, &derivation->margins)) ||
           error_no_memory(error);
}

static bool read_positions(struct account *account, struct span body, int64_t *row_count,
                           struct error *error)
{
    bool done = ledger_read(account->ledger, body, error);
    *row_count = (int64_t)ledger_row_count(account->ledger);
    return done;
}

static bool read_body(struct derivation *derivation, struct account *account,
                      const struct capture *capture, int64_t *row_count, struct error *error)
{
    struct span body = text_span(&capture->body);
    struct told_rows *told = &derivation->told;
    bool done = false;
    told_rows_clear(told);
    switch (capture->endpoint) {
    case ENDPOINT_EXCHANGE_INFO:
        return contract_deriver_read(derivation->contracts, body, row_count, error);
    case ENDPOINT_POSITION_RISK:
        remember(derivation, account);
        return read_positions(account, body, row_count, error);
    case ENDPOINT_ACCOUNT:
        remember(derivation, account);
        return read_account(derivation, account, body, row_count, error);
    case ENDPOINT_INCOME:
        done = money_answer_income(body, told, error);
        break;
    case ENDPOINT_USER_TRADES:
        done = money_answer_trades(body, told, error);
        break;
    default:
        done = stream_message_read(body, told, error);
        break;
    }
    *row_count = (int64_t)told->count;
    return done;
}

bool derivation_read(struct derivation *derivation, struct account *account,
                     struct capture *capture, int64_t *row_count, struct error *error)
{
    struct error reason;
    *row_count = 0;
    if (capture->outcome != OUTCOME_OK ||
        read_body(derivation, account, capture, row_count, &reason)) {
        return true;
    }
    if (reason.kind == ERROR_NO_MEMORY) {
        return error_no_memory(error);
    }
    *row_count = 0;
    capture->outcome = OUTCOME_UNREADABLE;
    text_clear(&capture->detail);
    capture_append_detail(capture, span_of(reason.text));
    return !capture->detail.failed || error_no_memory(error);
}

/* The contract of a symbol, made from its name when it is new. */
static bool find_contract(struct derivation *derivation, struct span symbol,
                          const struct contract_entry **contract, struct row_counts *counts,
                          struct error *error)
{
    bool is_new = false;
    bool done = contract_deriver_find(derivation->contracts, symbol, contract, &is_new, error);
    counts->derived_contracts += is_new;
    return done;
}

static bool introduce_leg(struct derivation *derivation, const struct account *account,
                          struct leg *leg, struct row_counts *counts, struct error *error)
{
    const struct row_sink *sink = derivation->sink;
    if (!find_contract(derivation, text_span(&leg->state.symbol), &leg->contract, counts, error)) {
        return false;
    }
    leg->leg_id = ++derivation->leg_count;
    return sink->put_leg(sink->context, account, leg, error);
}

static bool put_row(struct derivation *derivation, struct row *row, const struct leg *leg,
                    struct row_counts *counts, struct error *error)
{
    const struct row_sink *sink = derivation->sink;
    counts->rows[row->kind - ROW_KINDS]++;
    return sink->put_row(sink->context, row, leg, error);
}

static bool settle_revision(struct derivation *derivation, const struct ledger_change *change,
                            struct error *error)
{
    const struct row_sink *sink = derivation->sink;
    struct row *position = leg_position(change->leg);
    struct told told;
    if (change->revision == LEDGER_REVISION_UNKNOWN) {
        if (!sink->find_told(sink->context, position, &told, error)) {
            return false;
        }
        row_set(position, POSITION_REVISION, told.highest_revision + 1);
    }
    return true;
}

static bool put_change(struct derivation *derivation, const struct account *account,
                       const struct ledger_change *change, const struct capture *capture,
                       int64_t capture_id, struct row_counts *counts, struct error *error)
{
    struct leg *leg = change->leg;
    struct row *position = leg_position(leg), *valuation = leg_valuation(leg);
    if (leg->leg_id == 0 && !introduce_leg(derivation, account, leg, counts, error)) {
        return false;
    }
    if (change->writes_position) {
        row_set(position, POSITION_LEG_ID, leg->leg_id);
        row_set(position, POSITION_CAPTURE_ID, capture_id);
        if (!settle_revision(derivation, change, error) ||
            !put_row(derivation, position, leg, counts, error)) {
            return false;
        }
    }
    if (!change->writes_valuation) {
        return true;
    }
    row_set(valuation, VALUATION_LEG_ID, leg->leg_id);
    row_set(valuation, VALUATION_TIME_MS, capture->received_ms);
    row_set(valuation, VALUATION_REVISION, position->values[POSITION_REVISION]);
    return put_row(derivation, valuation, leg, counts, error) &&
           (leg_hour_add(&leg->hour, position, valuation,
                         leg->contract->contract.contract_size_e8) ||
            error_no_memory(error));
}

/* Puts what is summed up of the hour that the account's polls were in. */
static bool close_hour(struct derivation *derivation, struct account *account,
                       struct row_counts *counts, struct error *error)
{
    struct row *row = &derivation->hour;
    if (!poll_hour_take(&account->polls, row)) {
        return error_no_memory(error);
    }
    row_set(row, POLL_HOUR_ACCOUNT_ID, account->account_id);
    if (!put_row(derivation, row, NULL, counts, error)) {
        return false;
    }
    for (size_t i = 0; i < ledger_leg_count(account->ledger); i++) {
        struct leg *leg = ledger_leg_at(account->ledger, i);
        if (leg->hour.valuations == 0) {
            continue;
        }
        if (!leg_hour_to_row(&leg->hour, row)) {
            return error_no_memory(error);
        }
        leg_hour_clear(&leg->hour);
        row_set(row, LEG_HOUR_LEG_ID, leg->leg_id);
        if (!put_row(derivation, row, leg, counts, error)) {
            return false;
        }
    }
    return true;
}

/* A poll, good or not: the first of a later hour closes the one that ran. */
static bool note_poll(struct derivation *derivation, struct account *account,
                      const struct capture *capture, struct row_counts *counts, struct error *error)
{
    struct poll_hour *polls = &account->polls;
    if (poll_hour_is_over(polls, capture->received_ms) &&
        !close_hour(derivation, account, counts, error)) {
        return false;
    }
    poll_hour_add(polls, capture->received_ms, capture->outcome == OUTCOME_OK,
                  capture->interval_ms);
    return true;
}

/* Sets the ids of a row: whose it is, and the capture that told it. */
static bool set_ids(struct derivation *derivation, const struct account *account,
                    const struct object_kind *kind, struct object *object, int64_t capture_id,
                    struct leg **leg, struct row_counts *counts, struct error *error)
{
    struct row *row = &object->rows[0];
    const struct contract_entry *contract = NULL;
    *leg = NULL;
    if (kind->side.size > 0) {
        *leg = ledger_leg(account->ledger, object);
        if (*leg == NULL) {
            return error_no_memory(error);
        }
        if ((*leg)->leg_id == 0 && !introduce_leg(derivation, account, *leg, counts, error)) {
            return false;
        }
        row_set(row, 0, (*leg)->leg_id);
    } else {
        row_set(row, 0, account->account_id);
        if (row->kind->columns[1].type == COLUMN_ID) {
            if (!find_contract(derivation, text_span(&object->symbol), &contract, counts, error)) {
                return false;
            }
            row_set(row, 1, contract->contract_id);
        }
    }
    row_set(row, row_kind_of_type(row->kind, COLUMN_CAPTURE), capture_id);
    return true;
}

/* Puts a fact: once, and again as the next revision where it is told differently. */
static bool put_fact(struct derivation *derivation, const struct told_row *fact, struct row *row,
                     const struct leg *leg, struct row_counts *counts, struct error *error)
{
    const struct row_sink *sink = derivation->sink;
    struct told told;
    if (!sink->find_told(sink->context, row, &told, error)) {
        return false;
    }
    int revision = row_kind_revision(row->kind);
    if (revision >= 0) {
        row_set(row, revision, told.highest_revision + 1 + fact->repeats);
    }
    return told.same || put_row(derivation, row, leg, counts, error);
}

static bool put_facts(struct derivation *derivation, const struct account *account,
                      int64_t capture_id, struct row_counts *counts, struct error *error)
{
    for (size_t i = 0; i < derivation->told.count; i++) {
        struct told_row *fact = &derivation->told.rows[i];
        struct leg *leg;
        if (!fact->is_double &&
            (!set_ids(derivation, account, fact->kind, &fact->object, capture_id, &leg, counts,
                      error) ||
             !put_fact(derivation, fact, &fact->object.rows[0], leg, counts, error))) {
            return false;
        }
    }
    return true;
}

/* Puts what one of account's lists adds to its series. */
static bool put_series(struct derivation *derivation, const struct account *account,
                       struct series *series, const struct object_kind *kind,
                       struct element_scratch *scratch, const struct capture *capture,
                       int64_t capture_id, struct row_counts *counts, struct error *error)
{
    struct object *said;
    while ((said = series_next(series, scratch)) != NULL) {
        struct row *row = &said->rows[0];
        struct leg *leg;
        if (!set_ids(derivation, account, kind, said, capture_id, &leg, counts, error)) {
            return false;
        }
        if (leg == NULL) {
            row_set_text(row, row_kind_column(row->kind, "asset"), text_span(&said->symbol));
        }
        row_set(row, row_kind_column(row->kind, "time_ms"), capture->received_ms);
        if (!put_row(derivation, row, leg, counts, error)) {
            return false;
        }
    }
    return true;
}

static bool put_positions(struct derivation *derivation, const struct account *account,
                          const struct capture *capture, int64_t capture_id,
                          struct row_counts *counts, struct error *error)
{
    struct request_filter filter = request_filter_of(text_span(&capture->request));
    struct ledger_change *change;
    while ((change = ledger_next_change(account->ledger, &filter)) != NULL) {
        if (!put_change(derivation, account, change, capture, capture_id, counts, error)) {
            return false;
        }
    }
    return true;
}

bool derivation_put_rows(struct derivation *derivation, struct account *account,
                         const struct capture *capture, int64_t capture_id,
                         struct row_counts *counts, struct error *error)
{
    *counts = (struct row_counts){0};
    account->last_ms[capture->endpoint] = capture->received_ms;
    if (capture->endpoint == ENDPOINT_POSITION_RISK &&
        !note_poll(derivation, account, capture, counts, error)) {
        return false;
    }
    if (capture->outcome != OUTCOME_OK) {
        return true;
    }
    switch (capture->endpoint) {
    case ENDPOINT_EXCHANGE_INFO:
        return contract_deriver_put(derivation->contracts, text_span(&capture->body), error);
    case ENDPOINT_POSITION_RISK:
        return put_positions(derivation, account, capture, capture_id, counts, error);
    case ENDPOINT_ACCOUNT:
        return put_series(derivation, account, account->balances, &ASSET_OBJECT,
                          &derivation->assets, capture, capture_id, counts, error) &&
               put_series(derivation, account, account->margins, &LEG_MARGIN_OBJECT,
                          &derivation->margins, capture, capture_id, counts, error);
    default:
        return put_facts(derivation, account, capture_id, counts, error);
    }
}
