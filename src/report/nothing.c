#include "report/nothing.h"

bool nothing_explain(const struct database *database, const char *kind,
                     const struct report_filter *filter, struct text *sentence, struct error *error)
{
    sqlite3_stmt *statement = report_filter_prepare(database, "nothing", filter, error);
    if (statement == NULL) {
        return false;
    }
    bind_span(statement, sqlite3_bind_parameter_index(statement, ":kind"), span_of(kind));
    enum step step = database_step(database, statement, error);
    if (step == STEP_ROW) {
        struct span text = column_span(statement, 0);
        text_append(sentence, text.data, text.size);
    }
    sqlite3_finalize(statement);
    return step == STEP_ROW && (!sentence->failed || error_no_memory(error));
}
