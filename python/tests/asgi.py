# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A client side for ASGI applications under test: scopes as servers make them, and a server's receive and send."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
HEADERS = [(b"host", b"shop.example:8443"), (b"user-agent", b"curl/8.5"), (b"accept", b"*/*")]


def http_scope(**changes: Any) -> dict[str, Any]:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/items/42",
        "raw_path": b"/items/42",
        "query_string": b"q=1",
        "root_path": "",
        "headers": list(HEADERS),
        "client": ("192.0.2.7", 50123),
        "server": ("127.0.0.1", 8000),
    }
    scope.update(changes)
    return {key: value for key, value in scope.items() if value is not ...}


def websocket_scope(**changes: Any) -> dict[str, Any]:
    return http_scope(**{"type": "websocket", "scheme": "ws", "method": ..., "subprotocols": [], **changes})


class Server:
    """What a server gives an application: ``receive`` plays ``incoming``, ``send`` keeps what comes."""

    def __init__(self, *incoming: dict[str, Any]) -> None:
        self.incoming = deque(incoming)
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        if not self.incoming:
            await asyncio.Event().wait()
        return self.incoming.popleft()

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


def run(app: Any, scope: dict[str, Any] | None = None, *incoming: dict[str, Any]) -> Server:
    """One request through ``app`` on an event loop of its own, its records flushed after."""
    server = Server(*incoming)

    async def request() -> None:
        try:
            await app(scope if scope is not None else http_scope(), server.receive, server.send)
        finally:
            app.recorder.flush()

    asyncio.run(request())
    return server


async def ignore(message: Any) -> None:
    """A ``send`` whose messages nobody reads."""


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello"})


def codes(events: list[Any]) -> list[Any]:
    """The codes of a flat event list, checking each entry's length on the way."""
    found, at = [], 0
    while at < len(events):
        found.append(events[at])
        at += 4 if events[at] >= 16 else 3
    assert at == len(events)
    return found
