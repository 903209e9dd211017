# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""HTTP/1.1 as bytes: what is sent is exactly what a test wrote, what came back is exactly what the server wrote."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from .world import Server

DATE = re.compile(rb"(?im)^date: [^\r\n]*")


@dataclass(frozen=True)
class Reply:
    """All bytes until the server closed; ``reset`` when it closed with RST instead of FIN."""

    raw: bytes
    reset: bool = False

    @property
    def undated(self) -> bytes:
        """The bytes with the value of ``Date`` masked, for comparisons."""
        return DATE.sub(b"date: -", self.raw)

    @property
    def status(self) -> int:
        """Status of the response, 0 if none came."""
        return int(self.raw.split(b" ", 2)[1]) if self.raw.startswith(b"HTTP/1.1 ") else 0

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Names in lower case, in order."""
        head = self.raw.partition(b"\r\n\r\n")[0]
        return [(n.lower(), v.strip()) for n, _, v in (line.partition(b":") for line in head.split(b"\r\n")[1:])]

    @property
    def body(self) -> bytes:
        """What follows the head, with chunked coding undone as far as it goes."""
        body = self.raw.partition(b"\r\n\r\n")[2]
        if dict(self.headers).get(b"transfer-encoding") != b"chunked":
            return body
        chunks = []
        while body:
            size, _, rest = body.partition(b"\r\n")
            length = int(size, 16)
            if not length:
                break
            chunks.append(rest[:length])
            body = rest[length + 2 :]
        return b"".join(chunks)


def head(method: str = "GET", target: bytes | str = "/", headers: Iterable[tuple[bytes | str, bytes | str]] = (), host: str = "shop.test:8080") -> bytes:
    """A request head that asks for the connection to be closed afterwards."""
    lines = [b"%s %s HTTP/1.1" % (method.encode("latin-1"), _bytes(target))]
    if host:
        lines.append(b"Host: " + host.encode())
    lines.append(b"Connection: close")
    lines += [_bytes(n) + b": " + _bytes(v) for n, v in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def send(server: Server, request: bytes) -> Reply:
    """Writes the bytes, reads until the server closes."""
    with server.connect() as connection:
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused half way: what it answered is still to be read
        return read(connection)


def read(connection: socket.socket) -> Reply:
    """Reads until the end of the connection."""
    received = []
    try:
        while data := connection.recv(65536):
            received.append(data)
    except ConnectionResetError:
        return Reply(b"".join(received), reset=True)
    return Reply(b"".join(received))


def get(server: Server, target: bytes | str = "/", *headers: tuple[bytes | str, bytes | str], method: str = "GET") -> Reply:
    """The common case."""
    return send(server, head(method, target, headers))
