"""A real PostgreSQL server of a test's own: in a new folder, on a free port of 127.0.0.1 alone."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
START_S = 180
HELD = []  # sockets that keep ports from others


def free_port():
    """A port that nobody else is given while this program runs: a server that reuses addresses may listen on it, again and
    again."""
    HELD.append(socket.socket())
    HELD[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    HELD[-1].bind(("127.0.0.1", 0))
    return HELD[-1].getsockname()[1]


def rows_of(path, query):
    """The names of the columns, and the rows, that a SQLite file gives."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        cursor = database.execute(query)
        return [c[0] for c in cursor.description], cursor.fetchall()


class Server:
    """PostgreSQL does not run as root: root starts it as the user `postgres`, anybody else as himself."""

    def __init__(self, settings=(), within=None):
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="posrec-pg-", dir=within))
        if os.getuid() == 0:
            shutil.chown(self.folder, self.user)
        self.port = free_port()
        self.process = None
        self.settings = settings
        self.run("initdb", "-D", self.folder / "data", "-U", "posrec", "-A", "trust", "-E", "UTF8", "--locale", "C",
                 "--no-sync")
        self.start()

    def command(self, program, *arguments):
        command = [str(PROGRAMS / program), *map(str, arguments)]
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", *command] \
            if os.getuid() == 0 else command

    def run(self, program, *arguments):
        subprocess.run(self.command(program, *arguments), check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    @property
    def conninfo(self):
        return f"host=127.0.0.1 port={self.port} dbname=postgres user=posrec"

    def start(self):
        options = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}",
                   *self.settings]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command("postgres", "-D", self.folder / "data", *[w for o in options for w in ("-c", o)]),
                stdout=log, stderr=log, cwd=self.folder)
        until = time.monotonic() + START_S
        while subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                             check=False).returncode != 0:
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """SIGINT: a fast stop; SIGQUIT: an immediate one, after which it recovers at its start."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def in_database(self, name):
        """The same server, asked in another database."""
        return Database(self.conninfo.replace("dbname=postgres", f"dbname={name}"))

    def sql(self, text):
        return Database(self.conninfo).sql(text)

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Database:
    def __init__(self, conninfo):
        self.conninfo = conninfo

    def sql(self, text):
        """The rows, each a list of texts; None for NULL."""
        answer = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-F", "\x1f", "-R", "\x1e",
                                 "-P", "null=\x1d", "-d", self.conninfo, "-c", text], check=True,
                                capture_output=True, text=True).stdout
        rows = answer.removesuffix("\n").removesuffix("\x1e")
        return [[None if v == "\x1d" else v for v in row.split("\x1f")] for row in rows.split("\x1e")] if rows else []
