#include "model/row.h"

#include <assert.h>

bool column_is_text(const struct column *column)
{
    return column->type == COLUMN_TEXT || column->type == COLUMN_AS_GIVEN ||
           column->type == COLUMN_EXTRA;
}

void row_clear(struct row *row, const struct row_kind *kind)
{
    row->kind = kind;
    row->known = 0;
    memset(row->values, 0, sizeof row->values);
    for (int i = 0; i < ROW_TEXTS_MAX; i++) {
        text_clear(&row->texts[i]);
    }
}

void row_free(struct row *row)
{
    for (int i = 0; i < ROW_TEXTS_MAX; i++) {
        text_free(&row->texts[i]);
    }
    *row = (struct row){0};
}

bool row_failed(const struct row *row)
{
    bool failed = false;
    for (int i = 0; i < ROW_TEXTS_MAX; i++) {
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
    text_clear(target);
    text_append(target, text.data, text.size);
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

int row_kind_column(const struct row_kind *kind, const char *name)
{
    int column = 0;
    while (strcmp(kind->columns[column].name, name) != 0) {
        column++;
        assert(column < kind->column_count);
    }
    return column;
}
