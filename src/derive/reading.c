#include "derive/reading.h"

#include "model/money_answer.h"
#include "model/seal.h"
#include "model/stream_message.h"

void reading_free(struct reading *reading)
{
    facts_free(&reading->facts);
    element_reading_free(&reading->positions);
    element_reading_free(&reading->assets);
    element_reading_free(&reading->margins);
    element_reading_free(&reading->configs);
    element_reading_free(&reading->settings);
    object_free(&reading->total);
    text_free(&reading->total_text);
}

static bool read_total(struct reading *reading, struct error *error)
{
    bool has_odd = reading->odd.count > 0;
    bool done = !reading->account->product->has_totals ||
                object_read(&ACCOUNT_TOTAL_OBJECT, text_span(&reading->total_text), &reading->total,
                            &reading->odd, error);
    if (!has_odd && reading->odd.count > 0) {
        error_context(&reading->odd.first, "totals");
    }
    return done;
}

static bool read_account(struct reading *reading, struct error *error)
{
    struct account *account = reading->account;
    struct account_answer answer;
    enum account_list list;
    enum json_step step = JSON_INVALID;
    bool good =
        account_answer_begin(&answer, text_span(&reading->capture->body),
                             account->product->has_totals ? &reading->total_text : NULL, error);
    while (good && (step = account_answer_next(&answer, &list, error)) == JSON_ITEM) {
        bool is_assets = list == ACCOUNT_ASSETS;
        struct element_reading *elements = is_assets ? &reading->assets : &reading->margins;
        good = series_read(is_assets ? &account->balances : &account->margins, elements,
                           &answer.walk, error);
        odd_fields_add(&reading->odd, &elements->odd);
    }
    if (step != JSON_END || !read_total(reading, error)) {
        return false;
    }
    reading->row_count = (int64_t)(reading->assets.now.count + reading->margins.now.count);
    return (element_list_accept(&account->balances, &reading->assets) &&
            element_list_accept(&account->margins, &reading->margins)) ||
           error_no_memory(error);
}

/* Whose contracts an answer lists, its first one tells. Those of another product have no size here,
 * and so no number is made of them. */
static void note_foreign(struct reading *reading, const struct contract_deriver *contracts)
{
    const struct product *own = reading->account->product, *other;
    const struct contract_entry *entry;
    if (reading->positions.now.count == 0) {
        return;
    }
    struct span symbol = subject_symbol(reading->positions.now.items[0].subject);
    entry = contract_book_find(&contracts->book, own, symbol);
    if (entry != NULL && entry->contract.pair.size > 0) {
        return;
    }
    other = product_of_foreign(own, symbol);
    if (other != NULL && reading->odd.count++ == 0) {
        error_set(&reading->odd.first, ERROR_FAILED,
                  "element 0: %.*s is a contract of %s, and the account is of %s", (int)symbol.size,
                  symbol.data, other->name, own->name);
    }
}

static bool read_positions(struct reading *reading, const struct contract_deriver *contracts,
                           struct error *error)
{
    bool done = element_list_read_body(&reading->account->ledger, &reading->positions,
                                       text_span(&reading->capture->body), error);
    reading->row_count = (int64_t)reading->positions.now.count;
    reading->odd = reading->positions.odd;
    if (done) {
        note_foreign(reading, contracts);
    }
    return done;
}

static bool read_configs(struct reading *reading, struct error *error)
{
    bool done = element_list_read_body(&reading->account->configs, &reading->configs,
                                       text_span(&reading->capture->body), error);
    reading->row_count = (int64_t)reading->configs.now.count;
    reading->odd = reading->configs.odd;
    return done;
}

static bool read_settings(struct reading *reading, struct error *error)
{
    bool done = element_list_read_object(&reading->account->settings, &reading->settings,
                                         text_span(&reading->capture->body), error);
    reading->row_count = (int64_t)reading->settings.now.count;
    reading->odd = reading->settings.odd;
    return done;
}

static bool read_facts(struct reading *reading, struct error *error)
{
    struct span body = text_span(&reading->capture->body);
    struct facts *facts = &reading->facts;
    enum endpoint endpoint = reading->capture->endpoint;
    bool done = endpoint == ENDPOINT_USER_DATA
                    ? stream_message_read(reading->account->product, body, facts, error)
                    : money_answer_read(endpoint, body, facts, error);
    reading->row_count = (int64_t)facts->count;
    reading->odd = facts->odd;
    return done;
}

/* A seal makes no rows. Whether it is to be believed is for those to say who trust somebody. */
static bool read_seal(const struct reading *reading, struct error *error)
{
    struct seal seal;
    struct timestamp_query query;
    struct timestamp timestamp;
    return (seal_read_request(text_span(&reading->capture->request), &seal) ||
            error_set(error, ERROR_FAILED, "the request says not what is sealed")) &&
           seal_query(&seal, &query, error) &&
           timestamp_read(&query, text_span(&reading->capture->body), &timestamp, error);
}

/* Whether it is an answer to a question of the account's own product. */
static bool check_product(const struct reading *reading, struct error *error)
{
    const struct product *own = reading->account->product;
    const struct product *asked = product_of_request(text_span(&reading->capture->request));
    return asked == NULL || asked == own ||
           error_set(error, ERROR_FAILED, "an answer of %s, and the account is of %s", asked->name,
                     own->name);
}

static bool read_body(struct reading *reading, struct contract_deriver *contracts,
                      struct error *error)
{
    if (!check_product(reading, error)) {
        return false;
    }
    switch (reading->capture->endpoint) {
    case ENDPOINT_EXCHANGE_INFO:
        return contract_deriver_read(contracts, reading->account->product,
                                     text_span(&reading->capture->body), &reading->row_count,
                                     &reading->odd, error);
    case ENDPOINT_POSITION_RISK:
        return read_positions(reading, contracts, error);
    case ENDPOINT_ACCOUNT:
        return read_account(reading, error);
    case ENDPOINT_SYMBOL_CONFIG:
        return read_configs(reading, error);
    case ENDPOINT_ACCOUNT_CONFIG:
        return read_settings(reading, error);
    case ENDPOINT_TIMESTAMP:
        return read_seal(reading, error);
    default:
        return read_facts(reading, error);
    }
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

bool reading_read(struct reading *reading, struct account *account, struct capture *capture,
                  struct contract_deriver *contracts, struct error *error)
{
    struct error reason;
    reading->account = account;
    reading->capture = capture;
    reading->row_count = 0;
    reading->odd.count = 0;
    facts_clear(&reading->facts);
    if (capture->outcome != OUTCOME_OK) {
        return true;
    }
    bool done = read_body(reading, contracts, &reason);
    text_clear(&capture->detail);
    if (!done && reason.kind == ERROR_NO_MEMORY) {
        return error_no_memory(error);
    }
    if (!done) {
        reading->row_count = 0;
        capture->outcome = OUTCOME_UNREADABLE;
        capture_append_detail(capture, span_of(reason.text));
    } else if (reading->odd.count > 0) {
        name_odd_fields(&reading->odd, capture);
    }
    return !capture->detail.failed || error_no_memory(error);
}
