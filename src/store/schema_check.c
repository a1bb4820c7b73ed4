#include "store/schema_check.h"

#include "store/migrate.h"

/* Compares every object of the model with the one of the same name. */
static bool compare_objects(const struct database *database, const struct database *model,
                            sqlite3_stmt *wanted, sqlite3_stmt *stored, struct error *error)
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
        if (!same) {
            return error_set(error, ERROR_FAILED, "%.*s %.*s is %s", (int)type.size, type.data,
                             (int)name.size, name.data,
                             found == STEP_ROW
                                 ? "not as this posrec makes it ('posrec migrate' renews views)"
                                 : "missing");
        }
    }
    return step == STEP_DONE;
}

static bool compare_schemas(const struct database *database, const struct database *model,
                            struct error *error)
{
    sqlite3_stmt *wanted = database_prepare(
        model, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL", error);
    sqlite3_stmt *stored = database_prepare(
        database, "SELECT sql FROM sqlite_schema WHERE type = ? AND name = ?", error);
    bool same =
        wanted != NULL && stored != NULL && compare_objects(database, model, wanted, stored, error);
    sqlite3_finalize(wanted);
    sqlite3_finalize(stored);
    return same;
}

bool schema_check(const struct database *database, struct error *error)
{
    struct database model;
    int64_t triggers;
    if (!database_integer(database, "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'",
                          &triggers, error)) {
        return false;
    }
    if (triggers > 0) {
        return error_set(error, ERROR_FAILED, "a trigger is there: posrec makes none");
    }
    if (!database_open_memory(&model, error)) {
        return false;
    }
    bool same = migrate_apply(&model, 0, NULL, error) && compare_schemas(database, &model, error);
    database_close(&model);
    return same;
}
