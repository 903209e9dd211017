# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Requests that begin in the context of another one, and what their application finds current."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

from opentelemetry import baggage, context, trace

from asgi import Server, hello, http_scope
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


ALICE = [(b"baggage", b"user=alice,token=secret")]
START = {"type": "http.response.start", "status": 200, "headers": []}
CHUNK = {"type": "http.response.body", "body": b"x", "more_body": True}
LAST = {"type": "http.response.body", "body": b""}


class Seen:
    """What the application behind the middleware finds current."""

    def __init__(self, profile: str = "stable", **arguments: Any) -> None:
        self.contexts: list[trace.SpanContext] = []
        self.baggage: list[dict[str, object]] = []
        self.values: list[Any] = []
        self.app: Any = OpenTelemetryMiddleware(self._asked, profile=profile, **arguments)

    async def _asked(self, scope: Any, receive: Any, send: Any) -> None:
        self.contexts.append(trace.get_current_span().get_span_context())
        self.baggage.append(dict(baggage.get_all()))
        self.values.append(context.get_value("theirs"))
        if scope["type"] == "http":
            await hello(scope, receive, send)

    async def ask(self, scope: Any = None) -> None:
        server = Server()
        await self.app(scope if scope is not None else http_scope(), server.receive, server.send)

    async def ask_in(self, copied: contextvars.Context, scope: Any = None) -> None:
        """As a server whose connection was left in another request's context."""
        await in_context(copied, lambda: self.ask(scope))


async def in_context(copied: contextvars.Context, do: Callable[[], Awaitable[Any]]) -> None:
    """A new task in ``copied``; ``create_task`` has an argument for that from 3.11 only."""
    loop = asyncio.get_running_loop()
    await copied.run(lambda: loop.create_task(do()))  # type: ignore[arg-type]


async def request(do: Callable[[Any, Any, Any], Awaitable[None]], profile: str = "stable", **changes: Any) -> None:
    """One recorded request, served by ``do``."""
    server = Server({"type": "http.request"})
    app: Any = OpenTelemetryMiddleware(do, profile=profile)
    await app(http_scope(**{"headers": [*ALICE], **changes}), server.receive, server.send)


class TheirSpan(trace.Span):
    """A span as the SDK has them, below what is current: it records until it ends."""

    def __init__(self) -> None:
        trace_id = now().trace_id or 0xABC
        self._context = trace.SpanContext(trace_id, id(self), False, trace.TraceFlags(1))
        self.recording = True

    def get_span_context(self) -> trace.SpanContext:
        return self._context

    def is_recording(self) -> bool:
        return self.recording

    def end(self, end_time: int | None = None) -> None:
        self.recording = False

    def _ignore(self, *arguments: Any, **named: Any) -> None: ...

    set_attribute = set_attributes = add_event = update_name = set_status = record_exception = _ignore


def is_root(seen: Seen, first: trace.SpanContext) -> None:
    [found] = seen.contexts
    assert found.trace_id != first.trace_id
    assert seen.baggage == [{}]


def is_below(seen: Seen, first: trace.SpanContext) -> None:
    [found] = seen.contexts
    assert found.trace_id == first.trace_id
    assert found.span_id != first.span_id
    assert seen.baggage == [{"user": "alice", "token": "secret"}]


def now() -> trace.SpanContext:
    return trace.get_current_span().get_span_context()
