#include "report/chart.h"

#include <stdlib.h>
#include <string.h>

#include "model/leg_hour.h"
#include "report/downsample.h"
#include "report/html.h"
#include "report/renderers.h"

#define BUCKETS_PER_CHART 6000 /* shared by its series */
#define BUCKETS_MIN 60
#define BUCKETS_MAX 600
#define SERIES_MAX 60
#define MARKS_MAX 2000
#define SHADED_MIN_PART 2000 /* a gap is shaded when it is at least this part of the range */

struct gap {
    int64_t from_ms, to_ms;
};

struct gaps {
    struct gap *list;
    size_t count;
    size_t capacity;
};

/* One chart in the making. */
struct chart {
    const struct database *database;
    const struct report_kind *kind;
    struct report_filter filter; /* of the one account and its range */
    struct gaps gaps;
    struct text *json;
    int buckets;
    int64_t taken; /* points in the database, and points drawn */
    int64_t kept;
    bool by_hour;    /* points are of hours */
    bool risen;      /* some value is not 0 */
    int legs;        /* there are to draw */
    int64_t changes; /* of positions, and marks drawn for them */
    int64_t marks;

    /* The series that is being written */
    struct downsample downsample;
    size_t next_gap;
    bool known; /* `last` is the series' value so far */
    double last;
    bool comma;
};

static bool add_gap(struct gaps *gaps, int64_t from_ms, int64_t to_ms)
{
    if (gaps->count == gaps->capacity) {
        size_t capacity = gaps->capacity * 2 + 64;
        struct gap *list = reallocarray(gaps->list, capacity, sizeof *list);
        if (list == NULL) {
            return false;
        }
        gaps->list = list;
        gaps->capacity = capacity;
    }
    gaps->list[gaps->count++] = (struct gap){from_ms, to_ms};
    return true;
}

static bool read_gaps(struct chart *chart, struct error *error)
{
    sqlite3_stmt *gaps =
        report_filter_prepare(chart->database, "chart_gaps", &chart->filter, error);
    enum step step = STEP_FAILED;
    bool added = true;
    while (gaps != NULL && added &&
           (step = database_step(chart->database, gaps, error)) == STEP_ROW) {
        added = add_gap(&chart->gaps, sqlite3_column_int64(gaps, 0), sqlite3_column_int64(gaps, 1));
    }
    sqlite3_finalize(gaps);
    return added ? step == STEP_DONE : error_no_memory(error);
}

static void write_point(void *context, const struct downsample_point *point)
{
    struct chart *chart = context;
    text_append_string(chart->json, chart->comma ? "," : "");
    if (point == NULL) {
        text_append_string(chart->json, "null");
    } else {
        text_printf(chart->json, "[%lld,%.9g]",
                    (long long)(point->time_ms - chart->filter.from_ms.value), point->value);
    }
    chart->comma = true;
}

static void begin_series(struct chart *chart, struct span label, bool first)
{
    text_append_string(chart->json, first ? "\n{\"label\":" : ",\n{\"label\":");
    html_append_json(chart->json, label);
    text_append_string(chart->json, ",\"points\":[");
    downsample_begin(&chart->downsample, chart->filter.from_ms.value, chart->filter.to_ms.value,
                     chart->buckets, write_point, chart);
    chart->next_gap = 0;
    chart->known = false;
    chart->comma = false;
}

static void end_series(struct chart *chart)
{
    downsample_end(&chart->downsample);
    chart->taken += chart->downsample.taken;
    chart->kept += chart->downsample.kept;
    text_append_string(chart->json, "]}");
}

/* Interrupts the series where gaps lie between its last point and `time_ms`. A value that stands
 * between changes is drawn up to the gap, and from its end. */
static void pass_gaps(struct chart *chart, int64_t time_ms, bool stands)
{
    const struct gaps *gaps = &chart->gaps;
    for (; chart->next_gap < gaps->count && gaps->list[chart->next_gap].to_ms <= time_ms;
         chart->next_gap++) {
        if (stands && chart->known) {
            downsample_add(&chart->downsample, gaps->list[chart->next_gap].from_ms, chart->last);
        }
        downsample_break(&chart->downsample);
        if (stands && chart->known && gaps->list[chart->next_gap].to_ms < time_ms) {
            downsample_add(&chart->downsample, gaps->list[chart->next_gap].to_ms, chart->last);
        }
    }
}

/* Adds the value in a column of the statement's row, NULL for a break. */
static void add_value(struct chart *chart, int64_t time_ms, sqlite3_stmt *statement, int column,
                      bool stands)
{
    pass_gaps(chart, time_ms, stands);
    if (sqlite3_column_type(statement, column) == SQLITE_NULL) {
        downsample_break(&chart->downsample);
        return;
    }
    chart->last = sqlite3_column_double(statement, column);
    chart->known = true;
    chart->risen |= chart->last < 0 || chart->last > 0;
    downsample_add(&chart->downsample, time_ms, chart->last);
}

/* Writes the series that the statement's column gives over its first column, the time. */
static bool write_values(struct chart *chart, sqlite3_stmt *statement, int column, bool stands,
                         struct error *error)
{
    enum step step;
    while ((step = database_step(chart->database, statement, error)) == STEP_ROW) {
        add_value(chart, sqlite3_column_int64(statement, 0), statement, column, stands);
    }
    if (stands && chart->known) {
        pass_gaps(chart, chart->filter.to_ms.value, true);
        downsample_add(&chart->downsample, chart->filter.to_ms.value, chart->last);
    }
    return step == STEP_DONE;
}

/* The same by the hour: the first value of one; where it is summed up its last time and value, its
 * lowest and its highest too. When in the hour those were is not known, nor to be seen. */
static bool write_hours(struct chart *chart, sqlite3_stmt *hours, struct error *error)
{
    enum step step;
    while ((step = database_step(chart->database, hours, error)) == STEP_ROW) {
        int64_t first_ms = sqlite3_column_int64(hours, 0);
        add_value(chart, first_ms, hours, 1, false);
        if (sqlite3_column_type(hours, 2) != SQLITE_NULL) {
            int64_t last_ms = sqlite3_column_int64(hours, 2);
            add_value(chart, first_ms + (last_ms - first_ms) / 3, hours, 4, false);
            add_value(chart, last_ms - (last_ms - first_ms) / 3, hours, 5, false);
            add_value(chart, last_ms, hours, 3, false);
        }
    }
    return step == STEP_DONE;
}

#define EXTREMES "first, lowest, highest and last"

/* What each chart is made of: a list of its series, each read by a statement of its own, or one
 * statement with a column for each of these labels. */
static const struct chart_kind {
    const char *quantity; /* in words */
    const char *series;   /* the report that lists the series; NULL for labels */
    const char *values;
    const char *hours; /* the same by the hour, for long ranges; NULL for none, ... */
    const char *taken; /* ... and which points of an hour these are, in words */
    const char *labels[6];
    bool is_share; /* drawn in percent */
} CHARTS[CHART_COUNT] = {
    [CHART_PNL] =
        {"unrealized PnL, USD", "chart_legs", "chart_pnl", "chart_pnl_hours", EXTREMES, {0}, false},
    [CHART_MARGIN] = {"distance to liquidation, % of the mark price",
                      "chart_legs",
                      "chart_margin",
                      "chart_margin_hours",
                      EXTREMES,
                      {0},
                      true},
    [CHART_EXPOSURE] = {"notional, USD",
                        NULL,
                        "chart_exposure",
                        NULL,
                        NULL,
                        {"long", "short", "net", "gross"},
                        false},
    [CHART_EQUITY] = {"margin balance, USD",
                      "chart_assets",
                      "chart_equity",
                      "chart_equity_hours",
                      "last",
                      {0},
                      false},
    [CHART_INCOME] = {"earned and paid since the start, USD",
                      NULL,
                      "chart_income",
                      NULL,
                      NULL,
                      {"realized", "funding", "commission", "other", "total"},
                      false},
};

static bool write_leg(struct chart *chart, sqlite3_stmt *leg, bool first, struct error *error)
{
    struct report_filter filter = chart->filter;
    filter.symbol = (const char *)sqlite3_column_text(leg, 1);
    filter.side = (const char *)sqlite3_column_text(leg, 2);
    const struct chart_kind *kind = &CHARTS[chart->kind->chart];
    begin_series(chart, column_span(leg, 0), first);
    chart->by_hour = kind->hours != NULL && chart->downsample.bucket_ms >= HOUR_MS;
    sqlite3_stmt *values = report_filter_prepare(
        chart->database, chart->by_hour ? kind->hours : kind->values, &filter, error);
    if (values == NULL) {
        return false;
    }
    bool done = chart->by_hour ? write_hours(chart, values, error)
                               : write_values(chart, values, 1, false, error);
    end_series(chart);
    sqlite3_finalize(values);
    return done;
}

static int buckets_for(int series)
{
    int buckets = BUCKETS_PER_CHART / (series > 0 ? series : 1);
    return buckets < BUCKETS_MIN ? BUCKETS_MIN : buckets > BUCKETS_MAX ? BUCKETS_MAX : buckets;
}

/* A series for each leg that was open in the range, or each asset that there was. */
static bool write_legs(struct chart *chart, struct error *error)
{
    sqlite3_stmt *legs = report_filter_prepare(chart->database, CHARTS[chart->kind->chart].series,
                                               &chart->filter, error);
    if (legs == NULL) {
        return false;
    }
    enum step step;
    while ((step = database_step(chart->database, legs, error)) == STEP_ROW) {
        chart->legs++;
    }
    chart->buckets = buckets_for(chart->legs);
    bool done = step == STEP_DONE;
    for (int i = 0; done && i < chart->legs && i < SERIES_MAX; i++) {
        done = database_step(chart->database, legs, error) == STEP_ROW &&
               write_leg(chart, legs, i == 0, error);
    }
    sqlite3_finalize(legs);
    return done;
}

static bool write_columns(struct chart *chart, struct error *error)
{
    const struct chart_kind *kind = &CHARTS[chart->kind->chart];
    int count = 0;
    while (kind->labels[count] != NULL) {
        count++;
    }
    sqlite3_stmt *values =
        report_filter_prepare(chart->database, kind->values, &chart->filter, error);
    bool done = values != NULL;
    chart->buckets = buckets_for(count);
    for (int i = 0; done && i < count; i++) {
        begin_series(chart, span_of(kind->labels[i]), i == 0);
        done = write_values(chart, values, i + 1, true, error);
        end_series(chart);
    }
    sqlite3_finalize(values);
    return done;
}

/* Marks closer together than can be told apart are one, with the first one's text. */
static bool write_marks(struct chart *chart, struct error *error)
{
    int64_t from_ms = chart->filter.from_ms.value;
    int64_t apart_ms = (chart->filter.to_ms.value - from_ms) / MARKS_MAX;
    int64_t next_ms = from_ms;
    sqlite3_stmt *marks =
        report_filter_prepare(chart->database, "chart_changes", &chart->filter, error);
    enum step step = STEP_FAILED;
    text_append_string(chart->json, "],\n\"marks\":[");
    while (marks != NULL && (step = database_step(chart->database, marks, error)) == STEP_ROW) {
        int64_t time_ms = sqlite3_column_int64(marks, 0);
        chart->changes++;
        if (time_ms >= next_ms) {
            text_printf(chart->json, "%s[%lld,", chart->marks > 0 ? ",\n" : "",
                        (long long)(time_ms - from_ms));
            html_append_json(chart->json, column_span(marks, 1));
            text_append_char(chart->json, ']');
            chart->marks++;
            next_ms = time_ms + apart_ms;
        }
    }
    sqlite3_finalize(marks);
    return step == STEP_DONE;
}

static void write_gaps(struct chart *chart)
{
    int64_t from_ms = chart->filter.from_ms.value;
    int64_t least_ms = (chart->filter.to_ms.value - from_ms) / SHADED_MIN_PART;
    bool comma = false;
    text_append_string(chart->json, "],\n\"gaps\":[");
    for (size_t i = 0; i < chart->gaps.count; i++) {
        const struct gap *gap = &chart->gaps.list[i];
        if (gap->to_ms - gap->from_ms >= least_ms) {
            text_printf(chart->json, "%s[%lld,%lld]", comma ? "," : "",
                        (long long)(gap->from_ms - from_ms), (long long)(gap->to_ms - from_ms));
            comma = true;
        }
    }
    text_append_string(chart->json, "]}");
}

static bool build(struct chart *chart, struct error *error)
{
    const struct chart_kind *kind = &CHARTS[chart->kind->chart];
    text_printf(chart->json, "{\"share\":%s,\"step\":%s,\"from\":%lld,\"to\":%lld,\"series\":[",
                kind->is_share ? "true" : "false", kind->series == NULL ? "true" : "false",
                (long long)chart->filter.from_ms.value, (long long)chart->filter.to_ms.value);
    bool done = read_gaps(chart, error) &&
                (kind->series == NULL ? write_columns(chart, error) : write_legs(chart, error));
    if (!done || !write_marks(chart, error)) {
        return false;
    }
    write_gaps(chart);
    return !chart->json->failed || error_no_memory(error);
}

/* The chart's element around its data, and what the reader must know of it. */
static void frame(struct text *page, const struct chart *chart, const char *account)
{
    text_append_string(page, "<figure class=\"chart\"><figcaption>");
    html_append_text(page, span_of(account));
    text_printf(page, ": %s", CHARTS[chart->kind->chart].quantity);
    text_append_string(page, "</figcaption>\n<script type=\"application/json\">");
    text_append(page, text_string(chart->json), chart->json->size);
    text_append_string(page, "</script></figure>\n<p class=\"note\">Drag to zoom, double-click to "
                             "go back. Gray: no good poll. Triangles: position changes.");
    if (chart->by_hour) {
        text_printf(page, " Points are each hour's %s.", CHARTS[chart->kind->chart].taken);
    }
    if (chart->kept < chart->taken) {
        text_printf(page,
                    " Drawn are %lld of %lld points: of each slice of time the first, the lowest, "
                    "the highest and the last%s.",
                    (long long)chart->kept, (long long)chart->taken,
                    chart->by_hour ? "" : ", so no peak is lost");
    }
    if (chart->legs > SERIES_MAX) {
        text_printf(page, " Drawn are the first %d of %d legs; --symbol chooses.", SERIES_MAX,
                    chart->legs);
    }
    if (chart->marks < chart->changes) {
        text_printf(page, " %lld triangles stand for %lld changes.", (long long)chart->marks,
                    (long long)chart->changes);
    }
    text_append_string(page, "</p>\n");
}

bool chart_write(const struct database *database, const struct report_kind *kind,
                 const struct report_filter *filter, const char *account, int64_t from_ms,
                 int64_t to_ms, FILE *out, bool *drawn, struct error *error)
{
    struct text json = {0}, page = {0};
    struct chart chart = {.database = database, .kind = kind, .filter = *filter, .json = &json};
    chart.filter.account = account;
    chart.filter.from_ms = maybe_of(from_ms);
    chart.filter.to_ms = maybe_of(to_ms);
    *drawn = false;
    if (from_ms > to_ms) { /* of a database that 'posrec verify' refuses */
        return true;
    }
    bool done = build(&chart, error);
    *drawn = done && chart.risen;
    if (*drawn) {
        frame(&page, &chart, account);
        done = render_flush(&page, out, error);
    }
    text_free(&json);
    text_free(&page);
    free(chart.gaps.list);
    return done;
}
