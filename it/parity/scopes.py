# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Scopes and messages as a server makes them, each part open to change."""

from __future__ import annotations

from typing import Any

MISSING: Any = object()
"""As the value of a key: leaves it out."""

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT_ID = "00f067aa0ba902b7"
TRACEPARENT = (b"traceparent", f"00-{TRACE_ID}-{PARENT_ID}-01".encode())
UNSAMPLED = (b"traceparent", f"00-{TRACE_ID}-{PARENT_ID}-00".encode())

HOST = (b"host", b"shop.test:8080")


def http(method: Any = "GET", path: Any = "/items/7", *headers: tuple[bytes, bytes], **changes: Any) -> dict[str, Any]:
    """A GET with a Host header and what else is given; ``headers=…`` among the changes replaces all of them."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode() if isinstance(path, str) else b"",
        "query_string": b"",
        "root_path": "",
        "headers": [HOST, *headers],
        "client": ("192.0.2.7", 50000),
        "server": ("127.0.0.1", 8000),
    }
    return _changed(scope, changes)


def websocket(path: str = "/ws", *headers: tuple[bytes, bytes], **changes: Any) -> dict[str, Any]:
    """A handshake, without a method as the specification of ASGI has it."""
    return _changed(http(MISSING, path, *headers, type="websocket", scheme="ws", subprotocols=[]), changes)


def _changed(scope: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**scope, **changes}.items() if value is not MISSING}


def part(body: bytes = b"", more: bool = False) -> dict[str, Any]:
    """A message of a request's body."""
    return {"type": "http.request", "body": body, "more_body": more}


CONNECT = {"type": "websocket.connect"}


def text(value: str) -> dict[str, Any]:
    """A message from a WebSocket's client."""
    return {"type": "websocket.receive", "text": value}


def data(value: bytes) -> dict[str, Any]:
    """As `text`, binary."""
    return {"type": "websocket.receive", "bytes": value}
