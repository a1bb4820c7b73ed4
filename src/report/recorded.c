#include "report/recorded.h"

#include <string.h>

#include "base/names.h"
#include "report/report.h"

/* Goes through the names that a statement of sql/reports lists. *found is the one that is meant:
 * the very same, else one that differs in case. */
static bool look(const struct database *database, const char *list, const char *name, bool any_case,
                 struct text *found, struct names *names, struct error *error)
{
    static const struct report_parameter NONE[] = {{0}};
    sqlite3_stmt *statement = report_prepare(database, list, NONE, error);
    enum step step = statement == NULL ? STEP_FAILED : database_step(database, statement, error);
    for (; step == STEP_ROW; step = database_step(database, statement, error)) {
        const char *there = (const char *)sqlite3_column_text(statement, 0);
        bool same = strcmp(there, name) == 0;
        if (same || (any_case && found->size == 0 && sqlite3_stricmp(there, name) == 0)) {
            text_clear(found);
            text_append_string(found, there);
        }
        names_add(names, there);
    }
    sqlite3_finalize(statement);
    return step != STEP_FAILED;
}

/* Refuses a name that was not found, but where there is nothing that could have been. */
static bool judge(const char *what, const char *name, const struct text *found, struct names *names,
                  struct error *error)
{
    return found->size > 0 || names->count == 0 ||
           error_set(error, ERROR_USAGE, "%s %s: not recorded here (there is: %s)", what, name,
                     names_string(names));
}

bool recorded_account_check(const struct database *database, const char *account,
                            struct error *error)
{
    struct text found = {0};
    struct names names = {0};
    bool done =
        account == NULL || (look(database, "accounts", account, false, &found, &names, error) &&
                            judge("account", account, &found, &names, error));
    names_free(&names);
    text_free(&found);
    return done;
}

bool recorded_symbol(const struct database *database, const char *symbol, struct text *found,
                     struct error *error)
{
    struct names names = {0};
    bool done = symbol == NULL || (look(database, "symbols", symbol, true, found, &names, error) &&
                                   (found->size > 0 || look(database, "symbols_of_income", symbol,
                                                            true, found, &names, error)) &&
                                   judge("symbol", symbol, found, &names, error));
    if (done && symbol != NULL && found->size == 0) {
        text_append_string(found, symbol);
    }
    names_free(&names);
    return done && (!found->failed || error_no_memory(error));
}
