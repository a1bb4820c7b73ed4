#include "derive/derivation.h"

#include <stdlib.h>

#include "derive/contract_deriver.h"
#include "model/money_answer.h"

/* Accounts whose last response's bytes are kept for comparing. More accounts than these are read
 * whole each time: that costs some processor time, and memory does not grow with every account's
 * body. One that has had no answer for so many of others' gives its place up; where all have, the
 * others pass through one place more. */
#define REMEMBERED_MAX 64
#define REMEMBERED_ANSWERS 4096

struct derivation {
    const struct row_sink *sink;
    struct account_book accounts;
    int64_t leg_count;
    struct account *remembered[REMEMBERED_MAX + 1]; /* NULL where free */
    int64_t answers;
    struct contract_deriver contracts;
    struct index_book indexes;
    struct row term; /* scratch: what a contract is from a capture on, ... */
    struct row span; /* ... and what is known of an account */
};

/* A capture whose rows are being put. */
struct putting {
    struct derivation *derivation;
    const struct row_sink *sink;
    struct account *account;
    const struct capture *capture;
    int64_t capture_id;
    struct row_counts *counts;
};

struct derivation *derivation_new(const struct row_sink *sink, bool compares_bytes,
                                  struct error *error)
{
    struct derivation *derivation = calloc(1, sizeof *derivation);
    if (derivation == NULL) {
        error_no_memory(error);
        return NULL;
    }
    derivation->sink = sink;
    derivation->accounts.compares_bytes = compares_bytes;
    return derivation;
}

void derivation_free(struct derivation *derivation)
{
    if (derivation == NULL) {
        return;
    }
    account_book_free(&derivation->accounts);
    contract_deriver_free(&derivation->contracts);
    index_book_free(&derivation->indexes);
    row_free(&derivation->term);
    row_free(&derivation->span);
    free(derivation);
}

struct account *derivation_account(struct derivation *derivation, struct span name,
                                   const struct product *product, struct error *error)
{
    const struct row_sink *sink = derivation->sink;
    struct account_book *accounts = &derivation->accounts;
    struct account *account = account_book_find(accounts, name);
    if (account != NULL && product != NULL && account->product != product) {
        error_set(error, ERROR_USAGE, "account %s is of %s, not of %s", text_string(&account->name),
                  account->product->name, product->name);
        return NULL;
    }
    if (account != NULL) {
        return account;
    }
    account = account_book_add(accounts, (int64_t)accounts->count + 1, name,
                               product != NULL ? product : PRODUCT_DEFAULT);
    if (account == NULL) {
        error_no_memory(error);
        return NULL;
    }
    account->is_loaded = true;
    return sink->put_account(sink->context, account, error) ? account : NULL;
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
    return &derivation->contracts.book;
}

struct index_book *derivation_indexes(struct derivation *derivation)
{
    return &derivation->indexes;
}

int64_t derivation_leg_count(const struct derivation *derivation)
{
    return derivation->leg_count;
}

/* The place of the account that has had no answer for longest. */
static struct account **oldest_place(struct derivation *derivation)
{
    struct account **places = derivation->remembered, **oldest = &places[0];
    for (size_t i = 1; i < REMEMBERED_MAX && *oldest != NULL; i++) {
        if (places[i] == NULL || places[i]->answered < (*oldest)->answered) {
            oldest = &places[i];
        }
    }
    bool is_taken =
        *oldest != NULL && derivation->answers - (*oldest)->answered < REMEMBERED_ANSWERS;
    return is_taken ? &places[REMEMBERED_MAX] : oldest;
}

/* Keeps the account among those whose bytes are remembered. */
static void remember(struct derivation *derivation, struct account *account)
{
    account->answered = ++derivation->answers;
    if (account->is_remembered) {
        return;
    }
    struct account **place = oldest_place(derivation);
    if (*place != NULL) {
        (*place)->is_remembered = false;
        element_list_forget(&(*place)->ledger);
        element_list_forget(&(*place)->balances);
        element_list_forget(&(*place)->margins);
        element_list_forget(&(*place)->settings);
    }
    *place = account;
    account->is_remembered = true;
}

static bool is_list(enum endpoint endpoint)
{
    return endpoint == ENDPOINT_POSITION_RISK || endpoint == ENDPOINT_ACCOUNT ||
           endpoint == ENDPOINT_ACCOUNT_CONFIG;
}

bool derivation_read(struct derivation *derivation, struct account *account,
                     struct capture *capture, struct reading *reading, struct error *error)
{
    if (capture->outcome == OUTCOME_OK && is_list(capture->endpoint)) {
        remember(derivation, account);
    }
    return reading_read(reading, account, capture, &derivation->contracts, error);
}

static bool put_row(const struct putting *put, const struct row *row, const struct leg *leg,
                    struct error *error)
{
    put->counts->rows[row->kind - ROW_KINDS]++;
    if (row->kind == &ROW_KINDS[ROW_ASSET_INDEX] &&
        !index_book_take(&put->derivation->indexes, row_text(row, ASSET_INDEX_SYMBOL),
                         row->values[ASSET_INDEX_TIME_MS],
                         row_number(row, ASSET_INDEX_INDEX_PRICE))) {
        return error_no_memory(error);
    }
    return put->sink->put_row(put->sink->context, row, leg, error);
}

/* Puts a contract that is new or changed, and its term. */
static bool put_contract(const struct putting *put, const struct contract_entry *entry, bool is_new,
                         struct error *error)
{
    struct row *term = &put->derivation->term;
    return (contract_term_fill(term, entry) || error_no_memory(error)) &&
           put->sink->put_contract(put->sink->context, entry, is_new, error) &&
           put_row(put, term, NULL, error);
}

static bool put_contracts(const struct putting *put, struct error *error)
{
    struct contract_list list;
    const struct contract_entry *entry = NULL;
    bool is_new, good = contract_list_open(put->account->product, text_span(&put->capture->body),
                                           &list, error);
    do {
        good = good &&
               contract_deriver_next(&put->derivation->contracts, &list, &entry, &is_new, error) &&
               (entry == NULL || put_contract(put, entry, is_new, error));
    } while (good && entry != NULL);
    return good;
}

/* The contract of a symbol, made from its name when it is new. */
static bool find_contract(const struct putting *put, struct span symbol,
                          const struct contract_entry **contract, struct error *error)
{
    bool is_new;
    if (!contract_deriver_find(&put->derivation->contracts, put->account->product, symbol, contract,
                               &is_new, error)) {
        return false;
    }
    put->counts->derived_contracts += is_new;
    return !is_new || put_contract(put, *contract, true, error);
}

/* Gives a leg its id and contract, when it has none yet. */
static bool introduce_leg(const struct putting *put, struct leg *leg, struct error *error)
{
    if (leg->leg_id != 0) {
        return true;
    }
    if (!find_contract(put, subject_symbol(&leg->subject), &leg->contract, error)) {
        return false;
    }
    leg->leg_id = ++put->derivation->leg_count;
    return put->sink->put_leg(put->sink->context, put->account, leg, error);
}

static bool settle_revision(const struct putting *put, struct ledger_change *change,
                            struct error *error)
{
    struct telling last;
    if (change->leg->revision != LEDGER_REVISION_UNKNOWN) {
        return true;
    }
    if (!put->sink->find_last(put->sink->context, change->position, &last, error)) {
        return false;
    }
    ledger_change_settle(change, last.revision + 1);
    return true;
}

static bool put_change(const struct putting *put, struct ledger_change *change, struct error *error)
{
    struct leg *leg = change->leg;
    struct row *position = change->position, *valuation = change->valuation;
    if (!introduce_leg(put, leg, error)) {
        return false;
    }
    if (change->writes_position) {
        row_set(position, POSITION_LEG_ID, leg->leg_id);
        row_set(position, POSITION_CAPTURE_ID, put->capture_id);
        if (!settle_revision(put, change, error) || !put_row(put, position, leg, error)) {
            return false;
        }
    }
    row_set(valuation, VALUATION_LEG_ID, leg->leg_id);
    row_set(valuation, VALUATION_TIME_MS, put->capture->received_ms);
    row_set(valuation, VALUATION_REVISION, leg->revision);
    return put_row(put, valuation, leg, error);
}

static bool put_positions(const struct putting *put, struct element_reading *reading,
                          struct error *error)
{
    struct request_filter filter = request_filter_of(text_span(&put->capture->request));
    struct ledger_change change;
    bool good;
    while ((good = ledger_next_change(&put->account->ledger, reading, &filter, &change)) &&
           change.leg != NULL) {
        if (!put_change(put, &change, error)) {
            return false;
        }
    }
    return good || error_no_memory(error);
}

/* The first answer to a poll, good or not, in a later hour closes the one that ran, and those in
 * which there was none. */
static bool note_poll(const struct putting *put, struct error *error)
{
    int64_t last_ms = put->account->last_ms[ENDPOINT_POSITION_RISK];
    const struct hours_over over = {last_ms == INT64_MIN ? 0 : hour_of(last_ms),
                                    hour_of(put->capture->received_ms), put->capture_id};
    return !put->capture->has_body || over.from_ms == over.until_ms ||
           put->sink->close_hours(put->sink->context, put->account, &over, error);
}

/* Sets the ids of an object's row, whose it is, and the capture that told it; *leg is the leg that
 * it names, NULL for one that names none. */
static bool set_ids(const struct putting *put, const struct object_kind *kind,
                    struct object *object, const struct leg **leg, struct error *error)
{
    struct row *row = &object->rows[0];
    const struct contract_entry *contract;
    *leg = NULL;
    row_set(row, row_kind_of_type(row->kind, COLUMN_CAPTURE), put->capture_id);
    if (kind->side.size > 0) {
        struct leg *named = ledger_leg(&put->account->ledger, object);
        if (named == NULL) {
            return error_no_memory(error);
        }
        if (!introduce_leg(put, named, error)) {
            return false;
        }
        row_set(row, 0, named->leg_id);
        *leg = named;
        return true;
    }
    int of_contract = row_kind_contract(row->kind);
    row_set(row, 0, put->account->account_id);
    if (of_contract >= 0) {
        if (!find_contract(put, text_span(&object->symbol), &contract, error)) {
            return false;
        }
        row_set(row, of_contract, contract->contract_id);
    }
    return true;
}

/* Puts what one of account's lists adds to its series. */
static bool put_series(const struct putting *put, struct element_list *series,
                       struct element_reading *reading, struct error *error)
{
    struct object *said;
    const struct leg *leg;
    bool good;
    while ((good = series_next(series, reading, &said)) && said != NULL) {
        struct row *row = &said->rows[0];
        if (!set_ids(put, series->kind, said, &leg, error)) {
            return false;
        }
        if (series == &put->account->balances) {
            row_set_text(row, row_kind_column(row->kind, "asset"), text_span(&said->symbol));
        }
        row_set(row, row_kind_column(row->kind, "time_ms"), put->capture->received_ms);
        if (!put_row(put, row, leg, error)) {
            return false;
        }
    }
    return good || error_no_memory(error);
}

/* An answer has hundreds, and is asked for once in minutes: its bytes are not kept for comparing.
 */
static bool put_configs(const struct putting *put, struct element_reading *reading,
                        struct error *error)
{
    struct element_list *configs = &put->account->configs;
    bool done = put_series(put, configs, reading, error);
    element_list_forget(configs);
    return done;
}

/* Puts what the account comes to, where its answer says so. */
static bool put_total(const struct putting *put, struct object *total, struct error *error)
{
    const struct leg *no_leg;
    struct row *row = &total->rows[0];
    if (!put->account->product->has_totals) {
        return true;
    }
    if (!set_ids(put, &ACCOUNT_TOTAL_OBJECT, total, &no_leg, error)) {
        return false;
    }
    row_set(row, row_kind_column(row->kind, "time_ms"), put->capture->received_ms);
    return put_row(put, row, NULL, error);
}

/* Holds a fact, whose ids are set, against the telling before it: sets its revision. */
static bool find_last(const struct putting *put, struct fact *fact, bool *is_known,
                      struct error *error)
{
    struct row *row = &fact->object.rows[0];
    int revision = row_kind_revision(row->kind);
    struct telling last;
    if (fact->before != NULL) {
        last = (struct telling){false, fact->before->object.rows[0].values[revision]};
    } else if (!put->sink->find_last(put->sink->context, row, &last, error)) {
        return false;
    }
    if (revision >= 0) {
        row_set(row, revision, last.revision + !last.is_same);
    }
    *is_known = last.is_same;
    return true;
}

/* Puts facts. Of an answer, which lists again what is known, those that differ from their last
 * telling; of a message all, or none where each of them says what was told last. */
static bool put_facts(const struct putting *put, struct facts *facts, struct error *error)
{
    bool is_message = put->capture->endpoint == ENDPOINT_USER_DATA, tells_news = false;
    const struct leg *leg;
    for (size_t i = 0; i < facts->count; i++) {
        struct fact *fact = &facts->list[i];
        bool is_known;
        if (fact->stands) {
            if (!set_ids(put, fact->kind, &fact->object, &leg, error) ||
                !find_last(put, fact, &is_known, error)) {
                return false;
            }
            fact->stands = is_message || !is_known;
            tells_news |= !is_known;
        }
    }
    for (size_t i = 0; i < facts->count && tells_news; i++) {
        struct fact *fact = &facts->list[i];
        leg = fact->kind->side.size > 0 ? ledger_leg(&put->account->ledger, &fact->object) : NULL;
        if (fact->stands && !put_row(put, &fact->object.rows[0], leg, error)) {
            return false;
        }
    }
    return true;
}

static bool put_span(void *context, const struct known_span *span, struct error *error)
{
    const struct putting *put = context;
    struct row *row = &put->derivation->span;
    return (known_span_fill(row, put->account->account_id, put->capture_id, span) ||
            error_no_memory(error)) &&
           put_row(put, row, NULL, error);
}

static bool put_known(struct putting *put, const struct facts *facts, struct error *error)
{
    const struct known_put spans = {put, put_span};
    return known_book_hear(&put->account->known, put->capture, facts, &spans, error);
}

static bool put_told(const struct putting *put, struct reading *reading, struct error *error)
{
    struct account *account = put->account;
    if (put->capture->outcome != OUTCOME_OK) {
        return true;
    }
    switch (put->capture->endpoint) {
    case ENDPOINT_EXCHANGE_INFO:
        return put_contracts(put, error);
    case ENDPOINT_POSITION_RISK:
        return put_positions(put, &reading->positions, error);
    case ENDPOINT_ACCOUNT:
        return put_series(put, &account->balances, &reading->assets, error) &&
               put_series(put, &account->margins, &reading->margins, error) &&
               put_total(put, &reading->total, error);
    case ENDPOINT_SYMBOL_CONFIG:
        return put_configs(put, &reading->configs, error);
    case ENDPOINT_ACCOUNT_CONFIG:
        return put_series(put, &account->settings, &reading->settings, error);
    default:
        return put_facts(put, &reading->facts, error);
    }
}

bool derivation_put_rows(struct derivation *derivation, struct reading *reading, int64_t capture_id,
                         struct error *error)
{
    struct account *account = reading->account;
    const struct capture *capture = reading->capture;
    struct putting put = {derivation, derivation->sink, account,
                          capture,    capture_id,       &reading->counts};
    reading->counts = (struct row_counts){0};
    contract_deriver_hear(&derivation->contracts, capture_id, capture->received_ms);
    if (capture->endpoint == ENDPOINT_POSITION_RISK && !note_poll(&put, error)) {
        return false;
    }
    account_note_capture(account, capture);
    return put_told(&put, reading, error) && put_known(&put, &reading->facts, error);
}
