# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Sends exactly so many requests over so many keep-alive connections, one at a time on each, and checks every answer.

Started as ``python -m harness.load PORT PATH REQUESTS CONNECTIONS``; prints the seconds it took, or fails.
"""

import select
import socket
import sys
import time

from harness.driver import HEADERS

TIMEOUT_S = 60


def request(path: str) -> bytes:
    return b"".join((b"GET " + path.encode() + b" HTTP/1.1\r\n", *[k + b": " + v + b"\r\n" for k, v in HEADERS], b"\r\n"))


def answer_length(peer: socket.socket) -> int:
    """Reads one answer; its length is every later one's too, since only the date in it changes."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += received(peer)
    head, _, body = got.partition(b"\r\n\r\n")
    size = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < size:
        body += received(peer)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"load: answered {head[:80]!r}")
    return len(head) + 4 + size


def received(peer: socket.socket) -> bytes:
    data = peer.recv(65536)
    if not data:
        raise SystemExit("load: the server hung up")
    return data


def run(port: int, path: str, requests: int, connections: int) -> float:
    message = request(path)
    peers = {peer.fileno(): peer for peer in (socket.create_connection(("127.0.0.1", port), TIMEOUT_S) for _ in range(connections))}
    first = next(iter(peers.values()))
    start = time.perf_counter()
    first.sendall(message)
    length = answer_length(first)
    poll = select.epoll()
    missing: dict[int, int] = {}
    sent = 1
    for number, peer in peers.items():
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if sent < requests:
            poll.register(number, select.EPOLLIN)
            peer.sendall(message)
            missing[number] = length
            sent += 1
    while missing:
        ready = poll.poll(TIMEOUT_S)
        if not ready:
            raise SystemExit(f"load: no answer in {TIMEOUT_S} s")
        for number, _ in ready:
            peer = peers[number]
            data = received(peer)
            if missing[number] == length and not data.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"load: answered {data[:80]!r}")
            missing[number] -= len(data)
            if missing[number] < 0:
                raise SystemExit("load: more was answered than asked")
            if missing[number] == 0:
                if sent < requests:
                    peer.sendall(message)
                    missing[number] = length
                    sent += 1
                else:
                    del missing[number]
                    poll.unregister(number)
    return time.perf_counter() - start


if __name__ == "__main__":
    port, path, requests, connections = sys.argv[1:]
    print(run(int(port), path, int(requests), int(connections)))
