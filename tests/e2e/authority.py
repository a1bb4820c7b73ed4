#!/usr/bin/env python3
"""A timestamp authority (RFC 3161) on a free loopback port, that can be bad in many ways: `openssl ts` behind HTTP.

    authority.py make FOLDER        makes its certificates, which may be copied
    authority.py serve FOLDER [CERTIFICATE KEY]

FOLDER/ca.pem is its CA; there are signers good, expired (since), serving (for TLS, not for time stamping), past (good in
a time that is over) and foreign (of FOLDER/foreign-ca.pem). `serve` speaks https with a certificate, and writes its
port to FOLDER/port, and to FOLDER/asked a line for each question. FOLDER/mode says how it answers, MODE or MODE SIGNER;
see answer(). It needs `openssl`, and libfaketime for the past.
"""
import http.server
import os
import pathlib
import socketserver
import ssl
import subprocess
import sys
import threading

CONFIG = """
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256
ess_cert_id_alg = sha256
tsa_name = no
"""
STAMPING = "keyUsage = critical,digitalSignature\nextendedKeyUsage = critical,timeStamping\n"
SERVING = "keyUsage = critical,digitalSignature\nextendedKeyUsage = critical,serverAuth\n"
# Name, CA, extensions, from, days: `from` as libfaketime takes it.
SIGNERS = [("good", "ca", STAMPING, "-60d", 365), ("expired", "ca", STAMPING, "+0d", -1),
           ("serving", "ca", SERVING, "-60d", 365), ("past", "ca", STAMPING, "-60d", 30),
           ("foreign", "foreign-ca", STAMPING, "-60d", 365)]
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
LONG_S = 600
FAKE_TIME = pathlib.Path(__file__).with_name("fake_time")


def openssl(*words, at="+0d", data=None):
    before = [] if at == "+0d" else [FAKE_TIME]
    done = subprocess.run([*before, "openssl", *map(str, words)], input=data, capture_output=True,
                          env=os.environ | {"FAKETIME": at})
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def make(folder):
    folder.mkdir(exist_ok=True)
    for name in ("ca", "foreign-ca"):
        openssl("req", "-x509", *KEY, "-days", 3650, "-subj", f"/CN=test {name}", "-keyout", folder / f"{name}.key",
                "-out", folder / f"{name}.pem", at="-60d")
    for name, ca, extensions, start, days in SIGNERS:
        (folder / "extensions").write_text(extensions)
        openssl("req", *KEY, "-subj", f"/O=Test/CN=authority {name}", "-keyout", folder / f"{name}.key", "-out",
                folder / f"{name}.csr")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{ca}.pem", "-CAkey",
                folder / f"{ca}.key", "-CAcreateserial", "-days", days, "-extfile", folder / "extensions", "-out",
                folder / f"{name}.pem", at=start)


class Authority:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        self.first = None  # its first answer, for those that come again

    def signer(self, name):
        return ["-signer", self.folder / f"{name}.pem", "-inkey", self.folder / f"{name}.key"]

    def stamp(self, query, signer="good", at="+0d"):
        (self.folder / "query").write_bytes(query)
        return openssl("ts", "-reply", "-config", self.folder / "openssl.cnf", "-queryfile", self.folder / "query",
                       *self.signer(signer), at=at)

    def sign_again(self, query, signer):
        """The same by a certificate that `openssl ts` does not sign with."""
        reply = self.folder / "reply"
        reply.write_bytes(self.stamp(query))
        token = openssl("ts", "-reply", "-in", reply, "-token_out")
        info = openssl("cms", "-verify", "-noverify", "-inform", "DER", "-binary", data=token)
        token = openssl("cms", "-sign", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-nodetach", "-binary", "-cades",
                        "-md", "sha256", "-outform", "DER", *self.signer(signer), data=info)
        granted = bytes.fromhex("3003020100")
        return b"\x30\x82" + (len(granted) + len(token)).to_bytes(2, "big") + granted + token

    def answer(self, query, mode, *more):
        """Status and body; None for none."""
        if mode == "good":  # or by another signer
            return 200, self.stamp(query, *more)
        if mode == "again":  # signed once more, by hand
            return 200, self.sign_again(query, *more)
        if mode == "old":  # its time is long over
            return 200, self.stamp(query, *more, at="-40d")
        if mode == "replay":
            return 200, self.first
        if mode == "imprint":  # of other bytes; the digest follows its length
            at = query.index(b"\x04\x20") + 2
            return 200, self.stamp(query[:at] + bytes([query[at] ^ 1]) + query[at + 1:])
        if mode == "nonce":  # the last byte before certReq
            return 200, self.stamp(query[:-4] + bytes([query[-4] ^ 1]) + query[-3:])
        if mode == "changed":  # a bit of its last byte, the signature's
            reply = self.stamp(query)
            return 200, reply[:-1] + bytes([reply[-1] ^ 1])
        if mode == "cut":
            return 200, self.stamp(query)[:-10]
        if mode == "longer":
            return 200, self.stamp(query) + b"\0"
        if mode == "garbage":
            return 200, bytes(range(256)) * 20
        if mode == "huge":
            return 200, b"\x30" * 100000
        if mode == "empty":
            return 200, b""
        if mode == "page":
            return 200, b"<html>Hello</html>"
        if mode == "refuse":  # rejection, bad request, "no"
            return 200, bytes.fromhex("300f300d0201023004" "0c026e6f" "03020520")
        if mode == "status":
            return int(more[0]), b"away"
        if mode == "hang":
            threading.Event().wait(LONG_S)
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        authority = self.server.authority
        with open(authority.folder / "asked", "a") as asked:
            asked.write(f"{self.path} {self.headers['Content-Type']} {self.headers['Accept']}\n")
        mode = (authority.folder / "mode").read_text().split()
        if mode[0] in ("hang", "drop"):
            answer = authority.answer(query, *mode)
        else:
            with authority.lock:
                answer = authority.answer(query, *mode)
                if answer[0] == 200 and authority.first is None:
                    authority.first = answer[1]
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer[0])
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    def log_message(self, *words):
        pass


def serve(folder, certificate=None, key=None):
    (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "mode").write_text("good")
    (folder / "asked").touch()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)  # which asks for no names
    server.daemon_threads = True
    server.authority = Authority(folder)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    (folder / "port.new").write_text(str(server.server_address[1]))
    os.rename(folder / "port.new", folder / "port")
    server.serve_forever()


def main():
    {"make": make, "serve": serve}[sys.argv[1]](pathlib.Path(sys.argv[2]).resolve(), *sys.argv[3:])


if __name__ == "__main__":
    main()
