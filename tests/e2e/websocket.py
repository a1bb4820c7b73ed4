"""A WebSocket client of its own for tests of the simulator's streams: a page of RFC 6455, and nothing of posrec."""
import base64
import json
import os
import socket
import struct
import urllib.parse


class WebSocket:
    """An open connection; what it waits for comes within three minutes, or is an error."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=180)
        self.held = b""
        target = parts.path + ("?" + parts.query if parts.query else "")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._take(1)
        if not head.startswith(b"HTTP/1.1 101 "):
            raise AssertionError(head)

    def _take(self, size):
        while len(self.held) < size:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the connection has ended")
            self.held += more
        taken, self.held = self.held[:size], self.held[size:]
        return taken

    def send(self, *messages):
        """Texts as they are, and what else there is as JSON, each in a frame."""
        frames = b""
        for message in messages:
            body = (message if isinstance(message, str) else json.dumps(message)).encode()
            size = struct.pack("!B", 0x80 | len(body)) if len(body) < 126 else struct.pack("!BH", 0x80 | 126, len(body))
            frames += b"\x81" + size + bytes(4) + body  # a mask of zeros changes nothing
        self.socket.sendall(frames)

    def receive(self):
        """The next text, read as JSON; (code, reason) of a close."""
        kind, size = self._take(2)
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        body = self._take(size)
        if kind == 0x88:
            return struct.unpack("!H", body[:2])[0], body[2:].decode()
        if kind != 0x81:
            raise AssertionError(f"a frame of kind {kind:#x}")
        return json.loads(body)

    def ask(self, request):
        self.send(request)
        return self.receive()
