# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""One scenario in a process of its own: through upstream's middleware, or through ours."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from .applications import App

Scenario = Callable[["Side"], Awaitable[None]]
SCENARIOS: dict[str, Scenario] = {}
BODY = {"type": "http.request", "body": b"", "more_body": False}


def scenario(run: Scenario) -> Scenario:
    """Registers a scenario under its function's name."""
    if run.__name__ in SCENARIOS:
        raise ValueError(f"two scenarios {run.__name__}")
    SCENARIOS[run.__name__] = run
    return run


def middleware_of(upstream: bool) -> Any:
    """The class that is upstream's, or ours."""
    return importlib.import_module("opentelemetry.instrumentation.asgi" if upstream else "spangard").OpenTelemetryMiddleware


class Side:
    """What a scenario is written with. Holds what the application did; ours has its spans and metrics from the engine, upstream's are here."""

    def __init__(self, upstream: bool) -> None:
        self.upstream = upstream
        self.spans = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self._provider = TracerProvider()
        self._provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self._meters = MeterProvider(metric_readers=[self.reader])
        trace.set_tracer_provider(self._provider)
        self.tracer = trace.get_tracer("app")
        self.calls: list[dict[str, Any]] = []
        self.notes: list[str] = []

    def middleware(self, app: App, **arguments: Any) -> Any:
        """The side's middleware around an application, with upstream's arguments."""
        if self.upstream:
            arguments |= {"tracer_provider": self._provider, "meter_provider": self._meters}
        return middleware_of(self.upstream)(app, **arguments)

    async def call(self, app: App, scope: Any, hears: Iterable[Any] = (BODY,), **arguments: Any) -> None:
        """One request to an application of its own."""
        await self.serve(self.middleware(app, **arguments), scope, hears)

    async def serve(self, middleware: Any, scope: Any, hears: Iterable[Any] = (BODY,), fails_at: int = -1) -> None:
        """What a server does: notes what is sent and raised, and the bytes of both bodies. After ``hears`` the client is gone; an exception among it is raised.

        :param fails_at: sending this message raises OSError
        """
        coming = iter(hears)
        sent: list[str] = []
        size = [0, 0]
        has_content = scope.get("method") != "HEAD"  # what goes over the wire: RFC 9110, 6.4.1
        call: dict[str, Any] = {"sent": sent, "raised": None, "bytes": size if scope.get("type") == "http" else None}
        self.calls.append(call)

        async def receive() -> Any:
            for message in coming:
                await asyncio.sleep(0)
                if isinstance(message, BaseException):
                    raise message
                size[0] += len(message.get("body", b"")) if isinstance(message, dict) else 0
                return dict(message) if isinstance(message, dict) else await message()
            gone = "http.disconnect" if scope.get("type") == "http" else "websocket.disconnect"
            return {"type": gone, "code": 1005} if gone.startswith("web") else {"type": gone}

        async def send(message: Any) -> None:
            nonlocal has_content
            status = message.get("status", 200)
            has_content = has_content and not (100 <= status < 200 or status in (204, 304))
            if has_content:
                size[1] += len(message.get("body", b"")) + message.get("count", 0)
            if len(sent) == fails_at:
                raise OSError("gone")
            headers = message.get("headers")
            if headers is not None:
                message = {**message, "headers": [tuple(pair) for pair in headers]}
            sent.append(repr(message))
            await asyncio.sleep(0)

        try:
            await middleware(scope, receive, send)
        except BaseException as error:
            call["raised"] = repr(error)

    def note(self, text: object) -> None:
        """Something the application or a hook saw; must be the same on both sides."""
        self.notes.append(str(text))
