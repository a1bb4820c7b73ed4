#!/usr/bin/python3
"""A real Prometheus and a real node_exporter watch a recorder: every query of the dashboard is answered, the alerts are
sound, and a crash of the simulated market fires the one of liquidation. Datasette's queries are run on what was recorded,
and the references between tables, which its pages stand on, looked at.

    monitoring.py BUILD SOURCE
"""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

from postgres import free_port

WAIT_S = 180
CONFIG = """
[posrec]
database = posrec.db
interval = 500ms
account_interval = 1s
metrics_file = posrec.prom
verify_metrics_file = posrec-verify.prom

[account main]
base_url = http://127.0.0.1:{port}
stream_url = ws://127.0.0.1:{port}
api_key_file = main.key
secret_file = main.secret
"""
PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{source}/examples/alerts.yml]
scrape_configs:
  - job_name: node
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


def wait_for(what, ask):
    """The first answer that is not empty."""
    deadline = time.monotonic() + WAIT_S
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


class Watched:
    """A folder with a simulated exchange, a recorder, node_exporter and Prometheus."""

    def __init__(self, folder, build, source):
        self.folder, self.build, self.source = folder, build, source
        self.processes = []
        (folder / "textfile").mkdir()
        for name in ("posrec.prom", "posrec-verify.prom"):  # links, as docs/monitoring.md has them
            (folder / "textfile" / name).symlink_to(folder / name)
            os.utime(folder / "textfile" / name, (0, 0), follow_symlinks=False)
        for name, text in (("accounts", "main hedge a-key a-secret\n"), ("main.key", "a-key"), ("main.secret", "a-secret")):
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(text)
        self.start("sim", build / "dapi-sim", "--accounts", "accounts", "--port-file", "port", "--no-trades")
        self.sim_port = wait_for("the exchange", lambda: self.text("port")).strip()
        (folder / "posrec.ini").write_text(CONFIG.format(port=self.sim_port))
        self.start("posrec", build / "posrec", "run")
        exporter_port, self.port = free_port(), free_port()
        self.start("exporter", "prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{exporter_port}",
                   "--collector.disable-defaults", "--collector.textfile", "--collector.textfile.directory=textfile")
        (folder / "prometheus.yml").write_text(PROMETHEUS.format(source=source, port=exporter_port))
        self.start("prometheus", "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
                   f"--web.listen-address=127.0.0.1:{self.port}")

    def start(self, name, *command):
        with open(self.folder / f"{name}.log", "w", encoding="utf-8") as log:
            self.processes.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log))

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()

    def text(self, name):
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def posrec(self, *words):
        subprocess.run([self.build / "posrec", "-q", *words], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def sim(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.sim_port}/sim/{path}") as answer:
            assert answer.status == 200

    def api(self, path, **parameters):
        """Prometheus' answer; empty while it is not up yet."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?"
                                        f"{urllib.parse.urlencode(parameters)}") as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error
        except urllib.error.URLError:
            return {}

    def query(self, expression):
        return self.api("query", query=expression).get("result", [])

    def firing(self, name):
        return [a["labels"] for a in self.api("alerts").get("alerts", [])
                if a["labels"]["alertname"] == name and a["state"] == "firing"]

    def ask(self, query, parameters=()):
        database = sqlite3.connect(f"file:{self.folder / 'posrec.db'}?mode=ro", uri=True)
        try:
            return database.execute(query, parameters).fetchall()
        finally:
            database.close()


def check_files(watched):
    """What Prometheus' own tool says of the metrics and the rules."""
    watched.posrec("verify")
    for name in ("posrec.prom", "posrec-verify.prom"):
        subprocess.run(["promtool", "check", "metrics"], input=watched.text(name), text=True, check=True)
    subprocess.run(["promtool", "check", "rules", watched.source / "examples/alerts.yml"], check=True)
    subprocess.run(["promtool", "test", "rules", watched.source / "tests/data/alerts_test.yml"], check=True)


def check_distance(watched):
    """Prometheus knows each open leg's distance to liquidation."""
    open_legs = set(watched.ask("SELECT symbol, position_side FROM position_now WHERE position_amount <> 0"))
    assert len(open_legs) == 8, open_legs

    def distances():
        found = watched.query("posrec_liquidation_distance_ratio")
        return found if len(found) == len(open_legs) else None
    found = wait_for("the distances", distances)
    assert {(r["metric"]["symbol"], r["metric"]["position_side"]) for r in found} == open_legs
    age = watched.query('time() - node_textfile_mtime_seconds{file=~".*/posrec.prom"}')
    assert -1 < float(age[0]["value"][1]) < 180, age  # of the file, not of the link
    assert all(0 < float(r["value"][1]) < 1 and r["metric"]["account"] == "main" for r in found), found


def check_dashboard(watched):
    """Each query of the dashboard gives something, and each of its variables."""
    dashboard = json.loads((watched.source / "examples/grafana.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) >= 18 and len(expressions) == len(set(expressions))
    for expression in expressions:
        wait_for(expression, lambda e=expression: watched.query(e.replace("$account", ".*")))
        assert "$account" not in expression or watched.query(expression.replace("$account", "main"))
        assert "$account" not in expression or not watched.query(expression.replace("$account", "nobody"))
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
    accounts = next(v for v in dashboard["templating"]["list"] if v["name"] == "account")["query"]["query"]
    metric = accounts.removeprefix("label_values(").removesuffix(", account)")
    assert watched.api("label/account/values", **{"match[]": metric}) == ["main"]
    equity = watched.query(expressions[0].replace("$account", ".*"))
    assert float(equity[0]["value"][1]) > 100000, equity  # ten coins of each asset, BTC among them


def check_crash(watched):
    """The alert fires for the leg that is near, and for no other."""
    assert watched.firing("PosrecNearLiquidation") == []
    watched.sim("move?account=main&symbol=BTCUSD_PERP&share=-0.035")
    fired = wait_for("the alert", lambda: watched.firing("PosrecNearLiquidation"))
    assert [(f["account"], f["symbol"], f["position_side"], f["severity"]) for f in fired] == [
        ("main", "BTCUSD_PERP", "LONG", "critical")], fired
    watched.sim("move?account=main&symbol=BTCUSD_PERP&share=0.035")
    wait_for("its end", lambda: not watched.firing("PosrecNearLiquidation"))


def check_datasette(watched):
    """Each of its queries has rows when nothing is asked for, the newest first, and of what is asked for alone. Each
    reference of a table names a column that is there: Datasette shows no page of a table with one that does not."""
    for amount in (-5, 5):
        watched.sim(f"trade?account=main&symbol=BTCUSD_PERP&side=SHORT&amount={amount}")
    wait_for("what the stream tells", lambda: watched.ask("SELECT 1 FROM position_timeline WHERE source = 'stream'"))
    page = yaml.safe_load((watched.source / "examples/datasette.yaml").read_text())
    given = {"account": "main", "symbol": "BTCUSD_PERP", "position_side": "LONG", "since": "2026-01-01"}
    for name, query in page["databases"]["posrec"]["queries"].items():
        words = query.get("params", [])
        rows = watched.ask(query["sql"], dict.fromkeys(words, ""))
        assert rows or name == "not_recorded", name
        if not words:
            continue
        times = [row[0] for row in rows]
        assert times == sorted(times, reverse=True), (name, times)
        asked = watched.ask(query["sql"], {word: given[word] for word in words})
        assert asked and len(asked) < len(rows) if "symbol" in words else len(asked) >= len(rows), name
        assert not watched.ask(query["sql"], {**dict.fromkeys(words, ""), "account": "nobody"}), name
        assert not watched.ask(query["sql"], {**dict.fromkeys(words, ""), "since": "2100-01-01"}), name
    references = watched.ask("SELECT t.name, f.id, f.\"table\", f.\"to\" FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f"
                             " WHERE t.type = 'table'")
    ids = [reference[:2] for reference in references]
    single = [reference for reference in references if ids.count(reference[:2]) == 1]  # it steps over those of more columns
    assert len(single) > 20
    for table, _, target, column in single:
        assert watched.ask("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (target, column)), (table, target, column)


def main():
    build, source = (pathlib.Path(word).resolve() for word in sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="posrec-monitoring-") as folder:
        watched = Watched(pathlib.Path(folder), build, source)
        try:
            wait_for("figures", lambda: "posrec_wallet_balance{" in watched.text("posrec.prom"))
            for check in (check_files, check_distance, check_dashboard, check_crash, check_datasette):
                check(watched)
                print(f"{check.__name__}: holds", flush=True)
        except BaseException:
            for name in ("sim", "posrec", "exporter", "prometheus"):
                print(f"== the end of {name}.log\n" + watched.text(f"{name}.log")[-2000:])
            raise
        finally:
            watched.stop()


main()
