#include "store/schema_check.h"

#include "store/migrate.h"

/* Compares every object of the model with the one of the same name. */
static bool compare_objects(const struct database *database, const struct database *model,
                            sqlite3_stmt *wanted, sqlite3_stmt *stored, struct text *view,
                            struct error *error)
{
    enum step step;
    while ((step = database_step(model, wanted, error)) == STEP_ROW) {
        struct span type = column_span(wanted, 0), name = column_span(wanted, 1);
        bind_span(stored, 1, type);
        bind_span(stored, 2, name);
        enum step found = database_step(database, stored, error);
        bool same = found == STEP_ROW && span_equal(column_span(stored, 0), column_span(wanted, 2));
        sqlite3_reset(stored);
        if (found == STEP_FAILED) {
            return false;
        }
        if (same) {
            continue;
        }
        const char *how = found == STEP_ROW ? "not as this posrec makes it" : "missing";
        if (!span_is(type, "view")) {
            return error_set(error, ERROR_FAILED, "%.*s %.*s is %s", (int)type.size, type.data,
                             (int)name.size, name.data, how);
        }
        if (view->size == 0) {
            text_printf(view, "view %.*s is %s ('posrec migrate' renews views)", (int)name.size,
                        name.data, how);
        }
        if (view->failed) {
            return error_no_memory(error);
        }
    }
    return step == STEP_DONE;
}

#define OBJECTS "SELECT type, name, sql FROM sqlite_schema WHERE "

/* `objects` of a database that posrec makes, against this one's. */
static bool compare_schemas(const struct database *database, const struct database *model,
                            const char *objects, struct text *view, struct error *error)
{
    sqlite3_stmt *wanted = database_prepare(model, objects, error);
    sqlite3_stmt *stored = database_prepare(
        database, "SELECT sql FROM sqlite_schema WHERE type = ? AND name = ?", error);
    bool same = wanted != NULL && stored != NULL &&
                compare_objects(database, model, wanted, stored, view, error);
    sqlite3_finalize(wanted);
    sqlite3_finalize(stored);
    return same;
}

/* What the text of an object of a type begins with, as SQLite keeps it. */
static const struct {
    const char *type, *text;
} KINDS[] = {
    {"table", "CREATE TABLE "}, {"table", "CREATE VIRTUAL TABLE "},
    {"index", "CREATE INDEX "}, {"index", "CREATE UNIQUE INDEX "},
    {"view", "CREATE VIEW "},
};

/* SQLite goes by the text, whatever the type says: a trigger can be called anything. */
static bool is_what_it_says(struct span type, struct span name, struct span text)
{
    static const char AUTOMATIC[] = "sqlite_autoindex_";
    if (text.size == 0) {
        return span_is(type, "index") && name.size > sizeof AUTOMATIC &&
               memcmp(name.data, AUTOMATIC, sizeof AUTOMATIC - 1) == 0;
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        size_t size = strlen(KINDS[i].text);
        if (span_is(type, KINDS[i].type) && text.size > size &&
            memcmp(text.data, KINDS[i].text, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_types(const struct database *database, struct error *error)
{
    sqlite3_stmt *select =
        database_prepare(database, "SELECT type, name, sql FROM sqlite_schema", error);
    enum step step;
    bool good = true;
    while (good && (step = database_step(database, select, error)) == STEP_ROW) {
        struct span type = column_span(select, 0), name = column_span(select, 1);
        good = is_what_it_says(type, name, column_span(select, 2)) ||
               error_set(error, ERROR_FAILED,
                         "%.*s %.*s is none of the tables, indexes and views that there may be: "
                         "posrec makes no triggers",
                         (int)type.size, type.data, (int)name.size, name.data);
    }
    sqlite3_finalize(select);
    return good && step == STEP_DONE;
}

/* `view` gets what is to be said of views; NULL when none is compared. */
static bool check_objects(const struct database *database, const char *objects, struct text *view,
                          struct error *error)
{
    struct database model;
    if (!database_open_memory(&model, error)) {
        return false;
    }
    bool same = (view != NULL ? migrate_apply(&model, 0, NULL, error)
                              : migrate_make_tables(&model, error)) &&
                compare_schemas(database, &model, objects, view, error);
    database_close(&model);
    return same;
}

bool schema_check(const struct database *database, struct text *view, struct error *error)
{
    return check_types(database, error) &&
           check_objects(database, OBJECTS "sql IS NOT NULL", view, error);
}

bool schema_check_tables(const struct database *database, struct error *error)
{
    return check_objects(database, OBJECTS "type = 'table' AND sql IS NOT NULL", NULL, error);
}
