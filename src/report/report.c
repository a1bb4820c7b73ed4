#include "report/report.h"

#include <string.h>

#include "base/embedded_file.h"
#include "base/text.h"

extern const struct embedded_file SQL_REPORTS[];

#define PARTS_MAX 6

/* Reports that begin with other files of sql/reports. */
static const struct composition {
    const char *name;
    const char *parts[PARTS_MAX + 1];
} COMPOSITIONS[] = {
    {"pnl", {"with_range", "with_polls", "with_samples", "with_legs", "with_points", "with_parts"}},
    {"margin",
     {"with_range", "with_polls", "with_samples", "with_legs", "with_points", "with_parts"}},
    {"exposure", {"with_range", "with_polls", "with_samples", "with_legs", "with_points"}},
    {"equity", {"with_balance_range", "with_accounts", "with_samples"}},
    {"income", {"with_money_range"}},
    {"trades", {"with_money_range"}},
    {"changes", {"with_range"}},
    {"reconcile", {"with_range", "with_changed", "with_money_asked", "with_money_findings"}},
    {"range", {"with_range"}},
    {"audit", {"with_range", "with_money_asked"}},
    {"chart_accounts", {"with_range"}},
    {"chart_money_accounts", {"with_money_range"}},
    {"chart_balance_accounts", {"with_balance_range"}},
    {"chart_assets", {"with_balance_range"}},
    {"chart_legs", {"with_range", "with_legs"}},
    {"chart_pnl_hours", {"with_chart_hours"}},
    {"chart_margin_hours", {"with_chart_hours"}},
};

static void append_report(struct text *sql, const char *name)
{
    for (size_t i = 0; i < sizeof COMPOSITIONS / sizeof COMPOSITIONS[0]; i++) {
        if (strcmp(COMPOSITIONS[i].name, name) == 0) {
            for (const char *const *part = COMPOSITIONS[i].parts; *part != NULL; part++) {
                text_append_string(sql, embedded_file_text(SQL_REPORTS, *part));
            }
        }
    }
    text_append_string(sql, embedded_file_text(SQL_REPORTS, name));
}

static void bind_parameters(sqlite3_stmt *statement, const struct report_parameter *parameters)
{
    for (; parameters->name != NULL; parameters++) {
        int index = sqlite3_bind_parameter_index(statement, parameters->name);
        if (index == 0) {
            continue;
        }
        if (parameters->text != NULL) {
            bind_span(statement, index, span_of(parameters->text));
        } else {
            bind_maybe(statement, index, parameters->number);
        }
    }
}

sqlite3_stmt *report_prepare(const struct database *database, const char *name,
                             const struct report_parameter *parameters, struct error *error)
{
    struct text sql = {0};
    append_report(&sql, name);
    sqlite3_stmt *statement = database_prepare_text(database, &sql, error);
    if (statement == NULL) {
        error_context(error, "report %s", name);
    } else {
        bind_parameters(statement, parameters);
    }
    return statement;
}

bool report_integer(const struct database *database, const char *name,
                    const struct report_parameter *parameters, struct maybe_int *value,
                    struct error *error)
{
    sqlite3_stmt *statement = report_prepare(database, name, parameters, error);
    if (statement == NULL) {
        return false;
    }
    enum step step = database_step(database, statement, error);
    *value = step == STEP_ROW ? column_maybe(statement, 0) : (struct maybe_int){0};
    sqlite3_finalize(statement);
    return step != STEP_FAILED;
}

bool report_run(const struct database *database, const char *name,
                const struct report_parameter *parameters, enum report_format format, FILE *out,
                int64_t *row_count, struct error *error)
{
    sqlite3_stmt *statement = report_prepare(database, name, parameters, error);
    if (statement == NULL) {
        return false;
    }
    bool done = render_statement(database, statement, format, out, row_count, error);
    sqlite3_finalize(statement);
    return done;
}
