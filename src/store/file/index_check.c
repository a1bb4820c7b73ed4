#include "store/file/index_check.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Of one index: its table, how it is defined, and the query that is made for it. */
struct subject {
    struct span table, index;
    struct span primary;    /* the key that a table without rowids is stored by */
    const char *definition; /* at the next of its terms; NULL where SQLite made it */
    struct text row;        /* what a row of the table has of each term ... */
    struct text entry;      /* ... where its entry is, ... */
    struct text same;       /* ... and what must be in it */
    int terms;
    bool is_readable;
};

/* The end of what is quoted from here on; NULL where it has none. */
static const char *end_of_quoted(const char *at)
{
    const char *end = strchr(at + 1, *at == '[' ? ']' : *at);
    return end != NULL ? end + 1 : NULL;
}

/* The next term of a definition, up to the comma or parenthesis that ends it. */
static struct span take_term(struct subject *subject)
{
    const char *start = subject->definition, *at = start;
    int depth = 0;
    while (at != NULL && *at != '\0' && (depth > 0 || (*at != ',' && *at != ')'))) {
        if (strchr("'\"`[", *at) != NULL) {
            at = end_of_quoted(at);
            continue;
        }
        if (strncmp(at, "--", 2) == 0 || strncmp(at, "/*", 2) == 0) {
            at = NULL;
            break;
        }
        depth += (*at == '(') - (*at == ')');
        at++;
    }
    if (at == NULL || *at == '\0') {
        subject->is_readable = false;
        return (struct span){start, 0};
    }
    subject->definition = *at == ',' ? at + 1 : at;
    while (at > start && isspace((unsigned char)at[-1])) {
        at--;
    }
    struct span term = {start, (size_t)(at - start)};
    for (int i = 0; i < 2; i++) {
        static const char *const ORDERS[] = {" ASC", " DESC"};
        size_t size = strlen(ORDERS[i]);
        if (term.size > size && strncasecmp(at - size, ORDERS[i], size) == 0) {
            term.size -= size;
        }
    }
    return term;
}

/* Adds a term: a column, an expression of the definition, or the rowid. */
static void add_term(struct subject *subject, sqlite3_stmt *column)
{
    enum { ROWID = -1 }; /* of a column; an expression is -2 */
    int cid = sqlite3_column_int(column, 0), number = ++subject->terms;
    struct text term = {0};
    struct span text = {"rowid", 5};
    if (sqlite3_column_int(column, 3) != 0 && subject->definition != NULL) {
        text = take_term(subject);
    }
    if (cid >= 0) {
        text_append_quoted(&term, column_span(column, 1), '"');
    } else {
        text_append_span(&term, text);
    }
    struct span collation = column_span(column, 2);
    text_printf(&subject->row, "%s(%s) AS term%d", number > 1 ? ", " : "", text_string(&term),
                number);
    text_printf(&subject->entry, "%s(%s)", number > 1 ? " AND " : "", text_string(&term));
    if (cid != ROWID) {
        text_append_string(&subject->entry, " COLLATE ");
        text_append_quoted(&subject->entry, collation, '"');
    }
    text_printf(&subject->entry, " IS r.term%d", number);
    text_printf(&subject->same,
                "%stypeof(%s) = typeof(r.term%d) AND (%s) COLLATE BINARY IS r.term%d",
                number > 1 ? " AND " : "", text_string(&term), number, text_string(&term), number);
    subject->is_readable = subject->is_readable && !term.failed;
    text_free(&term);
}

static bool add_terms(const struct database *database, struct subject *subject, struct error *error)
{
    sqlite3_stmt *select =
        database_prepare(database, "SELECT cid, name, coll, key FROM pragma_index_xinfo(?)", error);
    enum step step;
    bind_span(select, 1, subject->index);
    while ((step = database_step(database, select, error)) == STEP_ROW) {
        add_term(subject, select);
    }
    sqlite3_finalize(select);
    return step == STEP_DONE;
}

/* What is left of a definition after its terms: the condition of a partial index, or nothing. */
static const char *condition(struct subject *subject)
{
    static const char WHERE[] = "WHERE ";
    const char *rest = subject->definition != NULL ? subject->definition + 1 : "";
    rest += strspn(rest, " \t\r\n");
    if (*rest == '\0') {
        return "1";
    }
    subject->is_readable = subject->is_readable && strncasecmp(rest, WHERE, sizeof WHERE - 1) == 0;
    return rest + (subject->is_readable ? sizeof WHERE - 1 : 0);
}

/* Whether each row has its own entry, with its own bytes. */
static bool compare(const struct database *database, struct subject *subject, struct error *error)
{
    const char *partial = condition(subject);
    struct text sql = {0};
    if (!subject->is_readable) {
        return false;
    }
    text_printf(&sql, "SELECT 1 FROM (SELECT %s FROM ", text_string(&subject->row));
    text_append_quoted(&sql, subject->table, '"');
    if (subject->primary.size > 0) { /* where NOT INDEXED is no more than advice */
        text_append_string(&sql, " INDEXED BY ");
        text_append_quoted(&sql, subject->primary, '"');
    } else {
        text_append_string(&sql, " NOT INDEXED");
    }
    text_printf(&sql, " WHERE (%s\n)) AS r WHERE NOT coalesce((SELECT %s FROM ", partial,
                text_string(&subject->same));
    text_append_quoted(&sql, subject->table, '"');
    text_append_string(&sql, " INDEXED BY ");
    text_append_quoted(&sql, subject->index, '"');
    text_printf(&sql, " WHERE %s AND (%s\n)), 0) LIMIT 1", text_string(&subject->entry), partial);
    sqlite3_stmt *select = database_prepare_text(database, &sql, error);
    enum step step = database_step(database, select, error);
    sqlite3_finalize(select);
    return step == STEP_DONE;
}

static bool check(const struct database *database, sqlite3_stmt *index, struct error *error)
{
    const char *definition = (const char *)sqlite3_column_text(index, 2);
    struct subject subject = {.table = column_span(index, 0),
                              .index = column_span(index, 1),
                              .primary = column_span(index, 3),
                              .is_readable = true};
    struct error why = {0};
    if (definition != NULL) {
        const char *start = strchr(definition, '(');
        subject.definition = start != NULL ? start + 1 : NULL;
        subject.is_readable = start != NULL;
    }
    bool good = add_terms(database, &subject, &why) && compare(database, &subject, &why);
    text_free(&subject.row);
    text_free(&subject.entry);
    text_free(&subject.same);
    return good || (why.kind == ERROR_NO_MEMORY && error_no_memory(error)) ||
           error_set(error, ERROR_FAILED,
                     "index %.*s does not lead to the rows of %.*s%s%s ('REINDEX' in sqlite3 "
                     "makes it anew)",
                     (int)subject.index.size, subject.index.data, (int)subject.table.size,
                     subject.table.data, why.kind != ERROR_NONE ? ": " : "",
                     why.kind != ERROR_NONE ? why.text : "");
}

bool index_check(const struct database *database, struct error *error)
{
    sqlite3_stmt *select = database_prepare(
        database,
        "SELECT t.name, i.name, s.sql, "
        "(SELECT p.name FROM pragma_index_list(t.name) AS p WHERE p.origin = 'pk') "
        "FROM sqlite_schema AS t "
        "CROSS JOIN pragma_index_list(t.name) AS i CROSS JOIN sqlite_schema AS s "
        "WHERE t.type = 'table' AND i.origin <> 'pk' AND s.name = i.name AND s.type = 'index'",
        error);
    enum step step;
    bool good = true;
    while (good && (step = database_step(database, select, error)) == STEP_ROW) {
        good = check(database, select, error);
    }
    sqlite3_finalize(select);
    return good && step == STEP_DONE;
}
