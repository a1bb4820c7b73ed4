#include "model/row.h"

#include <assert.h>
#include <stdlib.h>

static size_t values_size(const struct row_kind *kind)
{
    return (size_t)kind->column_count * sizeof(int64_t);
}

/* Many thousands of rows are kept, one or two for each leg: each has the room that its kind needs.
 */
static bool allocate(struct row *row, const struct row_kind *kind)
{
    int text_count = 0;
    for (int i = 0; i < kind->column_count; i++) {
        text_count += column_is_text(&kind->columns[i]);
    }
    row_free(row);
    char *memory = calloc(1, values_size(kind) + (size_t)text_count * sizeof(struct text));
    if (memory == NULL) {
        return false;
    }
    *row = (struct row){.kind = kind,
                        .text_count = text_count,
                        .values = (int64_t *)memory,
                        .texts = (struct text *)(memory + values_size(kind))};
    return true;
}

bool row_begin(struct row *row, const struct row_kind *kind)
{
    if (row->kind != kind) {
        return allocate(row, kind);
    }
    row->known = 0;
    memset(row->values, 0, values_size(kind));
    for (int i = 0; i < row->text_count; i++) {
        text_clear(&row->texts[i]);
    }
    return true;
}

void row_free(struct row *row)
{
    for (int i = 0; i < row->text_count; i++) {
        text_free(&row->texts[i]);
    }
    free(row->values);
    *row = (struct row){0};
}

bool row_failed(const struct row *row)
{
    bool failed = false;
    for (int i = 0; i < row->text_count; i++) {
        failed |= row->texts[i].failed;
    }
    return failed;
}

struct span row_text(const struct row *row, int column)
{
    return (row->known >> column & 1u) != 0
               ? text_span(&row->texts[row->kind->columns[column].text])
               : (struct span){"", 0};
}

void row_set_text(struct row *row, int column, struct span text)
{
    struct text *target = &row->texts[row->kind->columns[column].text];
    text_set(target, text);
    row->known |= 1u << column;
}

/* Whether a column is what the row says, not which row it is or where it came from. */
static bool is_said(const struct row_kind *kind, int column)
{
    enum column_type type = kind->columns[column].type;
    return column >= kind->key_count && type != COLUMN_ID && type != COLUMN_CAPTURE &&
           type != COLUMN_REVISION && type != COLUMN_EXTRA;
}

bool row_same(const struct row *a, const struct row *b)
{
    const struct row_kind *kind = a->kind;
    assert(kind == b->kind);
    for (int i = 0; i < kind->column_count; i++) {
        if (!is_said(kind, i)) {
            continue;
        }
        bool same = column_is_text(&kind->columns[i])
                        ? ((a->known ^ b->known) >> i & 1u) == 0 &&
                              span_equal(row_text(a, i), row_text(b, i))
                        : maybe_equal(row_number(a, i), row_number(b, i));
        if (!same) {
            return false;
        }
    }
    return true;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

int row_compare_identity(const struct row *a, const struct row *b)
{
    int order = 0;
    assert(a->kind == b->kind);
    for (int i = 0; i < a->kind->key_count && order == 0; i++) {
        enum column_type type = a->kind->columns[i].type;
        if (column_is_text(&a->kind->columns[i])) {
            order = span_compare(row_text(a, i), row_text(b, i));
        } else if (type != COLUMN_ID && type != COLUMN_CAPTURE && type != COLUMN_REVISION) {
            order = compare_numbers(a->values[i], b->values[i]);
        }
    }
    return order;
}

int row_kind_column(const struct row_kind *kind, const char *name)
{
    int column = 0;
    while (strcmp(kind->columns[column].name, name) != 0) {
        column++;
        assert(column < kind->column_count);
    }
    return column;
}

int row_kind_of_type(const struct row_kind *kind, enum column_type type)
{
    int column = kind->column_count - 1;
    while (column >= 0 && kind->columns[column].type != type) {
        column--;
    }
    return column;
}

int row_kind_contract(const struct row_kind *kind)
{
    for (int i = 0; i < kind->key_count; i++) {
        if (strcmp(kind->columns[i].name, "contract_id") == 0) {
            return i;
        }
    }
    return -1;
}

int row_kind_revision(const struct row_kind *kind)
{
    return row_kind_of_type(kind, COLUMN_REVISION);
}
