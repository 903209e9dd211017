# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""One call of an ASGI application without a server, so that each framework version runs against the same driver."""

from __future__ import annotations

import asyncio
from typing import Any

TIMEOUT_S = 10


def call(
    app: Any,
    path: str,
    *,
    method: str = "GET",
    websocket: bool = False,
    root_path: str = "",
    host: str = "testserver",
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> tuple[dict[str, Any], int]:
    """The scope as the application left it, and the status it sent (101: websocket accepted, 403: refused)."""
    scope: dict[str, Any] = {
        "type": "websocket" if websocket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "ws" if websocket else "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": root_path,
        "headers": [(b"host", host.encode()), *headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    if websocket:
        scope["subprotocols"] = []
    else:
        scope["method"] = method
    statuses: list[int] = []
    incoming = ["websocket.connect", "websocket.disconnect"] if websocket else ["http.request", "http.disconnect"]

    async def run() -> None:
        answered = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if len(incoming) == 1:  # the client stays until it has its answer
                await answered.wait()
            return {"type": incoming.pop(0), "body": b"", "more_body": False, "code": 1000}

        async def send(message: dict[str, Any]) -> None:
            kind = message["type"]
            if kind == "http.response.start":
                statuses.append(message["status"])
            elif kind == "websocket.accept":
                statuses.append(101)
            elif kind == "websocket.close":
                statuses.append(403)
            if not message.get("more_body") and kind != "http.response.start":
                answered.set()

        await asyncio.wait_for(app(scope, receive, send), TIMEOUT_S)

    asyncio.run(run())
    return scope, statuses[0]
