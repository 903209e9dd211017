# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What an application does while it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from asgi import hello, run
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable


def inside(do: Callable[[Any], None], scope: dict[str, Any] | None = None, **arguments: Any) -> None:
    """Runs ``do(current span)`` inside a request."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        do(trace.get_current_span())
        await hello(scope, receive, send)

    run(OpenTelemetryMiddleware(app, **arguments), scope)
