#include "model/leg_object.h"

#include "base/decimal.h"
#include "model/json_span.h"

/* Where the value of a field goes: the leg's name, its amount, or columns. */
struct target {
    struct text *name; /* NULL when it is no name */
    bool is_amount;
    int columns[OBJECT_ROWS_MAX]; /* -1 for none */
    unsigned bit;                 /* its own, to find a second one */
};

#define BIT_SYMBOL 0
#define BIT_SIDE 1
#define BIT_AMOUNT 2
#define BIT_COLUMNS 3

/* What is known while an object is read. */
struct reading {
    const struct object_kind *kind;
    struct object *object;
    struct odd_fields *odd;
    uint64_t seen;
    bool rounded[OBJECT_ROWS_MAX];
};

void object_free(struct object *object)
{
    text_free(&object->symbol);
    text_free(&object->side);
    for (int i = 0; i < OBJECT_ROWS_MAX; i++) {
        row_free(&object->rows[i]);
    }
    *object = (struct object){0};
}

static int row_count(const struct object_kind *kind)
{
    return kind->rows[1] != NULL ? 2 : 1;
}

bool object_begin(struct object *object, const struct object_kind *kind)
{
    bool begun = true;
    text_clear(&object->symbol);
    text_clear(&object->side);
    for (int i = 0; i < row_count(kind); i++) {
        begun = row_begin(&object->rows[i], kind->rows[i]) && begun;
    }
    object->counts = false;
    object->extra_keys = 0;
    object->has_unread = false;
    return begun;
}

/* What is wrong with the value of a column, which is NULL then. */
static const char *parse_column(struct reading *reading, int row_index, int column,
                                struct span value)
{
    struct row *row = &reading->object->rows[row_index];
    const struct column *description = &row->kind->columns[column];
    struct text *text = &row->texts[description->text];
    int64_t number = 0;
    bool rounded = false;
    const char *why;
    switch (description->type) {
    case COLUMN_E8:
        if (description->or_empty && span_is(value, "\"\"")) {
            return NULL;
        }
        why = field_number(value, DECIMAL_SCALE, &number, &rounded);
        break;
    case COLUMN_FLAG:
        why = field_flag(value, &number);
        break;
    case COLUMN_TEXT:
        why = field_string(value, text);
        break;
    case COLUMN_NAME:
        why = field_name(value, text);
        break;
    case COLUMN_AS_GIVEN:
        why = field_as_given(value, text);
        break;
    default:
        why = field_whole(value, &number);
        break;
    }
    if (why == NULL) {
        row_set(row, column, number);
        reading->rounded[row_index] |= rounded;
    }
    return why;
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

bool object_has(const struct object *object, int column)
{
    const struct row *row = &object->rows[0];
    struct maybe_int number = row_number(row, column);
    if (number.known) {
        return number.value != 0;
    }
    struct json_walk walk =
        json_walk_at(row_text(row, row_kind_of_type(row->kind, COLUMN_EXTRA)), 0);
    struct span key, value;
    bool was_given = false;
    while (!was_given && json_next_member(&walk, &key, &value) == JSON_ITEM) {
        was_given = json_key_is(key, row->kind->columns[column].fields[NAMING_USUAL].data);
    }
    return was_given;
}

uint64_t object_extra_keys(struct span extra)
{
    uint64_t keys = 0;
    struct json_walk walk = json_walk_at(extra, 0);
    struct span key, value;
    while (json_next_member(&walk, &key, &value) == JSON_ITEM) {
        keys += key_hash(key);
    }
    return keys;
}

static void append_extra(struct object *object, struct span key, struct span value)
{
    struct row *row = &object->rows[0];
    int column = row_kind_of_type(row->kind, COLUMN_EXTRA);
    struct text *extra = &row->texts[row->kind->columns[column].text];
    row->known |= 1u << column;
    text_append_char(extra, extra->size == 0 ? '{' : ',');
    text_append_span(extra, key);
    text_append_char(extra, ':');
    text_append_span(extra, value);
    object->extra_keys += key_hash(key);
}

/* Whether a key as written names this field. */
static bool names(struct span key, bool plain, struct span field)
{
    if (field.size == 0) {
        return false;
    }
    if (plain) {
        return key.size == field.size + 2 && memcmp(key.data + 1, field.data, field.size) == 0;
    }
    return json_key_is(key, field.data);
}

/* Whether the key's name stands in a list of words with spaces around them. */
static bool is_listed(const char *list, struct span key)
{
    size_t size = key.size - 2;
    for (const char *word = list; (word = strchr(word, ' ')) != NULL && word[1] != '\0';) {
        word++;
        if (strncmp(word, key.data + 1, size) == 0 && word[size] == ' ') {
            return true;
        }
    }
    return false;
}

/* Where a key's value goes; false when posrec has no place for it. */
static bool find_target(const struct reading *reading, struct span key, struct target *target)
{
    const struct object_kind *kind = reading->kind;
    bool plain = memchr(key.data, '\\', key.size) == NULL;
    bool found = false;
    *target = (struct target){.columns = {-1, -1}};
    if (names(key, plain, kind->symbol)) {
        *target = (struct target){&reading->object->symbol, false, {-1, -1}, BIT_SYMBOL};
        return true;
    }
    if (names(key, plain, kind->side)) {
        *target = (struct target){&reading->object->side, false, {-1, -1}, BIT_SIDE};
        return true;
    }
    if (names(key, plain, kind->amount)) {
        *target = (struct target){NULL, true, {-1, -1}, BIT_AMOUNT};
        return true;
    }
    for (int row = 0; row < row_count(kind); row++) {
        const struct column *columns = kind->rows[row]->columns;
        for (int i = 0; i < kind->rows[row]->column_count; i++) {
            if (names(key, plain, column_field(&columns[i], kind->naming))) {
                target->columns[row] = i;
                target->bit =
                    found ? target->bit : (unsigned)(BIT_COLUMNS + row * ROW_COLUMNS_MAX + i);
                found = true;
                break;
            }
        }
    }
    return found;
}

/* What is wrong with a value that has a place; *is_key: without it the object says nothing. */
static const char *take_value(struct reading *reading, const struct target *target,
                              struct span value, bool *is_key)
{
    const char *why = NULL;
    *is_key = target->name != NULL;
    if (target->name != NULL) {
        return field_name(value, target->name);
    }
    if (target->is_amount) {
        bool rounded;
        int64_t amount_e8 = 0;
        why = field_number(value, DECIMAL_SCALE, &amount_e8, &rounded);
        reading->object->counts = why != NULL || amount_e8 != 0;
        return why;
    }
    for (int row = 0; row < OBJECT_ROWS_MAX && why == NULL; row++) {
        if (target->columns[row] >= 0) {
            *is_key = target->columns[row] < reading->kind->rows[row]->key_count;
            why = parse_column(reading, row, target->columns[row], value);
        }
    }
    return why;
}

static bool read_member(struct reading *reading, struct span key, struct span value,
                        struct error *error)
{
    struct target target;
    bool is_key;
    if (!find_target(reading, key, &target)) {
        reading->object->has_unread = true;
        if (reading->kind->ignored == NULL || !is_listed(reading->kind->ignored, key)) {
            append_extra(reading->object, key, value);
        }
        return true;
    }
    uint64_t bit = UINT64_C(1) << target.bit;
    if ((reading->seen & bit) != 0) {
        return field_error(error, key, "given twice", value);
    }
    reading->seen |= bit;
    if (span_is(value, "null")) {
        return true;
    }
    const char *why = take_value(reading, &target, value, &is_key);
    if (why != NULL && is_key) {
        return field_error(error, key, why, value);
    }
    if (why != NULL) {
        reading->object->has_unread = true;
        append_extra(reading->object, key, value);
        odd_fields_note(reading->odd, key, why, value);
    }
    return true;
}

static bool missing(struct span field, struct error *error)
{
    return error_set(error, ERROR_FAILED, "field %.*s: missing", (int)field.size, field.data);
}

static bool check_complete(const struct reading *reading, struct error *error)
{
    const struct object_kind *kind = reading->kind;
    const struct object *object = reading->object;
    bool failed = object->symbol.failed || object->side.failed;
    if (kind->symbol.size > 0 && object->symbol.size == 0) {
        return missing(kind->symbol, error);
    }
    if (kind->side.size > 0 && object->side.size == 0) {
        return missing(kind->side, error);
    }
    for (int row = 0; row < row_count(kind); row++) {
        for (int i = 0; i < kind->rows[row]->key_count; i++) {
            const struct column *column = &kind->rows[row]->columns[i];
            struct span field = column_field(column, kind->naming);
            if (field.size > 0 && (object->rows[row].known >> i & 1u) == 0) {
                return missing(field, error);
            }
        }
        failed |= row_failed(&object->rows[row]);
    }
    return !failed || error_no_memory(error);
}

static void fill_empty(struct row *row)
{
    for (int i = 0; i < row->kind->column_count; i++) {
        if (row->kind->columns[i].or_empty && column_is_text(&row->kind->columns[i]) &&
            (row->known >> i & 1u) == 0) {
            row_set_text(row, i, (struct span){"", 0});
        }
    }
}

/* What the object as a whole says of its rows. */
static void finish_rows(struct reading *reading)
{
    struct row *first = &reading->object->rows[0];
    int extra = row_kind_of_type(first->kind, COLUMN_EXTRA);
    if (extra >= 0 && (first->known >> extra & 1u) != 0) {
        text_append_char(&first->texts[first->kind->columns[extra].text], '}');
    }
    for (int i = 0; i < row_count(reading->kind); i++) {
        int rounded = row_kind_of_type(reading->kind->rows[i], COLUMN_ROUNDED);
        row_set(&reading->object->rows[i], rounded, reading->rounded[i]);
        fill_empty(&reading->object->rows[i]);
    }
}

int object_compare(const struct object *a, const struct object *b)
{
    int order = span_compare(text_span(&a->symbol), text_span(&b->symbol));
    order = order != 0 ? order : span_compare(text_span(&a->side), text_span(&b->side));
    return order != 0 ? order : row_compare_identity(&a->rows[0], &b->rows[0]);
}

bool object_read(const struct object_kind *kind, struct span text, struct object *object,
                 struct odd_fields *odd, struct error *error)
{
    struct reading reading = {.kind = kind, .object = object, .odd = odd};
    struct json_walk walk = json_walk_at(text, 0);
    struct span key, value;
    enum json_step step;
    if (!object_begin(object, kind)) {
        return error_no_memory(error);
    }
    while ((step = json_next_member(&walk, &key, &value)) == JSON_ITEM) {
        if (!read_member(&reading, key, value, error)) {
            return false;
        }
    }
    if (step == JSON_INVALID || !json_walk_at_end(&walk)) {
        return error_set(error, ERROR_FAILED, "not a JSON object");
    }
    finish_rows(&reading);
    return check_complete(&reading, error);
}
