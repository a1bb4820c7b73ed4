#include "model/money_answer.h"

#include "base/utf8.h"
#include "model/json_span.h"
#include "model/row_kinds.h"

const struct object_kind ASSET_OBJECT = {
    .rows = {&ROW_KINDS[ROW_BALANCE]},
    .symbol = {"asset", 5},
};

const struct object_kind ACCOUNT_TOTAL_OBJECT = {
    .rows = {&ROW_KINDS[ROW_ACCOUNT_TOTAL]},
};

const struct object_kind SYMBOL_CONFIG_OBJECT = {
    .rows = {&ROW_KINDS[ROW_SYMBOL_CONFIG]},
    .symbol = {"symbol", 6},
    .counts_never = true,
};

const struct object_kind ACCOUNT_CONFIG_OBJECT = {
    .rows = {&ROW_KINDS[ROW_ACCOUNT_CONFIG]},
    .counts_never = true,
    .ignored = " updateTime tradeGroupId ",
};

static const struct object_kind INCOME_OBJECT = {.rows = {&ROW_KINDS[ROW_INCOME]}};

/* The documented fields of a trade that follow from its contract and its other fields. */
static const struct object_kind TRADE_OBJECT = {
    .rows = {&ROW_KINDS[ROW_TRADE]},
    .symbol = {"symbol", 6},
    .side = {"positionSide", 12},
    .naming = NAMING_OTHER,
    .ignored = " pair marginAsset quoteQty buyer ",
};

static const struct object_kind MARK_OBJECT = {
    .rows = {&ROW_KINDS[ROW_MARK]},
    .symbol = {"symbol", 6},
    .ignored = " pair estimatedSettlePrice interestRate nextFundingTime ",
};

static const struct object_kind FUNDING_RATE_OBJECT = {
    .rows = {&ROW_KINDS[ROW_FUNDING_RATE]},
    .symbol = {"symbol", 6},
    .ignored = " rateType ",
};

/* What the index itself decides is left to it. */
static const struct object_kind ASSET_INDEX_OBJECT = {
    .rows = {&ROW_KINDS[ROW_ASSET_INDEX]},
    .ignored = " bidBuffer askBuffer bidRate askRate autoExchangeBidBuffer autoExchangeAskBuffer "
               "autoExchangeBidRate autoExchangeAskRate ",
};

/* What an answer is a list of. */
static const struct object_kind *const ELEMENTS[ENDPOINT_COUNT] = {
    [ENDPOINT_INCOME] = &INCOME_OBJECT,           [ENDPOINT_USER_TRADES] = &TRADE_OBJECT,
    [ENDPOINT_PREMIUM_INDEX] = &MARK_OBJECT,      [ENDPOINT_FUNDING_RATE] = &FUNDING_RATE_OBJECT,
    [ENDPOINT_ASSET_INDEX] = &ASSET_INDEX_OBJECT,
};

static bool check_utf8(struct span body, struct error *error)
{
    return utf8_is_valid(body) ||
           error_set(error, ERROR_FAILED, "not UTF-8 at byte %zu", utf8_valid_size(body));
}

/* A rate that is paid besides the regular one of its time, as for a dividend: no row is of it. */
static bool is_special_rate(struct span element)
{
    struct json_walk walk = json_walk_at(element, 0);
    struct span key, value;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        if (json_key_is(key, "rateType")) {
            return span_is(value, "\"Special\"");
        }
    }
    return false;
}

static bool read_element(enum endpoint endpoint, struct span text, struct facts *facts,
                         struct error *error)
{
    bool was_good = facts->odd.count == 0;
    if (endpoint == ENDPOINT_FUNDING_RATE && is_special_rate(text)) {
        return true;
    }
    if (!facts_read(facts, ELEMENTS[endpoint], text, error)) {
        return error_context(error, "element %zu", facts->count);
    }
    if (was_good && facts->odd.count > 0) {
        error_context(&facts->odd.first, "element %zu", facts->count - 1);
    }
    if (endpoint == ENDPOINT_USER_TRADES) {
        struct row *row = facts_last(facts);
        row_set_text(row, row_kind_column(row->kind, "source"), span_of("rest"));
    }
    return true;
}

bool money_answer_has(enum endpoint endpoint)
{
    return endpoint < ENDPOINT_COUNT && ELEMENTS[endpoint] != NULL;
}

bool money_answer_read(enum endpoint endpoint, struct span body, struct facts *facts,
                       struct error *error)
{
    struct json_walk walk = json_walk_at(body, 0);
    struct span text = json_trim(body);
    bool is_one = (endpoint == ENDPOINT_PREMIUM_INDEX || endpoint == ENDPOINT_ASSET_INDEX) &&
                  text.size > 0 && text.data[0] == '{'; /* of one symbol */
    enum json_step step = JSON_INVALID;
    facts_clear(facts);
    if (!check_utf8(body, error)) {
        return false;
    }
    if (is_one) {
        return read_element(endpoint, text, facts, error) &&
               (json_value_is_valid(text) || error_set(error, ERROR_FAILED, "not JSON"));
    }
    while ((step = json_next_element(&walk, &text)) == JSON_ITEM) {
        if (!read_element(endpoint, text, facts, error)) {
            return false;
        }
    }
    if (step != JSON_END || !json_walk_at_end(&walk)) {
        return error_set(error, ERROR_FAILED, "%s at byte %zu of %zu",
                         walk.begun ? "not JSON" : "not a JSON array", walk.at, body.size);
    }
    return json_value_is_valid(json_trim(body)) ? facts_settle(facts, error)
                                                : error_set(error, ERROR_FAILED, "not JSON");
}

bool account_answer_begin(struct account_answer *answer, struct span body, struct text *rest,
                          struct error *error)
{
    *answer = (struct account_answer){.walk = json_walk_at(body, 0), .rest = rest};
    if (rest != NULL) {
        text_clear(rest);
        text_append_char(rest, '{');
    }
    return check_utf8(body, error);
}

static void keep(struct text *rest, struct span key, struct span value)
{
    if (rest->size > 1) {
        text_append_char(rest, ',');
    }
    text_append_span(rest, key);
    text_append_char(rest, ':');
    text_append_span(rest, value);
}

static enum json_step wrong_list(const char *list, const char *what, struct error *error)
{
    error_set(error, ERROR_FAILED, "field %s: %s", list, what);
    return JSON_INVALID;
}

enum json_step account_answer_next(struct account_answer *answer, enum account_list *list,
                                   struct error *error)
{
    static const char *const LISTS[] = {
        [ACCOUNT_ASSETS] = "assets", [ACCOUNT_POSITIONS] = "positions"};
    struct json_walk *walk = &answer->walk;
    struct span key, value;
    enum json_step step;
    while ((step = json_next_key(walk, &key)) == JSON_ITEM) {
        *list = ACCOUNT_ASSETS;
        while (*list < ACCOUNT_LIST_COUNT && !json_key_is(key, LISTS[*list])) {
            ++*list;
        }
        if (*list < ACCOUNT_LIST_COUNT) {
            bool twice = answer->has[*list];
            answer->has[*list] = true;
            return twice ? wrong_list(LISTS[*list], "given twice", error) : JSON_ITEM;
        }
        if (!json_take_value(walk, &value) || !json_value_is_valid(key) ||
            !json_value_is_valid(value)) {
            break;
        }
        if (answer->rest != NULL) {
            keep(answer->rest, key, value);
        }
    }
    if (step != JSON_END || !json_walk_at_end(walk)) {
        error_set(error, ERROR_FAILED, "not a JSON object at byte %zu", walk->at);
        return JSON_INVALID;
    }
    for (int i = 0; i < ACCOUNT_LIST_COUNT; i++) {
        if (!answer->has[i]) {
            return wrong_list(LISTS[i], "missing", error);
        }
    }
    if (answer->rest != NULL) {
        text_append_char(answer->rest, '}');
        if (answer->rest->failed) {
            error_no_memory(error);
            return JSON_INVALID;
        }
    }
    return JSON_END;
}
