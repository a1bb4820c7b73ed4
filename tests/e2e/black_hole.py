#!/usr/bin/env python3
"""A TCP proxy on a free loopback port that can lose connections without a word, as a network does whose path has gone.

    black_hole.py PORT|SOCKET

Passes bytes on to the port or the UNIX socket, and prints its own port. After a line on standard input all that the
connections of then say is swallowed, either way, and they stay open; new ones work. It answers with how many there
were, and with how many were ended at once since nobody was there to pass them on to.
"""
import os
import selectors
import socket
import sys

SIZE_MAX = 65536


class Pair:
    """A client's connection and the one to the target."""

    def __init__(self, client, target):
        self.ends = {client: target, target: client}
        self.swallows = False

    def pass_on(self, source):
        """What has come from one end; False when the pair is over."""
        try:
            data = source.recv(SIZE_MAX)
            if data and not self.swallows:
                self.ends[source].sendall(data)
        except OSError:
            data = b""
        return bool(data)

    def close(self):
        for end in self.ends:
            end.close()


def connect(target):
    if "/" not in target:
        return socket.create_connection(("127.0.0.1", int(target)))
    end = socket.socket(socket.AF_UNIX)
    end.connect(target)
    return end


def main():
    waiting = selectors.DefaultSelector()
    pairs, ended = set(), 0
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    waiting.register(listener, selectors.EVENT_READ)
    waiting.register(sys.stdin.buffer, selectors.EVENT_READ)
    print(listener.getsockname()[1], flush=True)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is listener:
                client, _ = listener.accept()
                try:
                    pair = Pair(client, connect(sys.argv[1]))
                except OSError:
                    client.close()
                    ended += 1
                    continue
                pairs.add(pair)
                for end in pair.ends:
                    waiting.register(end, selectors.EVENT_READ, pair)
            elif key.fileobj is sys.stdin.buffer:
                if not os.read(sys.stdin.fileno(), SIZE_MAX):
                    return
                print(len([pair for pair in pairs if not pair.swallows]), ended, flush=True)
                for pair in pairs:
                    pair.swallows = True
            elif key.data in pairs and not key.data.pass_on(key.fileobj):
                pairs.discard(key.data)
                for end in key.data.ends:
                    waiting.unregister(end)
                key.data.close()


if __name__ == "__main__":
    main()
