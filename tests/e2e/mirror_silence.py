#!/usr/bin/env python3
"""`posrec mirror` and a server that says nothing more, in every way there is to say nothing: a signal ends it at once, what
it says of itself never gets stale, and a connection that is lost without a word is given up for a new one.

    mirror_silence.py POSREC DATA [half-open]

What takes no packets any more (`half-open`) is found after half a minute and more, and is a test of its own.
"""
import contextlib
import ctypes
import pathlib
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time

from mirror import DATA, POSREC, mirror, posrec
from postgres import Server, rows_of

STOP_S_MAX = 25  # at once, on a machine however slow: shorter than it takes to find that a server is gone
STALE_S_MAX = 8  # the metrics are written each second; the machine may be slow
FREEZE_S = 10
LOST_S_MAX = 180  # 40
EXPECT_S = 180
BODY_SIZE = 8 << 20  # more than sockets hold
SO_ATTACH_FILTER = 26
SYN_SENT, ESTABLISHED, KEEPALIVE = 2, 1, 2


def drop_what_comes(sock):
    """A filter that lets no packet through to a socket: the other side hears nothing more, not even that it was heard."""
    program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))  # return 0
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(program)))


def wait_for(condition, what, seconds=EXPECT_S):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, what
        time.sleep(0.02)
    return found


class Listener:
    """Takes connections, and says nothing; or refuses them, or not even that."""

    def __init__(self, refuses=False, drops=False):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        if not refuses:
            self.socket.listen()
        if drops:
            drop_what_comes(self.socket)

    def close(self):
        self.socket.close()


class Proxy(Listener):
    """Between a mirror and its server. Frozen, it neither reads nor writes: what is sent is received by the kernel, and lies
    there. `freeze_at`: what of the mirror's it freezes before."""

    def __init__(self, port, freeze_at=None):
        super().__init__()
        self.server_port, self.freeze_at, self.sockets, self.ends = port, freeze_at, [], False
        self.goes, self.frozen = threading.Event(), threading.Event()
        self.goes.set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.socket.accept()[0]
                server = socket.create_connection(("127.0.0.1", self.server_port))
                self.sockets += [client, server]
                threading.Thread(target=self.pass_on, args=(client, server, self.freeze_at), daemon=True).start()
                threading.Thread(target=self.pass_on, args=(server, client, None), daemon=True).start()

    def pass_on(self, source, target, freeze_at):
        seen = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                seen = seen[-2000:] + data
                if freeze_at is not None and re.search(freeze_at, seen, re.DOTALL):
                    self.goes.clear()
                    self.frozen.set()
                self.goes.wait()
                if self.ends:
                    break
                target.sendall(data)
        for sock in (source, target):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def lose(self):
        """The connections that there are end without a word."""
        for sock in self.sockets[::2]:
            drop_what_comes(sock)

    def close(self):
        self.ends = True
        self.goes.set()
        for sock in [self.socket, *self.sockets]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


class Follower:
    """`posrec mirror` of a file of its own, with all that it says."""
    count = 0

    def __init__(self, folder, conninfo, *arguments, body_size=0):
        Follower.count += 1
        self.account = f"a{Follower.count}"  # each file has a chain of its own
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.path, self.metrics_path, self.name = self.folder / "posrec.db", self.folder / "mirror.prom", self.folder.name
        self.record("history")
        if body_size:
            with contextlib.closing(sqlite3.connect(self.path)) as database, database:
                database.execute("UPDATE payload SET zstd = zeroblob(?) WHERE payload_id = 1", [body_size])
        config = self.folder / "posrec.ini"
        config.write_text(f"[posrec]\nmirror = {conninfo}\nmirror_metrics_file = {self.metrics_path}\n")
        self.log = open(self.folder / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([POSREC, "-v", "-c", config, "-d", self.path, "mirror", "--name", self.name,
                                         *arguments],
                                        stderr=self.log)

    def record(self, name):
        lines = (DATA / f"{name}.ndjson").read_text(encoding="utf-8").replace('"account":"main"', f'"account":"{self.account}"')
        subprocess.run([POSREC, "-d", self.path, "-q", "import", "-"], input=lines, text=True, check=True)

    def last(self):
        return rows_of(self.path, "SELECT max(capture_id) FROM capture")[1][0][0]

    def said(self, event):
        text = (self.folder / "log").read_text(encoding="utf-8")
        return [line for line in text.splitlines() if f"event={event}" in line]

    def metrics(self):
        with contextlib.suppress(FileNotFoundError):
            return {name: float(value) for name, value in
                    re.findall(r"^posrec_mirror_(\w+) (\S+)$", self.metrics_path.read_text(encoding="utf-8"), re.MULTILINE)}
        return {}

    def has_mirrored_all(self):
        found = self.metrics()
        return found.get("capture_id") == self.last() and found["connected"] == 1

    def stop(self, which=signal.SIGTERM, code=0):
        """How long it takes to end, in seconds."""
        began = time.monotonic()
        self.process.send_signal(which)
        assert self.process.wait(timeout=STOP_S_MAX) == code, self.process.returncode
        return time.monotonic() - began

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Test:
    """What a test starts ends with it."""

    def __init__(self, folder, server):
        self.folder, self.server, self.things = folder, server, contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.things.close()

    def keep(self, thing):
        self.things.callback(thing.close)
        return thing

    def proxy(self, freeze_at=None):
        return self.keep(Proxy(self.server.port, freeze_at))

    def follower(self, port, *arguments, more="", **keywords):
        conninfo = self.server.conninfo.replace(f"port={self.server.port}", f"port={port}") + more
        return self.keep(Follower(self.folder, conninfo, *(arguments or ["--follow"]), **keywords))


def connections(port, state):
    """(the timer's kind, its seconds left) of the sockets that are connected, or try to be, to a port."""
    lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return [(int(line[5][:2], 16), int(line[5][3:], 16) / 100) for line in lines
            if int(line[2].split(":")[1], 16) == port and int(line[3], 16) == state]


def waits_for_lock(server):
    return int(server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'posrec' AND wait_event_type ="
                          " 'Lock'")[0][0])


def check_stops_while_connecting(test):
    for which in (signal.SIGTERM, signal.SIGINT):
        listener = test.keep(Listener())
        follower = test.follower(listener.port)
        listener.socket.settimeout(EXPECT_S)
        with contextlib.closing(listener.socket.accept()[0]):
            print(f"{which.name}: {follower.stop(which):.2f} s while connecting to a server that says nothing")
    dropping = test.keep(Listener(drops=True))
    follower = test.follower(dropping.port)
    wait_for(lambda: connections(dropping.port, SYN_SENT), "no connection is tried")
    print(f"SIGTERM: {follower.stop():.2f} s while connecting to a host that takes no packet")


def check_stops_while_frozen(test):
    """A transaction that is under way is not committed, and the next mirror goes on."""
    for what in (b"CREATE TABLE", b"SET search_path = posrec", b"LOCK TABLE recorder", b"COPY account .*STDIN",
                 b"COPY valuation .*STDIN\0.", b"COPY payload .*STDIN\0.", b"; COMMIT\0"):
        proxy = test.proxy(what)
        follower = test.follower(proxy.port, "--follow", "--with-bodies", body_size=BODY_SIZE if b"payload" in what else 0)
        assert proxy.frozen.wait(EXPECT_S), what
        print(f"SIGTERM: {follower.stop():.2f} s while the server is frozen before {what!r}")
        mirrored = test.server.sql(f"SELECT capture_id FROM posrec.recorder WHERE name = '{follower.name}'") \
            if test.server.sql("SELECT to_regclass('posrec.recorder')")[0][0] else []
        assert mirrored in ([], [["0"]]), (what, mirrored)
        proxy.close()
        assert "the mirror has the same" in mirror(follower.path, test.server, "--with-bodies", "--check", "--name",
                                                   follower.name)


def check_stops_at_a_lock(test):
    follower = test.follower(test.server.port)
    wait_for(follower.has_mirrored_all, "not mirrored")
    with subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", test.server.conninfo], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as other:
        other.stdin.write("BEGIN; LOCK TABLE posrec.capture; SELECT 1;\n")
        other.stdin.flush()
        assert other.stdout.readline() == "1\n"
        follower.record("money")
        wait_for(lambda: test.server.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'posrec' AND"
                                         " wait_event_type = 'Lock'"), "nothing waits for the lock")
        print(f"SIGTERM: {follower.stop():.2f} s while the server waits for a lock")
        other.communicate("ROLLBACK;\n")
    mirror(follower.path, test.server, "--check", "--name", follower.name)


def check_stops_once(test):
    """What does not follow ends by the signal itself."""
    for what, arguments in ((b"COPY valuation .*STDIN\0.", ["--with-bodies"]), (b"REPEATABLE READ", ["--check"]),
                            (b"REPEATABLE READ", ["--restore", test.folder / "restored.db"])):
        proxy = test.proxy(what)
        follower = test.follower(proxy.port, *arguments)
        assert proxy.frozen.wait(EXPECT_S), arguments
        print(f"SIGTERM: {follower.stop(code=-signal.SIGTERM):.2f} s of a frozen mirror {arguments[0]}")
        proxy.close()


def check_metrics(test):
    """They are written each second and say how far behind the mirror is, whether the server is frozen or away."""
    proxy = test.proxy()
    frozen, away = test.follower(proxy.port), test.follower(test.keep(Listener(refuses=True)).port)
    wait_for(frozen.has_mirrored_all, "not mirrored")
    proxy.goes.clear()
    frozen.record("money")
    waiting = frozen.last() - frozen.metrics()["capture_id"]
    wait_for(lambda: frozen.metrics()["waiting_captures"] == waiting, "what waits is not said")
    wait_for(lambda: away.metrics().get("waiting_captures") == away.last(), "what waits is not said")
    before, began = [f.metrics() for f in (frozen, away)], time.monotonic()
    stalest_s = 0
    while time.monotonic() < began + FREEZE_S:
        for follower, connected in ((frozen, 1), (away, 0)):
            stalest_s = max(stalest_s, time.time() - follower.metrics_path.stat().st_mtime)
            assert follower.metrics()["connected"] == connected
        time.sleep(0.05)
    took = time.monotonic() - began
    for follower, first in zip((frozen, away), before):
        grown = follower.metrics()["lag_seconds"] - first["lag_seconds"]
        assert abs(grown - took) < STALE_S_MAX, (grown, took)
    assert stalest_s < STALE_S_MAX, stalest_s
    assert len(away.said("mirror_failed")) > 1 and not frozen.said("mirror_failed")
    proxy.goes.set()
    wait_for(lambda: frozen.has_mirrored_all() and frozen.metrics()["waiting_captures"] == 0, "not mirrored")
    print(f"metrics: {stalest_s:.1f} s old at most while the server was frozen or away, the lag as long as that took")


def check_half_open(test):
    """Found by what is sent, by what is not heard while nothing is, and as soon as the conninfo has it."""
    proxies = [test.proxy() for _ in range(3)]
    asking, idle, own = followers = [test.follower(proxies[0].port), test.follower(proxies[1].port), test.follower(
        proxies[2].port, more=" tcp_user_timeout=2000 keepalives_idle=1 keepalives_interval=1")]
    for follower, proxy in zip(followers, proxies):
        wait_for(follower.has_mirrored_all, "not mirrored")
        wait_for(lambda p=proxy: any(kind == KEEPALIVE and seconds <= 30 for kind, seconds in connections(p.port, ESTABLISHED)),
                 "no connection is kept alive")
        proxy.lose()
    asking.record("money")
    began, lost, stalest_s = time.monotonic(), {}, 0
    while len(lost) < len(followers):
        for follower in followers:
            stalest_s = max(stalest_s, time.time() - follower.metrics_path.stat().st_mtime)
            if follower.said("mirror_failed"):
                lost.setdefault(follower, time.monotonic() - began)
        assert time.monotonic() < began + LOST_S_MAX, lost
        time.sleep(0.05)
    idle.record("money")
    for follower in followers:
        wait_for(follower.has_mirrored_all, "not mirrored")
        assert len(follower.said("mirror_follows")) == 2, follower.said("mirror_follows")
        follower.stop()
        mirror(follower.path, test.server, "--check", "--name", follower.name)
    assert lost[own] < min(lost[asking], lost[idle]) and stalest_s < STALE_S_MAX, (lost, stalest_s)
    print(f"half open: lost after {lost[asking]:.0f} s when something is asked, {lost[idle]:.0f} s when nothing is,"
          f" {lost[own]:.0f} s as the conninfo has it; metrics {stalest_s:.1f} s old at most; all is there after it")


def check_next_host(test):
    """Of a list the host is found that answers, whether the others take connections or not."""
    silent, dropping, refusing = [test.keep(Listener(**how)) for how in ({}, {"drops": True}, {"refuses": True})]
    ports = [dropping.port, silent.port, refusing.port, test.server.port]
    conninfo = test.server.conninfo.replace("host=127.0.0.1", "host=" + ",".join(["127.0.0.1"] * len(ports))).replace(
        f"port={test.server.port}", "port=" + ",".join(map(str, ports)))
    path = test.folder / "hosts.db"
    posrec(path, "-q", "import", DATA / "money.ndjson")
    posrec(path, "mirror", "--to", conninfo + " connect_timeout=3", "--check")
    said = posrec(path, "mirror", "--to", f"host=127.0.0.1 port={silent.port} connect_timeout=3", code=1)[1]
    assert "cannot connect: no answer within 3000 ms" in said, said
    print("the host that answers is found")


def main():
    checks = (check_half_open,) if "half-open" in sys.argv[3:] else (
        check_stops_while_connecting, check_stops_while_frozen, check_stops_at_a_lock, check_stops_once, check_metrics,
        check_next_host)
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as name:
            for check in checks:
                with Test(pathlib.Path(name), server) as test:
                    check(test)
    finally:
        server.close()


if __name__ == "__main__":
    main()
