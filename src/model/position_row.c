#include "model/position_row.h"

#include "base/decimal.h"
#include "model/json_span.h"

enum field_kind {
    KIND_DECIMAL,
    KIND_WHOLE,
    KIND_FLAG,
    KIND_SYMBOL,
    KIND_SIDE,
    KIND_UPDATE_TIME,
    KIND_MARGIN_TYPE,
};

struct field {
    struct span name;
    enum field_kind kind;
    enum position_column column; /* of the first three kinds */
};

#define NAME(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

/* The exchange's names (GET /dapi/v1/positionRisk) and where they go. */
static const struct field FIELDS[] = {
    {NAME("symbol"), KIND_SYMBOL, 0},
    {NAME("positionAmt"), KIND_DECIMAL, COLUMN_POSITION_AMOUNT},
    {NAME("entryPrice"), KIND_DECIMAL, COLUMN_ENTRY_PRICE},
    {NAME("breakEvenPrice"), KIND_DECIMAL, COLUMN_BREAK_EVEN_PRICE},
    {NAME("markPrice"), KIND_DECIMAL, COLUMN_MARK_PRICE},
    {NAME("unRealizedProfit"), KIND_DECIMAL, COLUMN_UNREALIZED_PNL},
    {NAME("liquidationPrice"), KIND_DECIMAL, COLUMN_LIQUIDATION_PRICE},
    {NAME("leverage"), KIND_WHOLE, COLUMN_LEVERAGE},
    {NAME("maxQty"), KIND_DECIMAL, COLUMN_MAX_QUANTITY},
    {NAME("marginType"), KIND_MARGIN_TYPE, 0},
    {NAME("isolatedMargin"), KIND_DECIMAL, COLUMN_ISOLATED_MARGIN},
    {NAME("isAutoAddMargin"), KIND_FLAG, COLUMN_AUTO_ADD_MARGIN},
    {NAME("positionSide"), KIND_SIDE, 0},
    {NAME("notionalValue"), KIND_DECIMAL, COLUMN_NOTIONAL_VALUE},
    {NAME("isolatedWallet"), KIND_DECIMAL, COLUMN_ISOLATED_WALLET},
    {NAME("updateTime"), KIND_UPDATE_TIME, 0},
};
#define FIELD_COUNT (sizeof FIELDS / sizeof FIELDS[0])

void position_row_free(struct position_row *row)
{
    text_free(&row->symbol);
    text_free(&row->position_side);
    text_free(&row->margin_type);
    text_free(&row->extra);
    *row = (struct position_row){0};
}

static void row_clear(struct position_row *row)
{
    struct text symbol = row->symbol, side = row->position_side;
    struct text margin_type = row->margin_type, extra = row->extra;
    text_clear(&symbol);
    text_clear(&side);
    text_clear(&margin_type);
    text_clear(&extra);
    *row = (struct position_row){
        .symbol = symbol, .position_side = side, .margin_type = margin_type, .extra = extra};
}

static bool field_error(struct error *error, struct span key, const char *why, struct span value)
{
    int shown = value.size < 40 ? (int)value.size : 40;
    return error_set(error, ERROR_FAILED, "field %.*s: %s: %.*s",
                     (int)(key.size < 60 ? key.size : 60) - 2, key.data + 1, why, shown,
                     value.data);
}

/* A number field's digits: a number's own text, which must be JSON's, or what its string says. */
static bool number_text(struct span value, struct text *scratch, struct span *digits)
{
    if (value.data[0] != '"') {
        *digits = value;
        return json_number_is_valid(value);
    }
    digits->data = value.data + 1;
    digits->size = value.size - 2;
    if (memchr(digits->data, '\\', digits->size) == NULL) {
        return true;
    }
    bool valid = json_unescape(value, scratch);
    *digits = text_span(scratch);
    return valid;
}

static bool parse_number(struct span key, struct span value, int scale, int64_t *number,
                         bool *rounded, struct error *error)
{
    struct text scratch = {0};
    struct span digits;
    enum decimal_result result = DECIMAL_NOT_A_NUMBER;
    if (number_text(value, &scratch, &digits)) {
        result = decimal_parse(digits, scale, number, rounded);
    }
    text_free(&scratch);
    if (result == DECIMAL_OUT_OF_RANGE) {
        return field_error(error, key, "out of range", value);
    }
    return result == DECIMAL_OK || field_error(error, key, "not a number", value);
}

static bool parse_whole(struct span key, struct span value, int64_t *number, struct error *error)
{
    bool rounded;
    if (!parse_number(key, value, 0, number, &rounded, error)) {
        return false;
    }
    return !rounded || field_error(error, key, "not a whole number", value);
}

static bool parse_flag(struct span key, struct span value, int64_t *flag, struct error *error)
{
    if (span_is(value, "true") || span_is(value, "\"true\"")) {
        *flag = 1;
    } else if (span_is(value, "false") || span_is(value, "\"false\"")) {
        *flag = 0;
    } else {
        return field_error(error, key, "neither true nor false", value);
    }
    return true;
}

static bool parse_string(struct span key, struct span value, struct text *out, struct error *error)
{
    if (value.data[0] != '"' || !json_unescape(value, out)) {
        return field_error(error, key, "not a string", value);
    }
    if (memchr(text_string(out), '\0', out->size) != NULL) {
        return field_error(error, key, "has a NUL", value);
    }
    return true;
}

static bool parse_decimal(struct position_row *row, enum position_column column, struct span key,
                          struct span value, struct error *error)
{
    bool rounded = false;
    int64_t number;
    if (!parse_number(key, value, DECIMAL_SCALE, &number, &rounded, error)) {
        return false;
    }
    position_row_set(row, (int)column, maybe_of(number));
    if (column < POSITION_COLUMN_COUNT) {
        row->position_rounded |= rounded;
    } else {
        row->valuation_rounded |= rounded;
    }
    return true;
}

static bool parse_field(struct position_row *row, const struct field *field, struct span key,
                        struct span value, struct error *error)
{
    struct maybe_int number = {0};
    switch (field->kind) {
    case KIND_DECIMAL:
        return parse_decimal(row, field->column, key, value, error);
    case KIND_WHOLE:
        number.known = parse_whole(key, value, &number.value, error);
        position_row_set(row, (int)field->column, number);
        return number.known;
    case KIND_FLAG:
        number.known = parse_flag(key, value, &number.value, error);
        position_row_set(row, (int)field->column, number);
        return number.known;
    case KIND_SYMBOL:
        return parse_string(key, value, &row->symbol, error);
    case KIND_SIDE:
        return parse_string(key, value, &row->position_side, error);
    case KIND_UPDATE_TIME:
        row->has_update_time = parse_whole(key, value, &row->update_ms, error);
        return row->has_update_time;
    case KIND_MARGIN_TYPE:
        row->has_margin_type = true;
        return parse_string(key, value, &row->margin_type, error);
    }
    return false;
}

/* FNV-1a. Summed over the keys it does not depend on their order. */
static uint64_t key_hash(struct span key)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < key.size; i++) {
        hash = (hash ^ (unsigned char)key.data[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

static void append_extra(struct position_row *row, struct span key, struct span value)
{
    text_append_char(&row->extra, row->extra.size == 0 ? '{' : ',');
    text_append(&row->extra, key.data, key.size);
    text_append_char(&row->extra, ':');
    text_append(&row->extra, value.data, value.size);
    row->extra_keys += key_hash(key);
}

/* The field a key names; NULL when posrec does not know it. */
static const struct field *find_field(struct span key)
{
    struct span name = {key.data + 1, key.size - 2};
    bool plain = memchr(name.data, '\\', name.size) == NULL;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (plain ? span_equal(name, FIELDS[i].name) : json_key_is(key, FIELDS[i].name.data)) {
            return &FIELDS[i];
        }
    }
    return NULL;
}

static bool parse_member(struct position_row *row, struct span key, struct span value,
                         unsigned *seen, struct error *error)
{
    const struct field *field = find_field(key);
    if (field == NULL) {
        if (!json_value_is_valid(value) || !json_value_is_valid(key)) {
            return field_error(error, key, "not a JSON value", value);
        }
        append_extra(row, key, value);
        return true;
    }
    unsigned bit = 1u << (field - FIELDS);
    if ((*seen & bit) != 0) {
        return field_error(error, key, "given twice", value);
    }
    *seen |= bit;
    return span_is(value, "null") || parse_field(row, field, key, value, error);
}

static bool check_complete(const struct position_row *row, struct error *error)
{
    if (row->symbol.size == 0) {
        return error_set(error, ERROR_FAILED, "field symbol: missing");
    }
    if (row->position_side.size == 0) {
        return error_set(error, ERROR_FAILED, "field positionSide: missing");
    }
    if (!row->has_update_time) {
        return error_set(error, ERROR_FAILED, "field updateTime: missing");
    }
    if (row->symbol.failed || row->position_side.failed || row->margin_type.failed ||
        row->extra.failed) {
        return error_no_memory(error);
    }
    return true;
}

bool position_row_parse(struct span element, struct position_row *row, struct error *error)
{
    row_clear(row);
    struct json_walk walk = json_walk_at(element, 0);
    struct span key, value;
    unsigned seen = 0;
    enum json_step step;
    while ((step = json_next_member(&walk, &key, &value)) == JSON_ITEM) {
        if (!parse_member(row, key, value, &seen, error)) {
            return false;
        }
    }
    if (step == JSON_INVALID || !json_walk_at_end(&walk)) {
        return error_set(error, ERROR_FAILED, "not a JSON object");
    }
    if (row->extra.size > 0) {
        text_append_char(&row->extra, '}');
    }
    return check_complete(row, error);
}

uint64_t position_row_extra_keys(struct span extra)
{
    uint64_t keys = 0;
    struct json_walk walk = json_walk_at(extra, 0);
    struct span key, value;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        keys += key_hash(key);
    }
    return keys;
}

static bool same_columns(const struct position_row *a, const struct position_row *b, int from,
                         int to)
{
    for (int i = from; i < to; i++) {
        if (!maybe_equal(position_row_column(a, i), position_row_column(b, i))) {
            return false;
        }
    }
    return true;
}

bool position_row_same_position(const struct position_row *a, const struct position_row *b)
{
    return a->update_ms == b->update_ms && same_columns(a, b, 0, POSITION_COLUMN_COUNT) &&
           a->has_margin_type == b->has_margin_type &&
           span_equal(text_span(&a->margin_type), text_span(&b->margin_type)) &&
           a->position_rounded == b->position_rounded;
}

bool position_row_same_valuation(const struct position_row *a, const struct position_row *b)
{
    return same_columns(a, b, POSITION_COLUMN_COUNT, COLUMN_COUNT) &&
           a->valuation_rounded == b->valuation_rounded;
}

bool position_row_is_open(const struct position_row *row)
{
    return row->values[COLUMN_POSITION_AMOUNT] != 0;
}
