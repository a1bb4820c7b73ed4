#include "service/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "host/file_replace.h"

static const int64_t BOUNDS_MS[METRICS_BUCKETS] = {1,   2,   5,   10,   20,   50,
                                                   100, 200, 500, 1000, 5000, 10000};

void histogram_add(struct histogram *histogram, int64_t ms)
{
    size_t bucket = 0;
    while (bucket < METRICS_BUCKETS && ms > BOUNDS_MS[bucket]) {
        bucket++;
    }
    histogram->counts[bucket]++;
    histogram->sum_ms += ms;
}

static void append_head(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP posrec_%s %s\n# TYPE posrec_%s %s\n", name, help, name, type);
}

static void append_gauge(struct text *out, const char *name, const char *type, const char *help,
                         int64_t value)
{
    append_head(out, name, type, help);
    text_printf(out, "posrec_%s %lld\n", name, (long long)value);
}

/* Seconds; CAPTURE_NO_AGE is older than any limit. */
static void append_age(struct text *out, int64_t age_ms)
{
    if (age_ms == CAPTURE_NO_AGE) {
        text_append_string(out, "+Inf\n");
    } else {
        text_printf(out, "%.3f\n", (double)age_ms / 1000);
    }
}

static void append_seconds(struct text *out, const char *name, const char *help, int64_t ms)
{
    append_head(out, name, "gauge", help);
    text_printf(out, "posrec_%s ", name);
    append_age(out, ms);
}

/* `account` is "" for none. Names are checked when they are configured and need no escaping. */
static void append_histogram(struct text *out, const char *name, const char *account,
                             const struct histogram *histogram)
{
    char label[96] = "", only[96] = "";
    int64_t count = 0;
    if (account[0] != '\0') {
        snprintf(label, sizeof label, "account=\"%s\",", account);
        snprintf(only, sizeof only, "{account=\"%s\"}", account);
    }
    for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
        count += histogram->counts[i];
        char bound[32] = "+Inf";
        if (i < METRICS_BUCKETS) {
            snprintf(bound, sizeof bound, "%g", (double)BOUNDS_MS[i] / 1000);
        }
        text_printf(out, "posrec_%s_bucket{%sle=\"%s\"} %lld\n", name, label, bound,
                    (long long)count);
    }
    text_printf(out, "posrec_%s_sum%s %g\nposrec_%s_count%s %lld\n", name, only,
                (double)histogram->sum_ms / 1000, name, only, (long long)count);
}

/* Every outcome of the polls; of other endpoints those that there were. */
static void append_captures(struct text *out, const struct account_metrics *account)
{
    for (int endpoint = 0; endpoint < ENDPOINT_COUNT; endpoint++) {
        for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
            int64_t count = account->captures[endpoint][outcome];
            if (count > 0 || endpoint == ENDPOINT_POSITION_RISK) {
                text_printf(out,
                            "posrec_captures_total{account=\"%s\",endpoint=\"%s\",outcome=\"%s\"} "
                            "%lld\n",
                            account->name, endpoint_name((enum endpoint)endpoint),
                            outcome_name((enum outcome)outcome), (long long)count);
            }
        }
    }
}

static void append_accounts(struct text *out, const struct metrics *metrics)
{
    append_head(out, "captures_total", "counter", "Captures recorded, by what became of them.");
    for (size_t i = 0; i < metrics->account_count; i++) {
        append_captures(out, metrics->accounts[i]);
    }
    append_head(out, "last_good_poll_age_seconds", "gauge",
                "Since the last good poll; +Inf when it lies in the future.");
    for (size_t i = 0; i < metrics->account_count; i++) {
        const struct account_metrics *account = metrics->accounts[i];
        if (account->last_good_ms > 0) {
            text_printf(out, "posrec_last_good_poll_age_seconds{account=\"%s\"} ", account->name);
            append_age(out, capture_age_ms(account->last_good_ms, metrics->now_ms));
        }
    }
    append_head(out, "stream_up", "gauge", "Whether the user data stream's messages come.");
    for (size_t i = 0; i < metrics->account_count; i++) {
        if (metrics->accounts[i]->has_stream) {
            text_printf(out, "posrec_stream_up{account=\"%s\"} %d\n", metrics->accounts[i]->name,
                        metrics->accounts[i]->stream_is_up);
        }
    }
    append_head(out, "skipped_ticks_total", "counter", "Ticks of the schedule without a poll.");
    for (size_t i = 0; i < metrics->account_count; i++) {
        text_printf(out, "posrec_skipped_ticks_total{account=\"%s\"} %lld\n",
                    metrics->accounts[i]->name, (long long)metrics->accounts[i]->skipped_ticks);
    }
    append_head(out, "received_bytes_total", "counter", "Bytes of the answers' bodies.");
    for (size_t i = 0; i < metrics->account_count; i++) {
        text_printf(out, "posrec_received_bytes_total{account=\"%s\"} %lld\n",
                    metrics->accounts[i]->name, (long long)metrics->accounts[i]->received_bytes);
    }
    append_head(out, "request_duration_seconds", "histogram", "From sending to the whole answer.");
    for (size_t i = 0; i < metrics->account_count; i++) {
        append_histogram(out, "request_duration_seconds", metrics->accounts[i]->name,
                         &metrics->accounts[i]->latency);
    }
}

/* A label of a name that the exchange gives. */
static void append_label(struct text *out, const char *name, struct span value)
{
    text_printf(out, "%s=\"", name);
    for (size_t i = 0; i < value.size; i++) {
        switch (value.data[i]) {
        case '\n':
            text_append_string(out, "\\n");
            break;
        case '"':
        case '\\':
            text_append_char(out, '\\');
            __attribute__((fallthrough));
        default:
            text_append_char(out, value.data[i]);
        }
    }
    text_append_char(out, '"');
}

struct gauge {
    const char *name;
    const char *help;
};

static const struct gauge WALLET_GAUGES[WALLET_FIGURE_COUNT] = {
    [WALLET_BALANCE] = {"wallet_balance", "An asset's wallet, in the asset."},
    [WALLET_MARGIN_BALANCE] = {"margin_balance", "Wallet and unrealized PnL, in the asset."},
    [WALLET_MARGIN_RATIO] = {"margin_ratio",
                             "Maintenance margin / margin balance: liquidation is at 1."},
    [WALLET_PRICE] = {"asset_price_usd", "Mark price of an asset, or its index."},
};

static const struct gauge LEG_GAUGES[OPEN_LEG_FIGURE_COUNT] = {
    [OPEN_LEG_AMOUNT] = {"position_amount_contracts", "Open contracts, short ones negative."},
    [OPEN_LEG_NOTIONAL_USD] = {"position_notional_usd", "What the contracts stand for, signed."},
    [OPEN_LEG_PNL_USD] = {"unrealized_pnl_usd", "Unrealized PnL at the mark price."},
    [OPEN_LEG_MARK_PRICE] = {"mark_price_usd", "Mark price of the contract, in its quote asset."},
    [OPEN_LEG_LIQUIDATION_DISTANCE] =
        {"liquidation_distance_ratio",
         "Part of the mark price still to go to the liquidation price."},
};

/* Those that are called for most come first, ... */
static int compare_wallets(const void *a, const void *b)
{
    int64_t left = ((const struct standing_row *)a)->figures[WALLET_MARGIN_RATIO].value;
    int64_t right = ((const struct standing_row *)b)->figures[WALLET_MARGIN_RATIO].value;
    return (right > left) - (right < left);
}

/* ... and those without a liquidation price last. */
static int compare_legs(const void *a, const void *b)
{
    const struct standing_row *one = a, *other = b;
    struct maybe_int left = one->figures[OPEN_LEG_LIQUIDATION_DISTANCE];
    struct maybe_int right = other->figures[OPEN_LEG_LIQUIDATION_DISTANCE];
    return left.known != right.known ? right.known - left.known
                                     : (left.value > right.value) - (left.value < right.value);
}

/* What is told of each row of a list. */
struct kind {
    const struct gauge *gauges;
    int gauge_count;
    const char *name_label;
    const char *side_label;                       /* NULL for none */
    int (*compare)(const void *a, const void *b); /* those nearest to liquidation first */
    struct gauge omitted;
};

static const struct kind WALLETS = {
    WALLET_GAUGES,   WALLET_FIGURE_COUNT,
    "asset",         NULL,
    compare_wallets, {"omitted_wallets", "Wallets over the limit, of which no figures are here."},
};
static const struct kind LEGS = {
    LEG_GAUGES,
    OPEN_LEG_FIGURE_COUNT,
    "symbol",
    "position_side",
    compare_legs,
    {"omitted_positions", "Open positions over the limit, of which no figures are here."},
};

static void append_row(struct text *out, const struct kind *kind, const struct standing_row *row,
                       int figure)
{
    char decimal[DECIMAL_TEXT_SIZE];
    text_printf(out, "posrec_%s{", kind->gauges[figure].name);
    append_label(out, "account", row->account);
    text_append_char(out, ',');
    append_label(out, kind->name_label, row->name);
    if (kind->side_label != NULL) {
        text_append_char(out, ',');
        append_label(out, kind->side_label, row->side);
    }
    decimal_format_e8(row->figures[figure].value, decimal);
    text_printf(out, "} %s\n", decimal);
}

static void append_list(struct text *out, const struct kind *kind, struct standing_list *list)
{
    size_t count = list->count;
    if (count > METRICS_ROWS_MAX) {
        qsort(list->rows, count, sizeof *list->rows, kind->compare);
        count = METRICS_ROWS_MAX;
    }
    for (int figure = 0; figure < kind->gauge_count; figure++) {
        append_head(out, kind->gauges[figure].name, "gauge", kind->gauges[figure].help);
        for (size_t i = 0; i < count; i++) {
            if (list->rows[i].figures[figure].known) {
                append_row(out, kind, &list->rows[i], figure);
            }
        }
    }
    append_gauge(out, kind->omitted.name, "gauge", kind->omitted.help,
                 (int64_t)(list->count - count));
}

static void append_known(struct text *out, const struct metrics *metrics)
{
    const struct standing *standing = metrics->standing;
    append_head(out, "known_silence_seconds", "gauge",
                "Since the last moment of which the record can speak.");
    for (size_t i = 0; i < standing->known_count; i++) {
        for (int kind = 0; kind < KNOWN_KIND_COUNT; kind++) {
            struct maybe_int last_ms = standing->known[i].last_ms[kind];
            if (last_ms.known) {
                text_append_string(out, "posrec_known_silence_seconds{");
                append_label(out, "account", standing->known[i].account);
                text_printf(out, ",kind=\"%s\"} ", known_kind_name((enum known_kind)kind));
                append_age(out, last_ms.value == INT64_MAX
                                    ? 0
                                    : capture_age_ms(last_ms.value, metrics->now_ms));
            }
        }
    }
}

static void append_all(struct text *out, const struct metrics *metrics)
{
    append_accounts(out, metrics);
    append_known(out, metrics);
    append_list(out, &WALLETS, &metrics->standing->wallets);
    append_list(out, &LEGS, &metrics->standing->legs);
    append_head(out, "commit_duration_seconds", "histogram", "Writing captures to the database.");
    append_histogram(out, "commit_duration_seconds", "", &metrics->commit);
    append_gauge(out, "used_weight", "gauge", "Request weight used in the current minute.",
                 metrics->used_weight);
    append_gauge(out, "weight_limit", "gauge", "Request weight the exchange allows a minute.",
                 metrics->weight_limit);
    append_gauge(out, "waiting_captures", "gauge", "Captures that wait to be written.",
                 metrics->waiting);
    append_gauge(out, "dropped_captures_total", "counter",
                 "Captures lost because too many waited for the disk.", metrics->dropped);
    append_gauge(out, "database_bytes", "gauge", "Size of the database and its write-ahead log.",
                 metrics->database_bytes);
    append_gauge(out, "disk_available_bytes", "gauge", "What is left on the database's disk.",
                 metrics->disk_bytes);
}

bool metrics_write(const struct metrics *metrics, const char *path, struct error *error)
{
    struct text content = {0};
    append_all(&content, metrics);
    return file_replace(path, &content, error);
}

bool metrics_write_mirror(const struct mirror_metrics *metrics, const char *path,
                          struct error *error)
{
    struct text content = {0};
    append_gauge(&content, "mirror_connected", "gauge", "Whether the mirror's server answers.",
                 metrics->connected);
    append_gauge(&content, "mirror_capture_id", "gauge", "The last capture that is mirrored.",
                 metrics->capture_id);
    append_gauge(&content, "mirror_waiting_captures", "gauge", "Captures that wait to be mirrored.",
                 metrics->captures);
    append_seconds(&content, "mirror_lag_seconds",
                   "How long the first capture that is not mirrored has waited; +Inf when it lies "
                   "in the future.",
                   metrics->lag_ms);
    return file_replace(path, &content, error);
}

bool metrics_write_verify(const struct verify_metrics *metrics, const char *path,
                          struct error *error)
{
    struct text content = {0};
    append_gauge(&content, "verify_ok", "gauge", "Whether the last verify found all sound.",
                 metrics->sound);
    append_gauge(&content, "verify_captures", "gauge", "Captures that it proved.",
                 metrics->captures);
    append_seconds(&content, "verify_timestamp_seconds", "When it ended, since 1970 UTC.",
                   metrics->ended_ms);
    append_seconds(&content, "verify_duration_seconds", "How long it took.", metrics->took_ms);
    return file_replace(path, &content, error);
}
