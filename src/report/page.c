#include "report/page.h"

#include "base/time_text.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/renderers.h"

/* Accounts with charts of their own on one page. */
#define CHART_ACCOUNTS_MAX 12

static void append_time(struct text *text, const char *label, struct maybe_int time_ms)
{
    char time[TIME_TEXT_SIZE];
    if (time_ms.known) {
        time_text_format(time_ms.value, time);
        text_printf(text, "%s%s", label, time);
    }
}

static bool append_range(const struct report_question *question, struct text *text,
                         struct error *error)
{
    sqlite3_stmt *range = report_prepare(question, "range", error);
    enum step step = database_step(question->database, range, error);
    if (step == STEP_ROW) {
        append_time(text, "From ", column_maybe(range, 0));
        append_time(text, " to ", column_maybe(range, 1));
    }
    sqlite3_finalize(range);
    return step != STEP_FAILED;
}

static void append_named(struct text *text, const char *label, const char *value)
{
    if (value != NULL) {
        text_append_string(text, label);
        html_append_text(text, span_of(value));
    }
}

bool page_begin(const struct report_question *question, struct maybe_int refresh_ms, FILE *out,
                struct error *error)
{
    struct text text = {0};
    html_begin(&text, "Position history", refresh_ms);
    text_append_string(&text, "<p class=\"range\">");
    bool done = append_range(question, &text, error);
    append_named(&text, " &middot; account ", question->account);
    append_named(&text, " &middot; symbol ", question->symbol);
    append_named(&text, " &middot; side ", question->side);
    append_time(&text, "<br>Made by posrec at ", maybe_of(question->now_ms));
    text_append_string(&text, ". Times are UTC.</p>\n<noscript><p>The charts need scripts; the "
                              "tables have the figures.</p></noscript>\n");
    if (!done) {
        text_free(&text);
    }
    return done && render_text(&text, out, error);
}

/* A chart for each account that the range has. */
static bool write_charts(const struct report_question *question, const struct report_chart *chart,
                         FILE *out, struct error *error)
{
    sqlite3_stmt *accounts = report_prepare(question, chart->accounts, error);
    struct report_question of_account = *question;
    enum step step = STEP_FAILED;
    bool done = true, drawn;
    int count = 0;
    while (done && count < CHART_ACCOUNTS_MAX &&
           (step = database_step(question->database, accounts, error)) == STEP_ROW) {
        of_account.account = (const char *)sqlite3_column_text(accounts, 0);
        of_account.from_ms = column_maybe(accounts, 1);
        of_account.to_ms = column_maybe(accounts, 2);
        done = chart_write(chart, &of_account, out, &drawn, error);
        count += drawn;
    }
    done = done && step != STEP_FAILED;
    if (done && count == CHART_ACCOUNTS_MAX &&
        database_step(question->database, accounts, error) == STEP_ROW) {
        done = fprintf(out, "<p class=\"note\">There are more accounts than charts on this page: "
                            "--account chooses one.</p>\n") > 0 ||
               error_set_output(error, out, NULL);
    }
    sqlite3_finalize(accounts);
    return done;
}

static bool write_table(const struct report_question *question, const char *name, FILE *out,
                        int64_t *row_count, struct error *error)
{
    sqlite3_stmt *statement = report_prepare(question, name, error);
    struct column_list columns;
    *row_count = 0;
    bool done = statement != NULL &&
                columns_choose(&columns, statement, question->columns, error) &&
                render_rows(question->database, &columns, &HTML_WRITER, out, row_count, error);
    sqlite3_finalize(statement);
    return done;
}

static bool write_heading(const struct report_kind *kind, FILE *out, struct error *error)
{
    struct text text = {0};
    text_printf(&text, "<section id=\"%s\">\n<h2>", kind->name);
    html_append_text(&text, span_of(kind->title));
    text_append_string(&text, "</h2>\n<p>");
    html_append_text(&text, span_of(kind->about));
    text_append_string(&text, "</p>\n");
    return render_text(&text, out, error);
}

static void append_sentence(struct text *text, const char *class, struct text *sentence)
{
    if (sentence->size > 0) {
        text_printf(text, "<p class=\"%s\">", class);
        html_append_text(text, text_span(sentence));
        text_append_string(text, "</p>\n");
        text_clear(sentence);
    }
}

static bool write_end(const struct report_question *question, const struct report_kind *kind,
                      bool is_empty, FILE *out, struct error *error)
{
    struct text text = {0}, sentence = {0};
    struct report_question whole = *question;
    int64_t summed;
    whole.columns = NULL;
    bool done = kind->summary == NULL || is_empty ||
                write_table(&whole, kind->summary, out, &summed, error);
    done = done && (kind->note == NULL || report_tell_note(question, kind->note, &sentence, error));
    append_sentence(&text, "note", &sentence);
    done = done && (!is_empty || report_explain_nothing(question, kind->name, &sentence, error));
    append_sentence(&text, "nothing", &sentence);
    done = done &&
           (kind->tells_silence || report_tell_silence(question, kind->name, &sentence, error));
    append_sentence(&text, "silence", &sentence);
    text_append_string(&text, "</section>\n");
    text_free(&sentence);
    return render_text(&text, out, error) && done;
}

bool page_section(const struct report_question *question, const struct report_kind *kind, FILE *out,
                  int64_t *row_count, struct error *error)
{
    struct report_question whole = *question;
    int64_t audited;
    whole.columns = NULL;
    return write_heading(kind, out, error) &&
           (kind->chart.quantity == NULL || write_charts(question, &kind->chart, out, error)) &&
           (!kind->is_audit || write_table(&whole, "audit", out, &audited, error)) &&
           write_table(question, kind->name, out, row_count, error) &&
           write_end(question, kind, *row_count == 0, out, error);
}

bool page_end(FILE *out, struct error *error)
{
    struct text text = {0};
    html_end(&text, true);
    return render_text(&text, out, error);
}
