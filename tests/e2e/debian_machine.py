#!/usr/bin/env python3
"""The packages on a fresh Debian 12: debootstrap makes one in a folder, its systemd is started in namespaces of its
own. There 0.2.0 (where the history of git has it) is upgraded by apt from a repository, and the packages are installed,
used, removed and purged.

    debian_machine.py SOURCE

Needs root, and what apt reaches.
"""
import functools
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

WAIT_S = 180
BOOT = r"""
set -e
mount --bind "$1" "$1"
cd "$1"
mkdir -p old
mount -t tmpfs tmpfs run
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs dev
for node in null zero full random urandom tty; do
    touch dev/$node
    mount --bind /dev/$node dev/$node
done
mkdir dev/pts dev/shm
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=0666
ln -s pts/ptmx dev/ptmx
pivot_root . old
umount -l /old
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=0
"""


def bootstrap(folder, suite, *packages):
    """A fresh Debian in a folder, from where this machine has its own packages from."""
    site = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages", "Codename: bookworm"],
                          check=True, capture_output=True, text=True).stdout.split()[0]
    subprocess.run(["debootstrap", "--variant=minbase", "--include=" + ",".join(["ca-certificates", *packages]), suite,
                    folder, site], check=True, stdout=subprocess.DEVNULL)
    os.chmod(folder, 0o755)  # it is its /


class Machine:
    """A Debian 12 whose systemd runs beside this machine's own, on the same network."""

    def __init__(self, folder):
        self.folder = folder
        bootstrap(folder, "bookworm", "systemd", "man-db")
        self.outer = subprocess.Popen(["unshare", "--cgroup", "--mount", "--pid", "--ipc", "--fork", "--kill-child",
                                       "--propagation", "private", "bash", "-c", BOOT, "boot", folder])
        deadline = time.monotonic() + WAIT_S
        while self.ask("systemctl is-system-running", check=False) not in ("running", "degraded"):
            assert time.monotonic() < deadline and self.outer.poll() is None, "systemd did not start"
            time.sleep(0.2)

    def init(self):
        """The number of the machine's first process."""
        children = pathlib.Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text().split()
        return children[0] if children else None

    def run(self, command, check=True):
        """Runs a command in the machine; gives its exit code and what it said."""
        init = self.init()
        if init is None:
            return 1, ""
        words = ["nsenter", "--target", init, "--mount", "--pid", "--ipc", "--cgroup", "env", "-i", "HOME=/root",
                 "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
                 "bash", "-c", f"cd /root && {command}"]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}"
        return done.returncode, done.stdout.strip()

    def ask(self, command, check=True):
        return self.run(command, check)[1]

    def wait_for(self, command):
        deadline = time.monotonic() + WAIT_S
        while self.run(command, check=False)[0] != 0:
            assert time.monotonic() < deadline, f"waited in vain for: {command}\n{self.ask('journalctl -n 50 --no-pager')}"
            time.sleep(0.2)

    def stop(self):
        init = self.init() if self.outer.poll() is None else None
        self.outer.kill()  # and the machine with it
        self.outer.wait()
        while init is not None and pathlib.Path(f"/proc/{init}").exists():
            time.sleep(0.05)


def older_packages(source, folder):
    """Builds 0.2.0's packages of its last commit; false where there is no history."""
    git = ["git", "-C", str(source)]
    found = subprocess.run([*git, "log", "-1", "--format=%H", "-S", "VERSION 0.2.0 LANGUAGES", "--", "CMakeLists.txt"],
                           capture_output=True, text=True, check=False).stdout.strip()
    if not found:
        return False
    tree = folder / "older"
    tree.mkdir()
    archive = subprocess.run([*git, "archive", f"{found}^"], check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
    subprocess.run([tree / "scripts/package", folder / "root/root/older"], check=True, capture_output=True)
    return True


def serve_repository(machine, source, folder):
    """Signs a repository with a key made up for it, serves it over loopback, and has the machine's apt know it."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    gpg = dict(os.environ, GNUPGHOME=str(keys))
    subprocess.run(["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "test@posrec.invalid", "ed25519",
                    "sign", "1d"], check=True, env=gpg, stderr=subprocess.DEVNULL)
    repository = folder / "repository"
    subprocess.run([source / "scripts/apt-repository", repository, "--key", "test@posrec.invalid",
                    *(folder / "root/root").glob("*.deb")], check=True, env=gpg, stdout=subprocess.DEVNULL)
    subprocess.run(["gpgconf", "--kill", "all"], check=True, env=gpg)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(repository))
    handler.func.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    machine.ask("mkdir -p /etc/apt/keyrings")
    (folder / "root/etc/apt/keyrings/posrec.asc").write_bytes((repository / "posrec.asc").read_bytes())
    line = f"deb [signed-by=/etc/apt/keyrings/posrec.asc] http://127.0.0.1:{server.server_port} stable main"
    machine.ask(f"echo '{line}' > /etc/apt/sources.list.d/posrec.list && apt-get update -qq")


def older(machine):
    """0.2.0 records an account as a service, and mirrors it into PostgreSQL."""
    machine.ask("""
        mkdir -p /etc/postgresql-common
        printf "listen_addresses = ''\n" > /etc/postgresql-common/createcluster.conf
        apt-get install -y --no-install-recommends postgresql libmicrohttpd12 ./older/posrec_*.deb
        systemctl daemon-reload
        systemctl start $(pg_lsclusters -h | awk '{ print "postgresql@" $1 "-" $2 }')
        cd / && su postgres -c 'createuser posrec && createdb -O posrec posrec'""")
    assert "posrec 0.2.0" in machine.ask("posrec --version")
    # The simulated exchange is the new one, which the demo's package has (and libmicrohttpd is for).
    machine.ask("dpkg-deb -x posrec-demo_*.deb demo")
    start_exchange(machine, "/root/demo/usr/libexec/posrec/dapi-sim")
    configure_account(machine)
    machine.ask("""
        port=$(pg_lsclusters -h | awk '{ print $3 }')
        sed -i "/^interval/i mirror = host=/run/postgresql port=$port dbname=posrec" /etc/posrec/posrec.ini
        echo '# a line of mine' >> /etc/posrec/posrec.ini
        systemctl restart posrec
        systemctl enable --now posrec-mirror""")
    machine.wait_for(recorded(5))
    machine.wait_for(mirrored(5))


def upgraded(machine):
    """apt upgrades it without a terminal: the configuration, what was recorded, the service and the mirror stay."""
    before = machine.ask("cat /etc/posrec/posrec.ini")
    machine.ask("systemctl start posrec-verify")
    head = machine.ask("posrec -q -d /var/lib/posrec/posrec.db verify | head -1")
    captures = int(count_captures(machine))
    said = machine.ask("apt-get -y upgrade < /dev/null 2>&1")
    assert "Setting up posrec (" in said and "onfiguration file" not in said, said
    assert "posrec 0.2.0" not in machine.ask("posrec --version")
    assert machine.ask("cat /etc/posrec/posrec.ini") == before and "# a line of mine" in before
    assert machine.ask("ls -A /etc/posrec").split() == ["keys", "posrec.ini"]
    assert machine.ask("stat -c %a /etc/posrec/posrec.ini") == "600"
    machine.wait_for("systemctl is-active posrec && systemctl is-active posrec-mirror")
    machine.wait_for(recorded(captures + 5))
    machine.wait_for(mirrored(captures + 5))
    machine.ask("systemctl stop posrec posrec-mirror")
    machine.ask(f"runuser -u posrec -- posrec -q -d /var/lib/posrec/posrec.db verify --head {head}")
    # The older mirror rested while the newer posrec began: else it would lack the tables that it did not know.
    machine.ask("conninfo=$(sed -n 's/^mirror = //p' /etc/posrec/posrec.ini); "
                "runuser -u posrec -- posrec -d /var/lib/posrec/posrec.db mirror --to \"$conninfo\" --check 2>&1")
    assert machine.ask("systemctl --failed --no-legend 'posrec*'") == ""
    # One that nobody has changed stays as well, until it is purged.
    machine.ask("""
        echo 'posrec posrec/remove-data boolean true' | debconf-set-selections
        apt-get purge -y posrec
        rm -rf /etc/posrec
        apt-get install -y --allow-downgrades ./older/posrec_*.deb
        apt-get upgrade -y < /dev/null
        test "$(stat -c %a /etc/posrec/posrec.ini)" = 600
        apt-get purge -y posrec
        test ! -e /etc/posrec
        kill $(cat sim.pid)
        rm port""")


def install(machine):
    machine.ask("apt-get update -qq && apt-get install -y posrec posrec-demo")
    assert "posrec - record the position history" in machine.ask("man posrec | col -b")
    assert "posrec.ini(5)" in machine.ask("man posrec.ini | col -b")
    assert "record a simulated account" in machine.ask("man posrec-demo | col -b")
    said = machine.ask("posrec-demo")
    assert "No findings: everything" in said and "adds up" in said and "BTCUSD_PERP" in said, said
    head = machine.ask("posrec -q -d posrec-demo/posrec.db verify | head -1")
    assert len(head) == 64 and machine.ask(f"posrec -q -d posrec-demo/posrec.db verify --head {head} | head -1") == head
    assert "posrec-demo/report.html" in said and "<figure" in machine.ask("cat posrec-demo/report.html")


def without_account(machine):
    """Nothing is recorded, and nothing is wrong."""
    assert machine.ask("systemctl is-enabled posrec.service") == "enabled"
    assert machine.ask("systemctl is-active posrec-verify.timer") == "active"
    machine.ask("systemctl start posrec posrec-verify posrec-page posrec-mirror")
    assert machine.ask("systemctl --failed --no-legend") == ""
    assert machine.ask("ls -A /var/lib/posrec 2> /dev/null || true") == ""
    assert machine.ask("stat -c '%a %U' /etc/posrec /etc/posrec/keys /etc/posrec/posrec.ini").split() == [
        "700", "root", "700", "root", "600", "root"]


def start_exchange(machine, program):
    machine.ask(f"""
        printf 'main hedge key-of-main secret-of-main\\n' > accounts
        (setsid {program} --accounts accounts --port-file port < /dev/null > sim.log 2>&1 & echo $! > sim.pid)""")
    machine.wait_for("test -s port")


def configure_account(machine):
    machine.ask("""
        printf key-of-main | install -m 600 /dev/stdin /etc/posrec/keys/main.key
        printf secret-of-main | install -m 600 /dev/stdin /etc/posrec/keys/main.secret
        sed -i 's/^#\\(\\[account\\|api_key\\|secret\\)/\\1/; s/^interval = .*/interval = 1s/' /etc/posrec/posrec.ini
        echo "base_url = http://127.0.0.1:$(cat port)" >> /etc/posrec/posrec.ini
        echo "stream_url = ws://127.0.0.1:$(cat port)" >> /etc/posrec/posrec.ini""")


def count_captures(machine):
    return machine.ask("posrec -q -d /var/lib/posrec/posrec.db sql --format csv 'SELECT max(capture_id) FROM capture' | "
                       "tail -n 1 | tr -d '\\r'")


def recorded(captures):
    """A command that succeeds once so many captures are recorded."""
    return (f"posrec -q -d /var/lib/posrec/posrec.db sql --format csv 'SELECT max(capture_id) >= {captures} FROM capture' | "
            "grep -qx '1.*'")


def mirrored(captures):
    """The same of the mirror."""
    return f"su postgres -c \"psql -d posrec -Atc 'SELECT capture_id >= {captures} FROM posrec.recorder'\" | grep -qx t"


def as_a_service(machine):
    start_exchange(machine, "/usr/libexec/posrec/dapi-sim")
    configure_account(machine)
    assert "fail" not in machine.ask("posrec doctor")
    machine.ask("systemctl restart posrec")
    machine.wait_for("posrec -q sql --format csv 'SELECT count(*) >= 3 FROM poll_log' | grep -q 1")
    assert machine.ask("systemctl show -P StatusText posrec") == "recording"
    machine.ask("systemctl start posrec-verify")
    assert "posrec_verify_ok 1" in machine.ask("cat /var/lib/posrec/posrec-verify.prom")
    machine.ask("systemctl start posrec-page")
    assert "posrec-refresh-ms" in machine.ask("cat /var/lib/posrec/posrec.html")
    machine.wait_for("grep -q '^posrec_liquidation_distance_ratio{' /var/lib/posrec/posrec.prom")
    # Others may not read what is recorded, and members of the group may.
    machine.ask("useradd stranger && useradd -G posrec analyst")
    assert machine.run("su stranger -c 'posrec -d /var/lib/posrec/posrec.db positions'", check=False)[0] == 1
    assert "BTCUSD_PERP" in machine.ask("su analyst -c 'posrec -d /var/lib/posrec/posrec.db positions'")
    # A second recorder.
    machine.ask("""
        sed 's|/var/lib/posrec/posrec|/var/lib/posrec/two|' /etc/posrec/posrec.ini > /etc/posrec/two.ini
        systemctl start posrec@two""")
    machine.wait_for("posrec -q -d /var/lib/posrec/two.db sql --format csv 'SELECT count(*) >= 3 FROM poll_log' | grep -q 1")
    machine.ask("systemctl start posrec-verify@two posrec-page@two && test -s /var/lib/posrec/two.html")


def a_false_database(machine):
    """What verify finds is a failed unit."""
    machine.ask("systemctl stop posrec && cp -p /var/lib/posrec/posrec.db sound.db")
    machine.ask("posrec -q -d /var/lib/posrec/posrec.db migrate")
    edit = pathlib.Path(machine.folder) / "var/lib/posrec/posrec.db"
    subprocess.run(["sqlite3", edit, "UPDATE valuation SET mark_price_e8 = mark_price_e8 + 1"], check=True)
    assert machine.run("systemctl start posrec-verify", check=False)[0] != 0
    assert machine.ask("systemctl is-failed posrec-verify") == "failed"
    assert "posrec_verify_ok 0" in machine.ask("cat /var/lib/posrec/posrec-verify.prom")
    machine.ask("cp -p sound.db /var/lib/posrec/posrec.db && systemctl start posrec-verify posrec")


def removed(machine):
    head = machine.ask("posrec -q verify | head -1")
    machine.ask("apt-get remove -y posrec posrec-demo")
    assert machine.ask("systemctl list-units --no-legend 'posrec*' || true") == ""
    assert machine.ask("grep -lsx posrec /proc/[0-9]*/comm || true") == ""
    assert machine.run("command -v posrec posrec-demo", check=False)[0] != 0
    machine.ask("test -s /etc/posrec/posrec.ini && test -s /var/lib/posrec/posrec.db")
    # Installed again it goes on where it was.
    machine.ask("apt-get install -y ./posrec_*.deb")
    machine.wait_for("systemctl is-active posrec")
    machine.ask(f"posrec -q verify --head {head}")
    said = machine.ask("apt-get purge -y posrec 2>&1")
    assert "what was recorded stays in /var/lib/posrec" in said, said
    machine.ask("test -s /var/lib/posrec/posrec.db && test ! -e /etc/posrec/posrec.ini")
    # Asked, purge takes what was recorded too.
    machine.ask("""
        apt-get install -y ./posrec_*.deb
        echo 'posrec posrec/remove-data boolean true' | debconf-set-selections
        apt-get purge -y posrec
        test ! -e /var/lib/posrec""")


def main():
    source = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="posrec-debian-") as folder:
        folder = pathlib.Path(folder)
        machine = Machine(folder / "root")
        try:
            subprocess.run([source / "scripts/package", folder / "root/root"], check=True, stdout=subprocess.DEVNULL)
            has_older = older_packages(source, folder)
            if not has_older:
                print("older, upgraded: not run, as there is no history of git here to build 0.2.0 of")
            serve_repository(machine, source, folder)
            steps = (install, without_account, as_a_service, a_false_database, removed)
            for step in ((older, upgraded) if has_older else ()) + steps:
                try:
                    step(machine)
                except AssertionError:
                    print(machine.run("journalctl -n 60 --no-pager", check=False)[1])
                    raise
                print(f"{step.__name__}: as described", flush=True)
        finally:
            machine.stop()


if __name__ == "__main__":
    main()
