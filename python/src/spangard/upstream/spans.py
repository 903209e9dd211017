# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The `upstream` profile's spans as the application sees them through OpenTelemetry's API.

Imported only when ``opentelemetry-api`` is installed. A child span exists as an object where somebody can see it: while
``receive`` is awaited, in a hook, below another span than the request's. Its id is made when it is asked for.
"""

from __future__ import annotations

import sys
from time import perf_counter as clock
from types import MappingProxyType

from opentelemetry import context as _api
from opentelemetry import trace as trace_api
from opentelemetry.context.context import Context
from opentelemetry.trace.propagation import _SPAN_KEY as SPAN_KEY

from .._context import attach, current, leave
from .._facts import failure
from .._messages import EVENTS_KEPT
from .._read_span import ReadSpan
from .._values import members, pair_of
from .exchange import FAILED, INTERNAL, UpstreamExchange, is_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .._asgi import Message, Scope

_SUPPRESSED = tuple(
    key
    for key in (
        getattr(_api, "_SUPPRESS_INSTRUMENTATION_KEY", None),
        "suppress_instrumentation",
        getattr(_api, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", None),
    )
    if key
)


def is_suppressed(context: Context) -> bool:
    """Whether somebody has asked for no telemetry here."""
    return any(context.get(key) for key in _SUPPRESSED)


class UpstreamSpan(ReadSpan):
    """Records exceptions as the Python SDK does, and those of hooks, which must not reach the request."""

    tells_escaped = True

    def call(self, hook: Callable[..., Any], *arguments: Any) -> None:
        try:
            hook(*arguments)
        except Exception as error:
            self.record_exception(error)


class ChildSpan(UpstreamSpan):
    """The span of one message."""

    span_id = 0  # not yet asked for
    other_parent: tuple[int, int | None, int] | None = None  # None: the request's span

    def __init__(self, server: ServerSpan, above: Any, message: str, start: float) -> None:
        self._server = server
        self._message = message
        self.head = (0, start)
        self._above: Any = server
        self.sampled = server.sampled
        if above is not server:
            self._below(above)
        self.recording = self.sampled
        self.touched = False

    @property
    def spangard_request(self) -> Any:
        return self._server

    def _below(self, above: Any) -> None:
        """Another span than the request's is current, or none: sampled as any child of it."""
        middleware = self._server.middleware
        try:
            context = above.get_span_context()
        except Exception:  # none, or somebody else's
            context = trace_api.INVALID_SPAN_CONTEXT
        if context.is_valid:
            flags = int(context.trace_flags)
            self.other_parent = (context.trace_id, context.span_id, flags)
            self._above = above
            self.sampled = middleware.samples(context.trace_id, flags)
        else:
            trace_id = middleware.recorder.bits(128) or 1
            self.other_parent = (trace_id, None, 0)
            self._above = None
            self.sampled = middleware.samples(trace_id)

    def get_span_context(self) -> trace_api.SpanContext:
        context = self._own_context
        if context is None:
            self.span_id = self._server.middleware.recorder.bits(64) or 1
            above = None if self._above is None else self._above.get_span_context()
            if above is not None:
                trace_id, state = above.trace_id, above.trace_state
                flags = (int(above.trace_flags) & 0xFE) | self.sampled
            else:
                trace_id, state, flags = self.other_parent[0] if self.other_parent else 1, None, int(self.sampled)
            context = trace_api.SpanContext(trace_id, self.span_id, False, trace_api.TraceFlags(flags), state)
            self._own_context = context
        return context

    def _first_name(self) -> str:
        return f"{self._server.name} {self._message}"

    @property
    def kind(self) -> trace_api.SpanKind:
        return trace_api.SpanKind.INTERNAL

    @property
    def parent(self) -> trace_api.SpanContext | None:
        return None if self._above is None else self._above.get_span_context()

    def noted(self, value: Any, failed: Any) -> Any:
        """What the record says of it: only its value, if it is like any other."""
        self.recording = False
        did = self.span_facts() if self.touched else None
        if not self.span_id and self.other_parent is None and did is None and failed is None:
            return value
        return (value, self.span_id, self.other_parent, did, failed)


class ServerSpan(UpstreamSpan, UpstreamExchange):
    """One request: its messages and its span."""

    def _first_name(self) -> str:
        return self.head[7] or f"{self.head[9] or 'HTTP'} {self.head[12]}"

    @property
    def kind(self) -> trace_api.SpanKind:
        return trace_api.SpanKind.INTERNAL if self.head[2] & INTERNAL else trace_api.SpanKind.SERVER

    @property
    def attributes(self) -> Mapping[str, Any]:
        return MappingProxyType({**(self.head[8] or {}), **super().attributes})

    def detailed(self, details: Callable[[Scope], Any], scope: Scope) -> tuple[str | None, dict[str, Any] | None]:
        """Name and attributes by ``default_span_details``; should it fail, the defaults, and the exception is told."""
        try:
            name, attributes = pair_of(details(scope))
            return self._text(name) or None, self._all(members(attributes)) or None
        except Exception as error:
            self.record_exception(error)
            return None, None

    def answered(self, status: int | str) -> None:
        self.status_code = status
        if is_error(status):
            is_number = isinstance(status, int) and status >= 0
            description = None if is_number else f"Non-integer HTTP status: {status}"
            self.set_status(trace_api.StatusCode.ERROR, description)

    def note_sent(self, code: int, value: Any, message: Message) -> None:
        context = current()
        above = context.get(SPAN_KEY)
        hook = self.middleware.on_send
        if hook is None and above is self:
            super().note_sent(code, value, message)
            return
        start = clock()
        child = ChildSpan(self, above, f"{self.scope.get('type')} send", start)
        if hook is not None:
            token = attach(Context({**context.copy(), SPAN_KEY: child}))
            try:
                child.call(hook, child, self.scope, message)
            finally:
                leave(token)
        self._note(child, code, start, clock(), value, None)

    async def receive(self) -> Message:
        middleware = self.middleware
        asked = clock()
        if not middleware.receives:
            message: Message = await self.server_receive()
            self.counted(message, asked)
            return message
        context = current()
        child = ChildSpan(self, context.get(SPAN_KEY), f"{self.scope.get('type')} receive", asked)
        token = attach(Context({**context.copy(), SPAN_KEY: child}))
        try:
            message = await self.server_receive()
            if middleware.on_receive is not None:
                child.call(middleware.on_receive, child, self.scope, message)
        except BaseException as error:
            now = clock()  # before the stack trace is written
            told = failure(error) if issubclass(type(error), Exception) else None
            self._note(child, FAILED, asked, now, None, told)
            raise
        finally:
            leave(token)
        code, _, value = self.counted(message, asked)
        self._note(child, code, asked, clock(), value, None)
        return message

    def _note(self, child: ChildSpan, code: int, start: float, end: float, value: Any, failed: Any) -> None:
        if child.sampled:
            self.messages += (code, start, end, child.noted(value, failed))
            if len(self.messages) > EVENTS_KEPT:
                self.send_ahead()
        child.recording = False
        child.over = True

    def propagated(self, message: Message) -> Message:
        """Upstream sets the headers of a response propagator on every message, and in the application's own list."""
        propagators = _response_propagators()
        if propagators is None:
            return message
        try:
            propagator = propagators.get_global_response_propagator()
            if not propagator:
                return message
            headers = message.get("headers") or ()
            copy = {**message, "headers": list(headers)}
            propagator.inject(copy, context=trace_api.set_span_in_context(self, Context()), setter=_SETTER)
            if isinstance(headers, tuple):
                copy["headers"] = tuple(copy["headers"])
        except Exception:  # somebody else's code
            return message
        return copy


def _response_propagators() -> Any:
    """The module in which a response propagator may have been set, if anybody has loaded it."""
    return sys.modules.get("opentelemetry.instrumentation.propagators")


class _HeaderSetter:
    """Appends a header to a message: a list among lists, as frameworks have them that change headers in place."""

    def set(self, carrier: Message, key: str, value: str) -> None:
        headers = carrier["headers"]
        header = (key.lower().encode("latin-1"), value.encode("latin-1"))
        headers.append(list(header) if headers and isinstance(headers[0], list) else header)


_SETTER = _HeaderSetter()
