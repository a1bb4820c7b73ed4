#include "store/rows/row_statement.h"

void row_statement_columns(const struct row_kind *kind, const char *alias, struct text *sql)
{
    for (int i = 0; i < kind->column_count; i++) {
        text_printf(sql, "%s%s.%s", i == 0 ? "" : ", ", alias, kind->columns[i].name);
    }
}

sqlite3_stmt *row_statement_insert(const struct database *database, const struct row_kind *kind,
                                   struct error *error)
{
    struct text sql = {0};
    text_printf(&sql, "INSERT INTO %s (", kind->table);
    for (int i = 0; i < kind->column_count; i++) {
        text_printf(&sql, "%s%s", i == 0 ? "" : ", ", kind->columns[i].name);
    }
    text_append_string(&sql, ") VALUES (");
    for (int i = 0; i < kind->column_count; i++) {
        text_append_string(&sql, i == 0 ? "?" : ", ?");
    }
    text_append_char(&sql, ')');
    return database_prepare_text(database, &sql, error);
}

static void append_select(const struct row_kind *kind, const char *last_comparison,
                          struct text *sql)
{
    text_append_string(sql, "SELECT ");
    row_statement_columns(kind, "r", sql);
    text_printf(sql, " FROM %s AS r", kind->table);
    for (int i = 0; i < kind->key_count; i++) {
        text_printf(sql, "%sr.%s %s ?", i == 0 ? " WHERE " : " AND ", kind->columns[i].name,
                    i == kind->key_count - 1 ? last_comparison : "=");
    }
}

sqlite3_stmt *row_statement_by_key(const struct database *database, const struct row_kind *kind,
                                   struct error *error)
{
    struct text sql = {0};
    append_select(kind, "=", &sql);
    return database_prepare_text(database, &sql, error);
}

sqlite3_stmt *row_statement_before(const struct database *database, const struct row_kind *kind,
                                   struct error *error)
{
    struct text sql = {0};
    append_select(kind, "<", &sql);
    text_printf(&sql, " ORDER BY r.%s DESC LIMIT 1", kind->columns[kind->key_count - 1].name);
    return database_prepare_text(database, &sql, error);
}

static void bind_column(sqlite3_stmt *statement, int index, const struct row *row, int column)
{
    if ((row->known >> column & 1u) == 0) {
        sqlite3_bind_null(statement, index);
    } else if (column_is_text(&row->kind->columns[column])) {
        bind_span(statement, index, row_text(row, column));
    } else {
        bind_int(statement, index, row->values[column]);
    }
}

void row_bind(sqlite3_stmt *statement, const struct row *row)
{
    for (int i = 0; i < row->kind->column_count; i++) {
        bind_column(statement, i + 1, row, i);
    }
}

void row_bind_key(sqlite3_stmt *statement, const struct row *row)
{
    for (int i = 0; i < row->kind->key_count; i++) {
        bind_column(statement, i + 1, row, i);
    }
}

bool row_load(sqlite3_stmt *select, int first, const struct row_kind *kind, struct row *row)
{
    if (!row_begin(row, kind)) {
        return false;
    }
    for (int i = 0; i < kind->column_count; i++) {
        if (sqlite3_column_type(select, first + i) == SQLITE_NULL) {
            continue;
        }
        if (column_is_text(&kind->columns[i])) {
            row_set_text(row, i, column_span(select, first + i));
        } else {
            row_set(row, i, sqlite3_column_int64(select, first + i));
        }
    }
    return !row_failed(row);
}
