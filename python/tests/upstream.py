# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The middleware in the `upstream` profile."""

from __future__ import annotations

from typing import Any

from asgi import hello
from spangard import OpenTelemetryMiddleware

BODY = {"type": "http.request", "body": b"12345", "more_body": False}


def upstream(app: Any, **arguments: Any) -> OpenTelemetryMiddleware:
    return OpenTelemetryMiddleware(app, profile="upstream", **arguments)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await hello(scope, receive, send)


def codes(record: dict[str, Any]) -> list[int]:
    return (record["children"] or [])[::4]
