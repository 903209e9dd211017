# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Clients at a steady pace, whatever the server's speed: they count what was answered and how long it took from when it was due."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

ANSWER_S = 30.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Tally:
    """What came of it. A request that got no whole answer is in ``failed``."""

    answered: int = 0
    failed: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    by_path: Counter[str] = field(default_factory=Counter)


async def pace(port: int, paths: Sequence[str], rate: float, seconds: float, connections: int, tally: Tally, stop: asyncio.Event | None = None) -> None:
    """``rate`` requests a second for so many seconds, shared by keep-alive connections, the paths in turn. A path ``ws:/…`` is one WebSocket of 5 echoes."""
    start = time.perf_counter()
    total = int(rate * seconds)
    numbers = iter(range(total))

    async def connection() -> None:
        kept = None
        for n in numbers:
            due = start + n / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            if stop is not None and stop.is_set():
                break
            path = paths[n % len(paths)]
            try:
                if path.startswith("ws:"):
                    await asyncio.wait_for(_websocket(port, path[3:]), ANSWER_S)
                else:
                    held, kept = kept, None
                    kept = await asyncio.wait_for(_get(port, path, held), ANSWER_S)
            except (OSError, EOFError, ValueError, WebSocketException) as e:
                tally.failed.append(f"{path}: {e!r}")
                continue
            tally.latencies.append(time.perf_counter() - due)
            tally.answered += 1
            tally.by_path[path] += 1
        if kept is not None:
            kept[1].close()

    await asyncio.gather(*(connection() for _ in range(connections)))


async def _get(port: int, path: str, kept: Connection | None) -> Connection | None:
    """Asks on the connection that was kept, if one was; returns the one to keep."""
    request = f"GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n".encode()
    if kept is not None:
        try:
            return await _asked(request, kept)
        except (ConnectionError, asyncio.IncompleteReadError) as e:
            if getattr(e, "partial", b""):
                raise
            # Closed by the server meanwhile, as uvicorn does unannounced behind an exception: ask again (RFC 9112, 9.3.1)
    return await _asked(request, await asyncio.open_connection("127.0.0.1", port))


async def _asked(request: bytes, connection: Connection) -> Connection | None:
    """Sends a request and reads its answer; returns the connection, if the server keeps it."""
    reader, writer = connection
    keeps = False
    try:
        writer.write(request)
        keeps = not await _answer(reader)
    finally:
        if not keeps:
            writer.close()
    return connection if keeps else None


async def _answer(reader: asyncio.StreamReader) -> bool:
    """Reads one answer; whether the server closes afterwards."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" in head:
        while size := int((await reader.readuntil(b"\r\n")), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    else:
        at = head.index(b"content-length:")
        await reader.readexactly(int(head[at + 15 : head.index(b"\r\n", at)]))
    return b"connection: close" in head


async def _websocket(port: int, path: str) -> None:
    async with connect(f"ws://127.0.0.1:{port}{path}") as websocket:
        for n in range(5):
            await websocket.send(f"message {n}")
            if await websocket.recv() != f"message {n}":
                raise ValueError("another echo")
