#include "report/recorded.h"

#include "base/names.h"

/* Goes through the names that a report lists. *found is the one that is meant: the very same, else
 * one that differs in case. */
static bool look(const struct report_question *question, const char *list, const char *name,
                 struct text *found, struct names *names, struct error *error)
{
    const struct database *database = question->database;
    sqlite3_stmt *statement = report_prepare(question, list, error);
    enum step step;
    while ((step = database_step(database, statement, error)) == STEP_ROW) {
        const char *there = (const char *)sqlite3_column_text(statement, 0);
        if (strcmp(there, name) == 0 || (found->size == 0 && sqlite3_stricmp(there, name) == 0)) {
            text_clear(found);
            text_append_string(found, there);
        }
        names_add(names, there);
    }
    sqlite3_finalize(statement);
    return step != STEP_FAILED;
}

/* A name is refused when there are others. */
static bool refuse(const char *what, const char *name, struct names *names, struct error *error)
{
    return names->count == 0 ||
           error_set(error, ERROR_USAGE, "%s %s: not recorded here (there is: %s)", what, name,
                     names_string(names));
}

bool recorded_check_account(const struct report_question *question, struct error *error)
{
    const char *account = question->account;
    struct text found = {0};
    struct names names = {.wanted = account};
    bool done = account == NULL || (look(question, "accounts", account, &found, &names, error) &&
                                    ((found.size > 0 && span_is(text_span(&found), account)) ||
                                     refuse("account", account, &names, error)));
    names_free(&names);
    text_free(&found);
    return done;
}

bool recorded_find_symbol(struct report_question *question, struct text *text, struct error *error)
{
    const char *symbol = question->symbol;
    struct names names = {.wanted = symbol};
    bool done =
        symbol == NULL ||
        (look(question, "symbols", symbol, text, &names, error) &&
         (text->size > 0 || look(question, "symbols_of_income", symbol, text, &names, error)) &&
         (text->size > 0 || refuse("symbol", symbol, &names, error)));
    names_free(&names);
    if (text->size > 0) {
        question->symbol = text_string(text);
    }
    return done && (!text->failed || error_no_memory(error));
}
