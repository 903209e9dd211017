# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Responses and WebSockets that end in all ways; the path says how. ``wrapped`` is recorded by import, inside of another middleware."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from spangard import OpenTelemetryMiddleware
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

FILE = Path(__file__)


async def echo(socket: WebSocket) -> None:
    """Lets Starlette's WebSocketDisconnect leave it, as handlers do that think of nothing."""
    await socket.accept()
    while True:
        await socket.send_text(await socket.receive_text())


async def file(request: Any) -> FileResponse:
    return FileResponse(FILE)


routed = Starlette(routes=[WebSocketRoute("/echo", echo), Route("/file", file)])


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan" or scope["path"] in ("/echo", "/file"):
        await routed(scope, receive, send)
    else:
        await (websocket if scope["type"] == "websocket" else http)(scope["path"], receive, send)


async def websocket(path: str, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    if path == "/raises":
        raise RuntimeError("no")
    if path == "/closes":
        await send({"type": "websocket.close", "code": 4000})
    elif path == "/denies":
        await send({"type": "websocket.http.response.start", "status": 429, "headers": [(b"content-length", b"5")]})
        await send({"type": "websocket.http.response.body", "body": b"later"})
    elif path == "/answers":
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"no"})
    elif path == "/listens":
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": "heard"})


async def http(path: str, receive: Any, send: Any) -> None:
    if path == "/promised":
        await begin(send, b"content-length", b"20000")
        for _ in range(4):
            await send({"type": "http.response.body", "body": b"x" * 5000, "more_body": True})
        await until_gone(receive)
        await send({"type": "http.response.body", "body": b""})
    elif path == "/events":
        await begin(send, b"content-type", b"text/event-stream")
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        await until_gone(receive)
    elif path == "/unpromised":
        await begin(send, b"content-type", b"text/plain")
        await send({"type": "http.response.body", "body": b"x" * 5000, "more_body": True})
        await until_gone(receive)
    elif path == "/empty":
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b'"1"')]})
        await send({"type": "http.response.body", "body": b""})
    else:
        await begin(send, b"content-length", b"300")
        await send({"type": "http.response.body", "body": b"x" * 300})


async def begin(send: Any, name: bytes, value: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(name, value)]})


async def until_gone(receive: Any) -> None:
    async with asyncio.timeout(30):
        while (await receive())["type"] != "http.disconnect":
            pass


recorded = OpenTelemetryMiddleware(app)


async def wrapped(scope: Any, receive: Any, send: Any) -> None:
    async def hear() -> Any:
        return await receive()

    async def say(message: Any) -> None:
        await send(message)

    await recorded(scope, hear, say)
