# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What the scenarios serve: plain ASGI, each doing one thing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[Any]]


def start(status: Any = 200, headers: Any = (), **more: Any) -> dict[str, Any]:
    """The message that begins a response."""
    return {"type": "http.response.start", "status": status, "headers": headers, **more}


def body(content: bytes = b"hello", more: bool = False) -> dict[str, Any]:
    """A part of a response."""
    return {"type": "http.response.body", "body": content, "more_body": more}


def says(*messages: dict[str, Any], hears: int = 1) -> App:
    """Receives so many messages, then sends these, each a copy of its own."""

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        for _ in range(hears):
            await receive()
        for message in messages:
            await send(dict(message))

    return app


def responds(status: Any = 200, headers: Sequence[tuple[bytes, bytes]] = (), content: bytes = b"hello") -> App:
    """One response in one part, its headers a list."""
    return says(start(status, list(headers)), body(content))


plain = responds()

ACCEPT = {"type": "websocket.accept"}


async def echo(scope: Any, receive: Receive, send: Send) -> None:
    """Accepts a WebSocket and says what it hears until the client leaves."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    while (message := await receive())["type"] == "websocket.receive":
        answer = {key: value for key, value in message.items() if key != "type"}
        await send({"type": "websocket.send", **answer})
