#!/usr/bin/env python3
"""Builds of another kind than the tests' own.

    builds.py SOURCE options      with each option of CMake's that builders have
    builds.py SOURCE debian-13    in a fresh Debian 13: the unit tests and the packages
    builds.py SOURCE arm64        in a fresh Debian 12 for arm64: the packages, and the unit tests under emulation (qemu)
    builds.py SOURCE container    the image of examples/Containerfile, with buildah, and what it says of health and its end

All but the first need root, and what apt reaches; the last build/dapi-sim.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from debian_machine import bootstrap

JOBS = str(os.cpu_count())
WAIT_S = 180


def run(*command, **more):
    """Runs a command; shows what it said when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout[-20000:]}"
    return done.stdout


def wait_for(condition):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def build(source, folder, *options):
    run("cmake", "-G", "Ninja", "-S", source, "-B", folder, "-DPOSREC_TESTS=OFF", *options)
    run("cmake", "--build", folder)
    run("cmake", "--install", folder, env=dict(os.environ, DESTDIR=str(folder / "root")))
    assert run(folder / "posrec", "--version").startswith("posrec ")
    return {str(path.relative_to(folder / "root")) for path in (folder / "root").rglob("*")}


def options(source, folder):
    # Without systemd, the rest as it is by itself.
    without = build(source, folder / "plain", "-DPOSREC_SYSTEMD=OFF")
    assert "libsystemd" not in run("readelf", "-d", folder / "plain/posrec", folder / "plain/posrec.so")
    assert "-Werror" in (folder / "plain/build.ninja").read_text()

    # Warnings are none, and another dygraphs is the one that is in the program.
    other = folder / "my dygraphs"
    other.mkdir()
    for name in ("dygraph.min.js", "dygraph.min.css"):
        shutil.copy(pathlib.Path("/usr/share/javascript/dygraphs") / name, other)
    with (other / "dygraph.min.css").open("a") as style:
        style.write("/* of another place */\n")
    installed = build(source, folder / "other", "-DPOSREC_WERROR=OFF", f"-DPOSREC_DYGRAPHS_DIR={other}")
    assert "-Werror" not in (folder / "other/build.ninja").read_text()
    assert b"of another place" in (folder / "other/posrec").read_bytes()
    assert b"of another place" not in (folder / "plain/posrec").read_bytes()
    assert "libsystemd" in run("readelf", "-d", folder / "other/posrec")
    gone = installed - without
    assert any(name.endswith("/posrec.service") for name in gone), gone
    assert all("systemd" in name or "sysusers" in name for name in gone), gone

    (other / "dygraph.min.js").unlink()
    said = subprocess.run(["cmake", "-G", "Ninja", "-S", source, "-B", folder / "none", "-DPOSREC_TESTS=OFF",
                           f"-DPOSREC_DYGRAPHS_DIR={other}"], capture_output=True, text=True, check=False)
    assert said.returncode != 0 and "has no dygraph.min.js" in said.stderr, said.stderr


class Chroot:
    """A fresh Debian with the sources in /src."""

    def __init__(self, source, folder, suite):
        self.folder = folder / "debian"
        bootstrap(self.folder, suite)
        run(source / "scripts/dist", folder)
        (self.folder / "src").mkdir()
        run("tar", "-xzf", *folder.glob("posrec-*.tar.gz"), "-C", self.folder / "src", "--strip-components", "1")

    def run(self, command):
        return run("chroot", self.folder, "env", "-i", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
                   "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "bash", "-ec", command)

    def unit_tests(self, *more):
        """Builds them and runs them; gives what ctest said at its end."""
        self.run("cd /src && cmake --preset release -DPOSREC_TESTS=ON " + " ".join(more))
        self.run("cd /src && cmake --build --preset release")
        return self.run(f"cd /src/build && ctest -j {JOBS} -R '^unit' --output-on-failure | tail -n 4")


def debian_13(source, folder):
    chroot = Chroot(source, folder, "trixie")
    chroot.run("cd /src && scripts/install-packages debhelper po-debconf bats libcmocka-dev")
    print(chroot.unit_tests())
    chroot.run("cd /src && rm -rf build && scripts/package /packages && apt-get install -y /packages/posrec_*.deb")
    print(chroot.run("posrec --version && man -w posrec-schema || true"))


def arm64(source, folder):
    chroot = Chroot(source, folder, "bookworm")
    chroot.run("dpkg --add-architecture arm64 && apt-get update -qq")
    chroot.run("apt-get install -y --no-install-recommends build-essential crossbuild-essential-arm64 qemu-user bats")
    chroot.run("cd /src && apt-get build-dep -y --no-install-recommends -a arm64 -P cross,nocheck .")
    chroot.run("apt-get install -y --no-install-recommends libcmocka-dev:arm64")
    # The packages are made where no program for arm64 can run.
    chroot.run("cp -r /src /packages && cd /packages && dpkg-buildpackage -a arm64 -Pcross,nocheck -us -uc -b")
    print(chroot.run("for made in /*.deb; do dpkg-deb -f $made Package Version Architecture | tr '\\n' ' '; echo; done"))
    print(chroot.run("file=$(ls /posrec_*_arm64.deb) && dpkg-deb -x $file /root/posrec && qemu-aarch64 /root/posrec/usr/libexec/posrec/posrec-net --version"))
    print(chroot.unit_tests(
        "-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", "-DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc",
        "-DPKG_CONFIG_EXECUTABLE=/usr/bin/aarch64-linux-gnu-pkg-config", "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64"))


def container(source, folder):
    """The image of examples/Containerfile, on a fresh Debian in place of one from a registry; its program runs in a chroot."""
    base = folder / "debian"
    bootstrap(base, "bookworm")
    context = folder / "source"
    run(source / "scripts/dist", folder)
    context.mkdir()
    run("tar", "-xzf", *folder.glob("posrec-*.tar.gz"), "-C", context, "--strip-components", "1")
    store = ["buildah", "--root", folder / "images", "--runroot", folder / "run", "--storage-driver", "vfs"]
    made = run(*store, "from", "scratch").strip()
    run(*store, "copy", "--quiet", made, base, "/")
    run(*store, "commit", "--quiet", "--rm", made, "localhost/debian:latest")
    shutil.rmtree(base)
    run(*store, "bud", "--isolation", "chroot", "--layers=false", "--pull-never", "--format", "docker",
        "--build-arg", "DEBIAN=localhost/debian:latest", "-f", context / "examples/Containerfile", "-t", "localhost/posrec:latest",
        context)
    image = json.loads(run(*store, "inspect", "--type", "image", "localhost/posrec:latest"))["Docker"]["config"]
    print(json.dumps(image, indent=1))
    assert (image["User"], image["StopSignal"], list(image["Volumes"])) == ("posrec", "SIGTERM", ["/var/lib/posrec"])
    made = run(*store, "from", "--pull-never", "localhost/posrec:latest").split()[-1]
    root = pathlib.Path(run(*store, "mount", made).split()[-1])
    try:
        record_in(source, root, image)
    finally:
        run(*store, "umount", made)


def record_in(source, root, image):
    """Records with the image's own commands: healthy while polls come, unhealthy after; SIGTERM ends it cleanly."""
    inside = ["chroot", "--userspec=990:990", root, "env", "-i", "-C", image["WorkingDir"], "PATH=/usr/bin:/bin"]
    health = [*inside, *image["Healthcheck"]["Test"][1:]]
    exchange = root / "tmp/exchange"
    exchange.mkdir()
    (exchange / "accounts").write_text("main hedge key secret\n")
    simulated = subprocess.Popen([source / "build/dapi-sim", "--accounts", exchange / "accounts", "--port-file", exchange / "port"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    recorder = None
    try:
        wait_for(lambda: (exchange / "port").exists() and (exchange / "port").read_text().strip())
        port = (exchange / "port").read_text().strip()
        for name in ("key", "secret"):
            (root / "etc/posrec/keys" / name).write_text(name)
            os.chmod(root / "etc/posrec/keys" / name, 0o600)
            os.chown(root / "etc/posrec/keys" / name, 990, 990)
        (root / "etc/posrec/posrec.ini").write_text(
            "[posrec]\ndatabase = /var/lib/posrec/posrec.db\ninterval = 1s\n[account main]\napi_key_file = /etc/posrec/keys/key\n"
            f"secret_file = /etc/posrec/keys/secret\nbase_url = http://127.0.0.1:{port}\nstream_url = ws://127.0.0.1:{port}\n")
        assert subprocess.run(health, check=False, capture_output=True).returncode != 0, "healthy before anything is recorded"
        recorder = subprocess.Popen([*inside, *image["Entrypoint"], *image["Cmd"]], stderr=subprocess.PIPE, text=True)
        wait_for(lambda: recorder.poll() is not None or subprocess.run(health, check=False, capture_output=True).returncode == 0)
        assert recorder.poll() is None, recorder.stderr.read()
        recorder.send_signal(getattr(signal, image["StopSignal"]))
        said = recorder.communicate(timeout=WAIT_S)[1]
        assert recorder.returncode == 0, said
        assert (root / "var/lib/posrec/posrec.db").stat().st_uid == 990
        print(run(*inside, "posrec", "verify"))
        late = [word if word != "2m" else "1ms" for word in health]
        assert subprocess.run(late, check=False, capture_output=True).returncode == 1, "healthy though nothing is polled"
    finally:
        for process in (recorder, simulated):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


def main():
    source, kind = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="posrec-builds-") as folder:
        {"options": options, "debian-13": debian_13, "arm64": arm64, "container": container}[kind](source, pathlib.Path(folder))
    print(f"{kind}: as described")


main()
