#!/usr/bin/env python3
"""An HTTP proxy on a free loopback port that only tunnels (CONNECT): prints its port, then each target.

    connect_proxy.py
"""
import socket
import socketserver
import threading


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        words = self.rfile.readline().split()
        while self.rfile.readline().strip():
            pass
        if not words or words[0] != b"CONNECT":
            self.wfile.write(b"HTTP/1.1 405 only CONNECT\r\n\r\n")
            return
        print(words[1].decode(), flush=True)
        host, port = words[1].decode().rsplit(":", 1)
        with socket.create_connection((host, int(port))) as target:
            self.wfile.write(b"HTTP/1.1 200 tunnel\r\n\r\n")
            back = threading.Thread(target=pump, args=(target, self.connection))
            back.start()
            pump(self.connection, target)
            back.join()


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True


with Proxy(("127.0.0.1", 0), Tunnel) as proxy:
    print(proxy.server_address[1], flush=True)
    proxy.serve_forever()
