# The service's figures for Prometheus.

load run_helper

# start_metrics [LINE...]: a service that writes posrec.prom, with more lines for its account.
start_metrics() {
    run_config 200ms "$@"
    sed -i 's|^database = .*|&\nmetrics_file = posrec.prom|' posrec.ini
    start_run
}

@test "the metrics file is Prometheus text that its own parser reads" {
    start_sim
    sim 'fault?kind=status&status=500' > /dev/null
    start_metrics
    counted() { grep -qE '^posrec_captures_total.account="main",endpoint="positionRisk",outcome="ok". ([4-9]|[1-9][0-9])' posrec.prom; }
    wait_for counted
    stop_run
    /usr/bin/python3 - <<'PYTHON'
from prometheus_client.parser import text_string_to_metric_families
families = {family.name: family for family in text_string_to_metric_families(open("posrec.prom").read())}
value = lambda name, **labels: [s.value for s in families[name].samples if labels.items() <= s.labels.items()]
assert value("posrec_captures", account="main", endpoint="positionRisk", outcome="ok")[0] >= 3, families["posrec_captures"]
assert value("posrec_captures", account="main", endpoint="positionRisk", outcome="server_error") == [1]
assert 0 <= value("posrec_last_good_poll_age_seconds", account="main")[0] < 180
assert 0 <= value("posrec_known_silence_seconds", account="main", kind="polls")[0] < 180
assert families["posrec_request_duration_seconds"].type == "histogram"
buckets = [s.value for s in families["posrec_request_duration_seconds"].samples if s.name.endswith("_bucket")]
assert buckets == sorted(buckets) and buckets[-1] >= 4
assert value("posrec_weight_limit") == [2400]
assert value("posrec_database_bytes")[0] > 0
assert value("posrec_received_bytes", account="main")[0] > 80000
assert "posrec_commit_duration_seconds" in families
PYTHON
}

@test "polls that an import has pushed into the future are older than any alert allows" {
    printf '{"received_ms":%s,"body":"[]"}\n' $(($(date +%s%3N) + 43200000)) | posrec -q -d posrec.db import -
    start_sim
    start_metrics
    has_age() { grep '^posrec_last_good_poll_age_seconds' posrec.prom 2> /dev/null; }
    wait_for has_age
    assert_equal "$(has_age)" 'posrec_last_good_poll_age_seconds{account="main"} +Inf'
    stop_run
    promtool check metrics < posrec.prom
    /usr/bin/python3 - <<'PYTHON'
from prometheus_client.parser import text_string_to_metric_families
families = {family.name: family for family in text_string_to_metric_families(open("posrec.prom").read())}
assert families["posrec_last_good_poll_age_seconds"].samples[0].value > 1e300
PYTHON
}

@test "wallets and open legs are metrics, as the views have them" {
    start_sim --no-trades
    start_metrics "record = positions, account" "account_interval = 200ms"
    has_wallets() { grep -q '^posrec_wallet_balance{' posrec.prom && good_polls 3; }
    wait_for has_wallets
    stop_run
    promtool check metrics < posrec.prom
    /usr/bin/python3 - <<'PYTHON'
import sqlite3
from prometheus_client.parser import text_string_to_metric_families
samples = {}
for family in text_string_to_metric_families(open("posrec.prom").read()):
    for sample in family.samples:
        samples.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
posrec = sqlite3.connect("posrec.db")

# The file is at most a second older than the last rows: what moves by the market is looked for in all of them.
def check(metric, query):
    seen = {}
    for *labels, value in posrec.execute(query):
        seen.setdefault(tuple(labels), set()).add(round(value, 8) if value is not None else None)
    found = samples["posrec_" + metric]
    assert found and found.keys() <= seen.keys(), (metric, found.keys() ^ seen.keys())
    for labels, value in found.items():
        assert round(value, 8) in seen[labels], (metric, labels, value, sorted(seen[labels]))
    return set(found)

leg = "SELECT account, symbol, position_side, {} FROM {} WHERE position_amount <> 0"
legs = check("position_amount_contracts", leg.format("position_amount", "pnl_history"))
assert legs == set(posrec.execute("SELECT account, symbol, position_side FROM position_now WHERE position_amount <> 0"))
check("mark_price_usd", leg.format("mark_price", "pnl_history"))
check("unrealized_pnl_usd", leg.format("unrealized_pnl_usd", "pnl_history"))
check("liquidation_distance_ratio",
      "SELECT account, symbol, position_side, liquidation_distance FROM margin_history WHERE notional_value <> 0")
check("position_notional_usd", """
    SELECT account, symbol, position_side, position_amount * contract_size_e8 / 1e8
      FROM position_now JOIN contract USING (symbol)""")
wallet = "SELECT account, asset, {} FROM equity_history"
check("wallet_balance", wallet.format("wallet_balance"))
check("margin_balance", wallet.format("margin_balance"))
check("margin_ratio", wallet.format("margin_ratio"))
check("asset_price_usd", "SELECT DISTINCT account, margin_asset, mark_price FROM pnl_history")
assert samples["posrec_omitted_positions"] == {(): 0}
PYTHON
}

@test "names of the exchange's cannot break the metrics, and only what is nearest to liquidation is in them" {
    python3 - <<'PYTHON'
import json
def name(i, suffix):
    return f'A"B\\C\nD{suffix}' if i == 599 else f"C{i}{suffix}"
json.dump([{"symbol": name(i, "USD_PERP"), "positionAmt": "1", "entryPrice": "100", "markPrice": "100",
    "unRealizedProfit": "0", "liquidationPrice": str(i / 10), "leverage": "10", "positionSide": "BOTH",
    "updateTime": 1700000000000} for i in range(600)], open("many.json", "w"))
json.dump({"assets": [{"asset": name(i, ""), "walletBalance": "1000", "marginBalance": "1000", "maintMargin": str(i),
    "updateTime": 0} for i in range(600)], "positions": []}, open("wallets.json", "w"))
PYTHON
    start_sim
    serve many.json "count=100000"
    serve wallets.json "count=100000&endpoint=account"
    start_metrics "record = positions, account"
    has_many() { grep -qx 'posrec_omitted_positions 100' posrec.prom && grep -qx 'posrec_omitted_wallets 100' posrec.prom; }
    wait_for has_many
    touch -d '1 hour ago' posrec.prom
    written_again() { [ posrec.prom -nt posrec.ini ]; }
    wait_for written_again
    stop_run
    assert_equal "$(grep -c 'event=metrics_omit_positions count=600 limit=500' run.log)" 1
    assert_equal "$(grep -c 'event=metrics_omit_wallets count=600 limit=500' run.log)" 1
    promtool check metrics < posrec.prom
    /usr/bin/python3 - <<'PYTHON'
from prometheus_client.parser import text_string_to_metric_families
families = {family.name: family for family in text_string_to_metric_families(open("posrec.prom").read())}
def check(metric, label, suffix, value):
    found = {sample.labels[label]: sample.value for sample in families[metric].samples}
    expected = {f'A"B\\C\nD{suffix}' if i == 599 else f"C{i}{suffix}": value(i) for i in range(100, 600)}
    assert found == expected, (metric, set(found.items()) ^ set(expected.items()))
check("posrec_liquidation_distance_ratio", "symbol", "USD_PERP", lambda i: round((100 - i / 10) / 100, 8))
check("posrec_margin_ratio", "asset", "", lambda i: i / 1000)
PYTHON
}
