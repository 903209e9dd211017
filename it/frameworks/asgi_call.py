# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""One call of an ASGI application without a server, so that each framework version runs against the same driver."""

from __future__ import annotations

import asyncio
from typing import Any


def call(
    app: Any,
    path: str,
    *,
    method: str = "GET",
    websocket: bool = False,
    root_path: str = "",
    host: str = "testserver",
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
        "headers": [(b"host", host.encode())],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    if websocket:
        scope["subprotocols"] = []
    else:
        scope["method"] = method
    statuses: list[int] = []
    incoming = (
        [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]
        if websocket
        else [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            statuses.append(message["status"])
        elif kind == "websocket.accept":
            statuses.append(101)
        elif kind == "websocket.close":
            statuses.append(403)

    asyncio.run(app(scope, receive, send))
    return scope, statuses[0]
