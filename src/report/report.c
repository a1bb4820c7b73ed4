#include "report/report.h"

#include <string.h>

#include "base/embedded_file.h"
#include "base/text.h"
#include "model/capture.h"
#include "report/columns.h"
#include "store/file/view_text.h"

extern const struct embedded_file SQL_REPORTS[];
extern const struct embedded_file SQL_VIEWS[];

#define PARTS_MAX 12

/* Reports that are put together of files of sql/reports; others are the one of their name. */
static const struct composition {
    const char *name;
    const char *parts[PARTS_MAX + 1];
} COMPOSITIONS[] = {
    {"pnl",
     {"with_polls", "with_range", "with_silence", "with_samples", "with_legs", "with_points",
      "with_parts", "with_earning", "with_income", "pnl"}},
    {"pnl_by",
     {"with_rows", "with_polls", "with_range", "with_silence", "with_samples", "with_legs",
      "with_points", "with_parts", "with_earning", "with_income", "pnl", "pnl_by"}},
    {"margin",
     {"with_polls", "with_range", "with_silence", "with_samples", "with_legs", "with_points",
      "with_parts", "margin"}},
    {"exposure",
     {"with_polls", "with_range", "with_silence", "with_samples", "with_legs", "with_points",
      "exposure"}},
    {"equity", {"with_balances", "with_range", "with_silence", "with_samples", "equity"}},
    {"equity_by",
     {"with_rows", "with_balances", "with_range", "with_silence", "with_samples", "equity",
      "equity_by"}},
    {"income",
     {"with_money", "with_range", "with_silence", "with_earning", "with_income", "income"}},
    {"income_by",
     {"with_rows", "with_money", "with_range", "with_silence", "with_earning", "with_income",
      "income", "income_by"}},
    {"trades", {"with_money", "with_range", "trades"}},
    {"trips", {"with_trips", "with_range", "trips"}},
    {"trips_by", {"with_rows", "with_trips", "with_range", "trips", "trips_by"}},
    {"trips_summary", {"with_trips", "with_range", "trips_summary"}},
    {"trips_outside", {"with_trips", "with_range", "trips_outside"}},
    {"performance",
     {"with_balances", "with_range", "with_silence", "with_earning", "with_income", "performance"}},
    {"performance_by",
     {"with_rows", "with_balances", "with_range", "with_silence", "with_earning", "with_income",
      "performance", "performance_by"}},
    {"happened",
     {"with_polls", "with_range", "with_change_legs", "with_change_judged", "with_change_told",
      "happened"}},
    {"changes_counted",
     {"with_polls", "with_range", "with_change_legs", "with_change_beginnings", "with_change_told",
      "changes_counted"}},
    {"reconcile",
     {"with_polls", "with_range", "with_silence", "with_changed", "with_money_asked",
      "with_money_findings", "reconcile"}},
    {"silences", {"with_polls", "with_silence", "silences"}},
    {"positions", {"with_moment", "positions"}},
    {"silence_at", {"with_moment", "silence_at"}},
    {"evidence", {"with_moment", "evidence"}},
    {"coverage", {"with_polls", "with_silence", "coverage"}},
    {"gaps", {"with_polls", "with_silence", "gaps"}},
    {"nothing", {"with_polls", "with_silence", "nothing"}},
    {"silence", {"with_polls", "with_silence", "silence"}},
    {"range", {"with_polls", "with_range", "range"}},
    {"audit", {"with_polls", "with_range", "with_money_asked", "audit"}},
    {"chart_accounts", {"with_polls", "with_range", "chart_accounts"}},
    {"chart_money_accounts", {"with_money", "with_range", "chart_accounts"}},
    {"chart_balance_accounts", {"with_balances", "with_range", "chart_accounts"}},
    {"chart_assets", {"with_balances", "with_range", "chart_assets"}},
    {"chart_legs", {"with_polls", "with_range", "with_legs", "chart_legs"}},
    {"chart_pnl_hours", {"with_chart_hours", "chart_pnl_hours"}},
    {"chart_margin_hours", {"with_chart_hours", "chart_margin_hours"}},
    {"page_point", {"with_page", "with_range", "page_point"}},
    {"page_pnl", {"with_page", "with_range", "with_earning_since", "with_income", "page_pnl"}},
    {"chart_income", {"with_earning_charted", "with_income", "chart_income"}},
    {"page_answer", {"with_page", "with_range", "with_silence", "page_answer"}},
    {"page_scopes", {"with_page", "with_range", "page_scopes"}},
    {"page_open", {"with_page", "with_range", "page_open"}},
    {"page_trips", {"with_trips", "with_range", "page_trips"}},
    {"with_trips_asked", {"with_trips", "with_range", "with_trips_asked"}},
};

/* Views that several statements of one answer ask, or one asks again and again: each is read once,
 * into a table of the connection's own that stands before the view. Of the snapshot that is read
 * they are part. A later one may ask an earlier one, and what a composition puts before it. */
static const struct {
    const char *part;
    const char *view;
    const char *composition; /* that of what is asked; NULL for all of the view; of the same name:
                                a report, which is no view */
} KEPT[] = {
    {"with_silence", "known", NULL},
    {"performance", "asset_source", NULL},
    {"with_trips", "known", NULL},
    {"with_trips", "asset_source", NULL},
    {"page_pnl", "known", NULL},
    {"with_trips", "trip_base", "with_trip_legs"},
    {"with_trips", "trip_part_since", NULL},
    {"with_trips", "trip_part", "with_trips_asked"},
    {"with_trips", "trip_sum", NULL},
    {"trips", "round_trip", NULL},
    {"changes", "changes_counted", "changes_counted"},
    {"changes", "happened", "happened"},
};

static const char *const *parts_of(const char *const *alone)
{
    for (size_t i = 0; i < sizeof COMPOSITIONS / sizeof COMPOSITIONS[0]; i++) {
        if (strcmp(COMPOSITIONS[i].name, alone[0]) == 0) {
            return COMPOSITIONS[i].parts;
        }
    }
    return alone;
}

static void bind_question(sqlite3_stmt *statement, const struct report_question *question)
{
    const struct maybe_int none = {0};
    const struct {
        const char *name;
        const char *text; /* when it is not NULL, else the number */
        struct maybe_int number;
    } parameters[] = {
        {":account", question->account, {0}},
        {":symbol", question->symbol, {0}},
        {":side", question->side, {0}},
        {":kind", question->kind, {0}},
        {":by", question->by != NULL ? question->by->key : NULL, {0}},
        {":from_ms", NULL, question->from_ms},
        {":to_ms", NULL, question->to_ms},
        {":every_ms", NULL, question->every.ms > 0 ? maybe_of(question->every.ms) : none},
        {":every_months", NULL, maybe_of(question->every.months)},
        {":first_rows", NULL, question->first_rows > 0 ? maybe_of(question->first_rows) : none},
        {":all", NULL, maybe_of(question->all)},
        {":now_ms", NULL, maybe_of(question->now_ms)},
        {":running", NULL, maybe_of(question->running)},
        {":ahead_ms", NULL, maybe_of(CAPTURE_AGE_AHEAD_MS_MAX)},
    };
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        int index = sqlite3_bind_parameter_index(statement, parameters[i].name);
        if (index != 0 && parameters[i].text != NULL) {
            bind_span(statement, index, span_of(parameters[i].text));
        } else if (index != 0) {
            bind_maybe(statement, index, parameters[i].number);
        }
    }
}

static void append_parts(const char *name, struct text *sql)
{
    const char *const alone[] = {name, NULL};
    for (const char *const *part = parts_of(alone); *part != NULL; part++) {
        text_append_string(sql, embedded_file_text(SQL_REPORTS, *part));
    }
}

static bool keep_view(const struct report_question *question, const char *view,
                      const char *composition, struct error *error)
{
    struct text sql = {0};
    text_printf(&sql, "CREATE TEMP TABLE IF NOT EXISTS %s AS ", view);
    if (composition != NULL) {
        append_parts(composition, &sql);
    }
    if (composition == NULL || strcmp(composition, view) != 0) {
        text_append_string(&sql, composition != NULL ? ", " : "WITH ");
        view_text_append(SQL_VIEWS, view, &sql);
        text_printf(&sql, " SELECT * FROM %s", view);
    }
    sqlite3_stmt *statement = database_prepare_text(question->database, &sql, error);
    if (statement != NULL) {
        bind_question(statement, question);
    }
    enum step step = database_step(question->database, statement, error);
    sqlite3_finalize(statement);
    return step != STEP_FAILED;
}

/* Keeps what the report called `name` asks. */
static bool keep_views(const struct report_question *question, const char *name,
                       struct error *error)
{
    const char *const alone[] = {name, NULL};
    bool kept = true;
    for (const char *const *part = parts_of(alone); *part != NULL; part++) {
        for (size_t i = 0; kept && i < sizeof KEPT / sizeof KEPT[0]; i++) {
            kept = strcmp(KEPT[i].part, *part) != 0 ||
                   keep_view(question, KEPT[i].view, KEPT[i].composition, error);
        }
    }
    return kept;
}

/* The columns that the question's `by` has of what the report called `name` sums up; NULL for all
 * of a report's. */
static const char *columns_of(const struct report_question *question, const char *name)
{
    const struct report_by *by = question->by;
    return by != NULL && strcmp(by->report, name) == 0 ? by->columns : NULL;
}

/* The report's statement, with `begin` before it. */
static sqlite3_stmt *prepare(const struct report_question *question, const char *begin,
                             const char *name, struct error *error)
{
    const char *columns = columns_of(question, name);
    struct text sql = {0};
    if (!keep_views(question, name, error)) {
        error_context(error, "report %s", name);
        return NULL;
    }
    text_append_string(&sql, begin);
    if (columns != NULL) {
        text_printf(&sql, "SELECT %s FROM (\n", columns);
    }
    append_parts(name, &sql);
    if (columns != NULL) {
        text_append_string(&sql, ") ORDER BY 1, 2, 3"); /* its keys, then times */
    }
    sqlite3_stmt *statement = database_prepare_text(question->database, &sql, error);
    if (statement == NULL) {
        error_context(error, "report %s", name);
    } else {
        bind_question(statement, question);
    }
    return statement;
}

sqlite3_stmt *report_prepare(const struct report_question *question, const char *name,
                             struct error *error)
{
    return prepare(question, "", name, error);
}

void report_ask_again(const struct report_question *question, sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    bind_question(statement, question);
}

bool report_keep(const struct report_question *question, const char *name, const char *table,
                 struct error *error)
{
    struct text begin = {0};
    text_printf(&begin, "CREATE TEMP TABLE %s AS\n", table);
    sqlite3_stmt *statement = prepare(question, text_string(&begin), name, error);
    enum step step = database_step(question->database, statement, error);
    sqlite3_finalize(statement);
    text_free(&begin);
    return step == STEP_DONE;
}

bool report_integer(const struct report_question *question, const char *name,
                    struct maybe_int *value, struct error *error)
{
    sqlite3_stmt *statement = report_prepare(question, name, error);
    enum step step = database_step(question->database, statement, error);
    *value = step == STEP_ROW ? column_maybe(statement, 0) : (struct maybe_int){0};
    sqlite3_finalize(statement);
    return step != STEP_FAILED;
}

/* Appends the sentence that a report about another gives; nothing where it gives none. */
static bool append_sentence(const struct report_question *question, const char *kind,
                            const char *name, struct text *sentence, struct error *error)
{
    struct report_question of_kind = *question;
    of_kind.kind = kind;
    sqlite3_stmt *statement = report_prepare(&of_kind, name, error);
    enum step step = database_step(question->database, statement, error);
    if (step == STEP_ROW) {
        text_append_span(sentence, column_span(statement, 0));
    }
    sqlite3_finalize(statement);
    return step != STEP_FAILED && (!sentence->failed || error_no_memory(error));
}

bool report_explain_nothing(const struct report_question *question, const char *kind,
                            struct text *sentence, struct error *error)
{
    return append_sentence(question, kind, "nothing", sentence, error);
}

bool report_tell_silence(const struct report_question *question, const char *kind,
                         struct text *sentence, struct error *error)
{
    bool is_moment = strcmp(kind, "positions") == 0;
    return append_sentence(question, kind, is_moment ? "silence_at" : "silence", sentence, error);
}

bool report_tell_note(const struct report_question *question, const char *name,
                      struct text *sentence, struct error *error)
{
    return append_sentence(question, NULL, name, sentence, error);
}

bool report_check_columns(const struct report_question *question, const char *name,
                          struct error *error)
{
    struct column_list columns;
    if (question->columns == NULL) {
        return true;
    }
    sqlite3_stmt *statement = report_prepare(question, name, error);
    bool done = statement != NULL && columns_choose(&columns, statement, question->columns, error);
    sqlite3_finalize(statement);
    return done;
}

bool report_run(const struct report_question *question, const char *name, enum report_format format,
                FILE *out, int64_t *row_count, struct error *error)
{
    sqlite3_stmt *statement = report_prepare(question, name, error);
    const struct render_choice choice = {
        question->columns,
        question->wide || question->columns != NULL
            ? NULL
            : columns_that_matter(name, question->every.ms > 0),
    };
    bool done = statement != NULL && render_statement(question->database, statement, format,
                                                      &choice, out, row_count, error);
    sqlite3_finalize(statement);
    return done;
}

bool report_check_steps(const struct report_question *question, struct error *error)
{
    if (question->every.ms == 0) {
        return true;
    }
    sqlite3_stmt *range = report_prepare(question, "range", error);
    enum step step = database_step(question->database, range, error);
    int64_t steps = 0;
    if (step == STEP_ROW) {
        steps =
            (sqlite3_column_int64(range, 1) - sqlite3_column_int64(range, 0)) / question->every.ms;
    }
    sqlite3_finalize(range);
    if (steps > REPORT_STEPS_MAX) {
        return error_set(
            error, ERROR_USAGE,
            "--every: that is %lld steps, %d at most (a longer step, or a shorter range)",
            (long long)steps, REPORT_STEPS_MAX);
    }
    return step != STEP_FAILED;
}
