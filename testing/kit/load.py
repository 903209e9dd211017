# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Sends an exact number of requests over keep-alive connections. Nothing is retried: what was not answered is in ``failed``."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Load:
    """What came of it: answers by status, and requests that got none."""

    statuses: Counter[int] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Complete responses of any status."""
        return self.statuses.total()


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        if self._run.left > 0 and not self._run.stop.is_set():
            self._run.left -= 1
            self._busy = True
            self._transport.write(self._run.request.replace(b"{n}", b"%d" % self._run.left))  # type: ignore[attr-defined]
        else:
            self._busy = False
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if (end := _end(self._buffer)) > 0:
            self._run.load.statuses[int(self._buffer[9:12])] += 1
            self._buffer = self._buffer[end:]
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if self._busy:
            self._run.load.failed.append(f"{error!r} after {self._buffer[:200]!r}")
        self._run.lost()


def _end(buffer: bytes) -> int:
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return -1
    at = buffer.lower().find(b"content-length:", 0, head)
    if at >= 0:
        length = int(buffer[at + 15 : buffer.index(b"\r\n", at)])
        return head + 4 + length if len(buffer) >= head + 4 + length else -1
    chunked = buffer.find(b"0\r\n\r\n", head)
    return chunked + 5 if chunked >= 0 else -1


class _Run:
    def __init__(self, total: int, request: bytes, stop: threading.Event) -> None:
        self.load = Load()
        self.left = total
        self.request = request
        self.stop = stop
        self._open = 0

    async def go(self, port: int, connections: int) -> Load:
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        self._open = connections
        for _ in range(connections):
            await loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
        await asyncio.wait_for(self._done, 120)
        return self.load

    def lost(self) -> None:
        self._open -= 1
        if not self._open:
            self._done.set_result(None)


def load(port: int, total: int, connections: int = 16, path: str = "/items/7", stop: threading.Event | None = None) -> Load:
    """Sends ``total`` requests (fewer when ``stop`` is set on the way) and returns when each is answered or lost. ``{n}`` in the path is its number."""
    request = f"GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n".encode()
    return asyncio.run(_Run(total, request, stop or threading.Event()).go(port, connections))


class Background:
    """Load in a thread until told to stop: ``with Background(port) as background: ...; background.load`` afterwards."""

    def __init__(self, port: int, connections: int = 4, path: str = "/items/7", total: int = 1_000_000) -> None:
        self._stop = threading.Event()
        self.load = Load()
        self._run = _Run(total, f"GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n".encode(), self._stop)
        self._arguments = (port, connections)
        self._thread = threading.Thread(target=self._go)

    def _go(self) -> None:
        self.load = asyncio.run(self._run.go(*self._arguments))

    @property
    def answered(self) -> int:
        """Answers so far."""
        return self._run.load.answered

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(120)
