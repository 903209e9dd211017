# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What a request finds in OpenTelemetry's context when it begins: a parent, or what another request has left there.

Looked at only where the context is not empty. A server may start a request in a copy of the context of another one of
its own (RATIONALE.md, How is a sibling told from a caller). Used on the application's threads; keeps nothing.
"""

from __future__ import annotations

import sys
from types import FrameType

from opentelemetry import context as _api
from opentelemetry import trace as trace_api
from opentelemetry.context.context import Context
from opentelemetry.trace.propagation import _SPAN_KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any

    from ._asgi import Receive, Scope, Send

SPAN_KEY = _SPAN_KEY
REQUEST_KEY = _api.create_key("spangard-request")
"""Of the request's own span, which stays when the application makes others current."""

SERVERS = frozenset(("uvicorn", "hypercorn", "daphne", "granian", "gunicorn"))
"""Packages whose callables mean that a request came over the network."""

_PACKAGES = (__package__, f"{__package__}.upstream")
"""In which there is a middleware."""

MULTIPLEXED = frozenset(("2", "2.0", "3", "3.0"))
"""Versions of HTTP in which a connection has several requests under way; nobody calls an application with them but a
server.
"""


def beginning(
    outer: Context, scope: Scope, receive: Receive, send: Send, live: Container[int]
) -> tuple[Context, trace_api.Span | None]:
    """``outer`` without what belongs to another request, and the span in it that may be this one's parent.

    :param live: span ids of the requests that run
    """
    try:
        return _beginning(outer, scope, receive, send, live)
    except Exception:  # values of somebody else's
        return Context(), None


def _beginning(
    outer: Context, scope: Scope, receive: Receive, send: Send, live: Container[int]
) -> tuple[Context, trace_api.Span | None]:
    request: Any = outer.get(REQUEST_KEY)
    span: Any = outer.get(SPAN_KEY)
    if request is None:
        request = getattr(span, "spangard_request", None)  # a span of ours that somebody put into a context of his own
    if request is not None and not (_is_under_way(request, live) and _is_caller(request, scope, receive, send)):
        outer = _without(outer, request, span)
        span, request = outer.get(SPAN_KEY), None
    if not isinstance(span, trace_api.Span) or span is trace_api.INVALID_SPAN:
        return outer, None
    return outer, span if _is_open(span, live) else request


def _is_under_way(request: Any, live: Container[int]) -> bool:
    """It runs, and the last message of its response has not been handed over."""
    return request.span_id in live and not request.has_answered()


def _is_caller(request: Any, scope: Scope, receive: Receive, send: Send) -> bool:
    """Whether the request that begins was made by the application that serves ``request``."""
    if _is_on_the_stack(request):
        return True
    if scope.get("http_version") in MULTIPLEXED:
        return False
    return not (_is_a_servers(receive) or _is_a_servers(send))


def _is_on_the_stack(request: Any) -> bool:
    """Within a task each coroutine that waits for another is below it: the call is made while ``request`` waits."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        ours = frame.f_code.co_name == "__call__" and frame.f_globals.get("__package__") in _PACKAGES
        if ours and frame.f_locals.get("exchange") is request:
            return True
        frame = frame.f_back
    return False


def _is_a_servers(call: Any) -> bool:
    try:
        call = getattr(call, "func", call)  # daphne's is a partial
        owner = getattr(call, "__self__", call)
        module = getattr(owner, "__module__", None) or type(owner).__module__
        return module.partition(".")[0] in SERVERS
    except Exception:  # an object that answers everything
        return False


def _is_open(span: trace_api.Span, live: Container[int]) -> bool:
    """Whether children can still be put below it. Of one that is not recorded here (a caller's, one that was sampled
    out) nobody knows more than that it is there.
    """
    try:
        request = getattr(span, "spangard_request", None)
        if request is not None:
            return not span.over and _is_under_way(request, live)  # type: ignore[attr-defined]
        return isinstance(span, trace_api.NonRecordingSpan) or span.is_recording()
    except Exception:  # somebody else's span
        return False


def _without(outer: Context, request: Any, span: Any) -> Context:
    """Without the request's span and all of its trace, and without baggage; values of others' keys stay.

    Under REQUEST_KEY the request that begins is put in its place.
    """
    kept = dict(outer)
    kept.pop(_baggage_key(), None)
    try:
        if span.get_span_context().trace_id == request.get_span_context().trace_id:
            kept.pop(SPAN_KEY, None)
    except Exception:  # no span, or somebody else's
        kept.pop(SPAN_KEY, None)
    return Context(kept)


def _baggage_key() -> str:
    """Under which there is baggage, if there is any."""
    if "opentelemetry.baggage" not in sys.modules:
        return ""
    from opentelemetry.baggage import set_baggage

    return next(iter(set_baggage("", "", Context())))


def local_parent(
    outer: Context, scope: Scope, receive: Receive, send: Send, live: Container[int]
) -> tuple[Context, trace_api.SpanContext | None]:
    """`beginning` with the parent's context, for whom only a valid one is a parent."""
    outer, span = beginning(outer, scope, receive, send, live)
    return outer, None if span is None else valid_context(span)


def valid_context(span: trace_api.Span) -> trace_api.SpanContext | None:
    try:
        context = span.get_span_context()
        return context if context.is_valid else None
    except Exception:  # somebody else's span
        return None


def state_of(parent: trace_api.SpanContext) -> bytes:
    """What a child of ``parent`` has for tracestate."""
    try:
        return parent.trace_state.to_header().encode("latin-1") if parent.trace_state else b""
    except Exception:  # somebody else's
        return b""


def trace_state(state: bytes) -> trace_api.TraceState:
    """Of a valid header. The package's own reader is stricter than the W3C's grammar, and would refuse all of it."""
    made = trace_api.TraceState()
    for member in state.decode("latin-1").split(","):
        key, _, value = member.partition("=")
        made._dict[key] = value
    return made


def context_with(span: Any, outer: Context, baggage: bytes | None, is_remote: bool) -> Context:
    """A context in which ``span`` is current; what ``outer`` holds stays, and the client's baggage joins it.

    :param is_remote: the parent is the client's, and so is all baggage
    """
    held = {**outer, SPAN_KEY: span, REQUEST_KEY: span}
    if is_remote and outer:
        held.pop(_baggage_key(), None)
    context = Context(held)
    if baggage is not None:
        try:
            from opentelemetry.baggage.propagation import W3CBaggagePropagator

            context = W3CBaggagePropagator().extract({"baggage": baggage.decode("latin-1")}, context)
        except Exception:  # a client's header
            pass
    return context
