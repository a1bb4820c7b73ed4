#include "derive/derivation.h"

#include <stdlib.h>

#include "derive/contract_deriver.h"
#include "model/money_answer.h"
#include "model/stream_message.h"

/* Accounts whose last response's bytes are kept for comparing. More accounts than these are read
 * whole each time: that costs some processor time, and memory does not grow with every account's
 * body. One that has had no answer for so many of others' gives its place up; where all have, the
 * others pass through one place more. */
#define REMEMBERED_MAX 64
#define REMEMBERED_ANSWERS 4096

struct derivation {
    const struct row_sink *sink;
    bool compares_bytes;
    struct account_book accounts;
    int64_t leg_count;
    struct account *remembered[REMEMBERED_MAX + 1]; /* NULL where free */
    int64_t answers;
    struct contract_deriver *contracts;
    struct element_scratch positions, assets, margins; /* scratch of the lists */
    struct facts facts;        /* scratch: of the body that was read last, */
    struct odd_fields odd;     /* and its fields that cannot be read */
    struct row term;           /* scratch: what a contract is from a capture on, ... */
    struct row span;           /* ... and what is known of an account */
    struct row_counts *counts; /* of the capture whose rows are being put */
};

static bool put_row(struct derivation *derivation, const struct row *row, const struct leg *leg,
                    struct row_counts *counts, struct error *error)
{
    const struct row_sink *sink = derivation->sink;
    counts->rows[row->kind - ROW_KINDS]++;
    return sink->put_row(sink->context, row, leg, error);
}

/* Puts a contract that is new or changed, and its term. */
static bool put_contract(void *context, const struct contract_entry *entry, bool is_new,
                         struct error *error)
{
    struct derivation *derivation = context;
    const struct row_sink *sink = derivation->sink;
    return (contract_term_fill(&derivation->term, entry) || error_no_memory(error)) &&
           sink->put_contract(sink->context, entry, is_new, error) &&
           put_row(derivation, &derivation->term, NULL, derivation->counts, error);
}

struct derivation *derivation_new(const struct row_sink *sink, bool compares_bytes,
                                  struct error *error)
{
    struct derivation *derivation = calloc(1, sizeof *derivation);
    if (derivation != NULL) {
        derivation->sink = sink;
        derivation->compares_bytes = compares_bytes;
        const struct contract_put put = {derivation, put_contract};
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
    facts_free(&derivation->facts);
    row_free(&derivation->term);
    row_free(&derivation->span);
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
        struct element_scratch *scratch = is_assets ? &derivation->assets : &derivation->margins;
        good = series_read(is_assets ? account->balances : account->margins, scratch, &answer.walk,
                           error);
        odd_fields_add(&derivation->odd, &scratch->odd);
    }
    if (step != JSON_END) {
        return false;
    }
    *row_count = (int64_t)(derivation->assets.now.count + derivation->margins.now.count);
    return (series_accept(account->balances, &derivation->assets) &&
            series_accept(account->margins, &derivation->margins)) ||
           error_no_memory(error);
}

static bool read_positions(struct derivation *derivation, struct account *account, struct span body,
                           int64_t *row_count, struct error *error)
{
    bool done = ledger_read(account->ledger, body, error);
    *row_count = (int64_t)ledger_row_count(account->ledger);
    odd_fields_add(&derivation->odd, &derivation->positions.odd);
    return done;
}

static bool read_body(struct derivation *derivation, struct account *account,
                      const struct capture *capture, int64_t *row_count, struct error *error)
{
    struct span body = text_span(&capture->body);
    struct facts *facts = &derivation->facts;
    bool done = false;
    facts_clear(facts);
    derivation->odd.count = 0;
    switch (capture->endpoint) {
    case ENDPOINT_EXCHANGE_INFO:
        return contract_deriver_read(derivation->contracts, body, row_count, &derivation->odd,
                                     error);
    case ENDPOINT_POSITION_RISK:
        remember(derivation, account);
        return read_positions(derivation, account, body, row_count, error);
    case ENDPOINT_ACCOUNT:
        remember(derivation, account);
        return read_account(derivation, account, body, row_count, error);
    case ENDPOINT_INCOME:
        done = money_answer_income(body, facts, error);
        break;
    case ENDPOINT_USER_TRADES:
        done = money_answer_trades(body, facts, error);
        break;
    default:
        done = stream_message_read(body, facts, error);
        break;
    }
    *row_count = (int64_t)facts->count;
    odd_fields_add(&derivation->odd, &facts->odd);
    return done;
}

/* What a body that was read has of fields that could not be. */
static void name_odd_fields(const struct odd_fields *odd, struct capture *capture)
{
    struct text more = {0};
    capture_append_detail(capture, span_of(odd->first.text));
    if (odd->count > 1) {
        text_printf(&more, " (and %zu more)", odd->count - 1);
        capture_append_detail(capture, text_span(&more));
        text_free(&more);
    }
}

bool derivation_read(struct derivation *derivation, struct account *account,
                     struct capture *capture, int64_t *row_count, struct error *error)
{
    struct error reason;
    *row_count = 0;
    if (capture->outcome != OUTCOME_OK) {
        return true;
    }
    bool done = read_body(derivation, account, capture, row_count, &reason);
    text_clear(&capture->detail);
    if (!done && reason.kind == ERROR_NO_MEMORY) {
        return error_no_memory(error);
    }
    if (!done) {
        *row_count = 0;
        capture->outcome = OUTCOME_UNREADABLE;
        capture_append_detail(capture, span_of(reason.text));
    } else if (derivation->odd.count > 0) {
        name_odd_fields(&derivation->odd, capture);
    }
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
    if (!find_contract(derivation, subject_symbol(&leg->subject), &leg->contract, counts, error)) {
        return false;
    }
    leg->leg_id = ++derivation->leg_count;
    return sink->put_leg(sink->context, account, leg, error);
}

static bool settle_revision(struct derivation *derivation, struct ledger_change *change,
                            struct error *error)
{
    const struct row_sink *sink = derivation->sink;
    struct telling last;
    if (change->revision == LEDGER_REVISION_UNKNOWN) {
        if (!sink->find_last(sink->context, change->position, &last, error)) {
            return false;
        }
        ledger_change_settle(change, last.revision + 1);
    }
    return true;
}

static bool put_change(struct derivation *derivation, const struct account *account,
                       struct ledger_change *change, const struct capture *capture,
                       int64_t capture_id, struct row_counts *counts, struct error *error)
{
    struct leg *leg = change->leg;
    struct row *position = change->position, *valuation = change->valuation;
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
    row_set(valuation, VALUATION_REVISION, change->revision);
    return put_row(derivation, valuation, leg, counts, error);
}

/* The first answer to a poll, good or not, in a later hour closes the one that ran, and those in
 * which there was none. */
static bool note_poll(struct derivation *derivation, const struct account *account,
                      const struct capture *capture, int64_t capture_id, struct error *error)
{
    const struct row_sink *sink = derivation->sink;
    int64_t last_ms = account->last_ms[ENDPOINT_POSITION_RISK];
    const struct hours_over over = {last_ms == INT64_MIN ? 0 : hour_of(last_ms),
                                    hour_of(capture->received_ms), capture_id};
    return !capture->has_body || over.from_ms == over.until_ms ||
           sink->close_hours(sink->context, account, &over, error);
}

/* The leg that an object names, which has been introduced; NULL for one that names none. */
static struct leg *leg_of(const struct account *account, const struct object_kind *kind,
                          const struct object *object)
{
    return kind->side.size > 0 ? ledger_leg(account->ledger, object) : NULL;
}

/* Sets the ids of a row: whose it is, and the capture that told it. */
static bool set_ids(struct derivation *derivation, const struct account *account,
                    const struct object_kind *kind, struct object *object, int64_t capture_id,
                    struct row_counts *counts, struct error *error)
{
    struct row *row = &object->rows[0];
    const struct contract_entry *contract = NULL;
    if (kind->side.size > 0) {
        struct leg *leg = ledger_leg(account->ledger, object);
        if (leg == NULL) {
            return error_no_memory(error);
        }
        if (leg->leg_id == 0 && !introduce_leg(derivation, account, leg, counts, error)) {
            return false;
        }
        row_set(row, 0, leg->leg_id);
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

/* Holds a fact, whose ids are set, against the telling before it: sets its revision. */
static bool find_last(struct derivation *derivation, struct fact *fact, bool *is_known,
                      struct error *error)
{
    const struct row_sink *sink = derivation->sink;
    struct row *row = &fact->object.rows[0];
    int revision = row_kind_revision(row->kind);
    struct telling last;
    if (fact->before != NULL) {
        last = (struct telling){false, fact->before->object.rows[0].values[revision]};
    } else if (!sink->find_last(sink->context, row, &last, error)) {
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
static bool put_facts(struct derivation *derivation, const struct account *account,
                      const struct capture *capture, int64_t capture_id, struct row_counts *counts,
                      struct error *error)
{
    const struct facts *facts = &derivation->facts;
    bool is_message = capture->endpoint == ENDPOINT_USER_DATA, tells_news = false;
    for (size_t i = 0; i < facts->count; i++) {
        struct fact *fact = &facts->list[i];
        bool is_known;
        if (fact->stands) {
            if (!set_ids(derivation, account, fact->kind, &fact->object, capture_id, counts,
                         error) ||
                !find_last(derivation, fact, &is_known, error)) {
                return false;
            }
            fact->stands = is_message || !is_known;
            tells_news |= !is_known;
        }
    }
    for (size_t i = 0; i < facts->count && tells_news; i++) {
        const struct fact *fact = &facts->list[i];
        if (fact->stands && !put_row(derivation, &fact->object.rows[0],
                                     leg_of(account, fact->kind, &fact->object), counts, error)) {
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
    bool good;
    while ((good = series_next(series, scratch, &said)) && said != NULL) {
        struct row *row = &said->rows[0];
        if (!set_ids(derivation, account, kind, said, capture_id, counts, error)) {
            return false;
        }
        const struct leg *leg = leg_of(account, kind, said);
        if (leg == NULL) {
            row_set_text(row, row_kind_column(row->kind, "asset"), text_span(&said->symbol));
        }
        row_set(row, row_kind_column(row->kind, "time_ms"), capture->received_ms);
        if (!put_row(derivation, row, leg, counts, error)) {
            return false;
        }
    }
    return good || error_no_memory(error);
}

static bool put_positions(struct derivation *derivation, const struct account *account,
                          const struct capture *capture, int64_t capture_id,
                          struct row_counts *counts, struct error *error)
{
    struct request_filter filter = request_filter_of(text_span(&capture->request));
    struct ledger_change *change;
    bool good;
    while ((good = ledger_next_change(account->ledger, &filter, &change)) && change != NULL) {
        if (!put_change(derivation, account, change, capture, capture_id, counts, error)) {
            return false;
        }
    }
    return good || error_no_memory(error);
}

/* Whose span it is, and what told it. */
struct span_source {
    struct derivation *derivation;
    const struct account *account;
    int64_t capture_id;
};

static bool put_span(void *context, const struct known_span *span, struct error *error)
{
    const struct span_source *source = context;
    struct derivation *derivation = source->derivation;
    return (known_span_fill(&derivation->span, source->account->account_id, source->capture_id,
                            span) ||
            error_no_memory(error)) &&
           put_row(derivation, &derivation->span, NULL, derivation->counts, error);
}

static bool put_known(struct derivation *derivation, struct account *account,
                      const struct capture *capture, int64_t capture_id, struct error *error)
{
    struct span_source source = {derivation, account, capture_id};
    const struct known_put put = {&source, put_span};
    return known_book_hear(&account->known, capture, &derivation->facts, &put, error);
}

static bool put_told(struct derivation *derivation, struct account *account,
                     const struct capture *capture, int64_t capture_id, struct error *error)
{
    struct row_counts *counts = derivation->counts;
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
        return put_facts(derivation, account, capture, capture_id, counts, error);
    }
}

bool derivation_put_rows(struct derivation *derivation, struct account *account,
                         const struct capture *capture, int64_t capture_id,
                         struct row_counts *counts, struct error *error)
{
    *counts = (struct row_counts){0};
    derivation->counts = counts;
    contract_deriver_hear(derivation->contracts, capture_id, capture->received_ms);
    if (capture->endpoint == ENDPOINT_POSITION_RISK &&
        !note_poll(derivation, account, capture, capture_id, error)) {
        return false;
    }
    account_note_capture(account, capture);
    return put_told(derivation, account, capture, capture_id, error) &&
           put_known(derivation, account, capture, capture_id, error);
}
