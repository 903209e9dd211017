# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The `upstream` profile: the names and shapes of `opentelemetry-instrumentation-asgi`, a child span per message.

What can only be decided in the application's process is decided here: kind and parent of the request's span, whether
instrumentation is suppressed, under which span a message is sent, what hooks do. The engine makes the rest. Records:
docs/wire-protocol.md, Upstream records.
"""

from __future__ import annotations

import contextlib
from time import perf_counter as clock

from .._buffer import BATCH, NOT_ARMED
from .._facts import MAX_REQUEST_TEXT, address, cut, failure, headers_of, leave, lookup
from .._notes import MARK, noted, told
from .._sampling import keeps
from .._tracecontext import sole, traceparent, tracestate, whole
from .._values import text
from ..frameworks.own import as_fastapi_knows
from .exchange import CANCELLED, DISCONNECTED, INTERNAL, SAMPLED, UpstreamExchange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._asgi import Receive, Scope, Send


class Upstream:
    """The ``__call__`` that an ``OpenTelemetryMiddleware`` gets with ``profile="upstream"``; all else is that one's."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    details: Any
    on_request: Any
    on_receive: Any
    on_send: Any
    receives: bool
    sends: bool
    exchange: Any
    spans: Any

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        try:
            kind = scope["type"]
            if type(kind) is not str:
                kind = text(kind, MAX_REQUEST_TEXT)
            marked = MARK in scope
        except Exception:  # no type, or a scope that is no dict: the application's to judge
            kind = None
            marked = False
        api = self._api
        recorder = self.recorder
        above = None
        outer = None if api is None else api.current()
        if outer and (kind == "http" or kind == "websocket"):
            outer, above = api.parents.beginning(outer, scope, receive, send, recorder.live)
        if (
            (outer and self.spans.is_suppressed(outer))
            or (kind != "http" and kind != "websocket")
            or (marked and self._is_recorded(scope))
            or (self._excluded and self._excludes(scope))
        ):
            return await (self._lifespan if kind == "lifespan" else self.app)(scope, receive, send)
        start = clock()
        headers = scope.get("headers")
        if type(headers) is not list:
            headers = headers_of(scope)
        header = _first(headers)

        # Its place in a trace: below a span that is current, else as the caller says, else on its own.
        trace: Any = None
        parent = baggage = local = None
        state = b""
        if above is None:
            given, baggage = header.get(b"traceparent"), header.get(b"baggage")
            if len(header) != len(headers):
                given, baggage = sole(headers, given), whole(headers, baggage)
            if self._propagators is None:
                trace = None if given is None else traceparent(given)
            else:
                trace, given, baggage = self._propagators(headers, given, baggage)
        else:
            local = api.parents.valid_context(above)
        if trace is not None:
            sampled = self.samples(int(trace[3:35], 16), int(trace[53:55], 16))
            if given is not None and b"tracestate" in header:
                state = tracestate(headers)
        elif local is not None:
            trace, parent, state = local.trace_id, local.span_id, api.parents.state_of(local)
            sampled = self.samples(trace, local.trace_flags)
        else:
            trace = recorder.bits(128) or 1
            sampled = self.samples(trace)
        span_id = recorder.bits(64) or 1

        exchange = self.exchange()
        exchange.middleware = self
        exchange.scope = scope
        exchange.trace = trace
        exchange.span_id = span_id
        if state:
            exchange.state = state
        exchange.sampled = exchange.recording = sampled
        exchange.server_receive = receive
        exchange.server_send = send
        exchange.messages = []
        exchange.received = exchange.sent = 0
        exchange.status_code = exchange.started = None
        exchange.ended = 0.0
        exchange.final = exchange.trailers = exchange.disconnected = False
        name = details = None
        if self.details is not None:
            name, details = exchange.detailed(self.details, scope)

        # What the scope says now; the application may change it.
        method = scope.get("method")
        path = scope.get("path", "")
        query = scope.get("query_string", b"")
        host = header.get(b"host")
        server_name = host
        agent = header.get(b"user-agent", b"")
        if host is None:
            host = b""
        elif len(header) < len(headers):
            server_name = _all(headers, b"host", host)
        scheme = scope.get("scheme")
        version = scope.get("http_version")
        plain = (
            type(path) is type(scheme) is type(version) is str
            and (type(method) is str or method is None)
            and type(query) is type(host) is type(agent) is type(state) is bytes
            and len(path) + len(b"".join((query, host, agent, state, server_name or b""))) <= MAX_REQUEST_TEXT
        )
        if not plain:
            method, path, scheme, version, query, host, agent, state, all_names = cut(
                method, path, scheme, version, query, host, agent, state, server_name
            )
            server_name = None if server_name is None else all_names
        internal = above is not None
        captures = sampled and not internal
        capture = self._capture
        exchange.captures = self.capture_response if captures else None
        head = exchange.head = (
            14 if kind == "http" else 15, start, (SAMPLED if sampled else 0) | (INTERNAL if internal else 0),
            trace, span_id, state, parent, name, details, method, scheme, version,
            path, query, address(scope.get("server")), address(scope.get("client")), host, server_name, agent,
            capture(headers) if captures and capture is not None else None, recorder.pid,
        )  # fmt: skip
        live = recorder.live
        live[span_id] = head
        if recorder.due == NOT_ARMED:
            recorder.arm_slowly(start)
        with contextlib.suppress(Exception):  # a scope that takes no new keys
            scope[MARK] = span_id
            if self._quieting is not None:
                for key in self._quieting:
                    scope.setdefault(key, self._quieting[key])

        token = failed = None
        if api is not None:
            is_remote = above is None and type(trace) is bytes
            if local is not None:
                exchange.local = local
            if not self._baggage:
                baggage = None
            token = api.attach(api.parents.context_with(exchange, outer, baggage, is_remote))
        outcome = 0
        try:
            if self.on_request is not None:
                exchange.call(self.on_request, exchange, scope)
            result = await self.app(scope, exchange.receive, exchange.send)
        except BaseException as error:
            end = clock()  # before the stack trace is written
            leave(error)
            raised = failure(error)
            if issubclass(type(error), Exception):
                failed = raised
            elif raised[3] == 1:
                outcome = CANCELLED
            raise
        else:
            end = clock()
            return result
        finally:
            is_forks = live.pop(span_id, None) is None  # forgotten then: it is the parent's to tell
            if token is not None:
                api.leave(token)
            exchange.recording = False
            if exchange.messages and not sampled:  # they belong to a trace that is
                exchange.send_ahead()
            if exchange.disconnected:
                outcome |= DISCONNECTED
            records: list[Any] = [] if is_forks else recorder.records
            record = (
                head[0] - 2, *head[1:], end, exchange.ended, self._target(scope), exchange.status_code,
                exchange.received, exchange.sent, exchange.captured, outcome, failed, exchange.span_facts(),
                exchange.messages or None,
            )  # fmt: skip
            records.append(told(span_id, record) if noted else record)
            if recorder.announced:
                recorder.announced.discard(span_id)
            if end >= recorder.next_flush_at or len(records) >= BATCH:
                recorder.appended(end)

    def samples(self, trace_id: int, parents_flags: int | None = None) -> bool:
        """Whether a span is kept: as its parent is, or by the trace's id at the top of one."""
        if parents_flags is not None and self._parent_based:
            return bool(parents_flags & 1)
        return self._sampling is None or keeps(self._sampling, trace_id)

    def _target(self, scope: Scope) -> str | None:
        """`http.target` of metrics: upstream's condition, a route with `path_format`, and the whole template for it."""
        try:
            template = getattr(scope.get("route"), "path_format", None)
            if not template:
                if self._routes_are_noted:
                    self._route_name(scope)  # so that no note outlives its request
                return None
            named = self._route_name(scope)
            if named is None:
                named = (text(scope.get("root_path"), MAX_REQUEST_TEXT) or "") + (
                    text(template, MAX_REQUEST_TEXT) or ""
                )
            return text(named, MAX_REQUEST_TEXT)
        except Exception:  # an object of the application's
            return None


def become_upstream(
    middleware: Any, base: type, details: Any, on_request: Any, on_receive: Any, on_send: Any, excluded: frozenset[str]
) -> None:
    """The last step of construction: ``middleware`` gets this profile's ``__call__``, so that `stable` asks nothing.

    ``base`` is the class of ours that it is, or that its class is made of.
    """
    made = type(middleware)
    own = made in (base, as_fastapi_knows(base))
    upstream = _upstream_of(base)
    middleware.__class__ = as_fastapi_knows(upstream if own else type(made.__name__, (made, upstream), {}))
    middleware.receives = "receive" not in excluded
    middleware.sends = "send" not in excluded
    with_api = middleware._api is not None
    if with_api:
        from . import spans

        middleware.spans = spans
        middleware.exchange = spans.ServerSpan
    else:
        middleware.exchange = UpstreamExchange
    middleware.details = details if with_api else None
    middleware.on_request = on_request if with_api else None
    middleware.on_receive = on_receive if with_api and middleware.receives else None
    middleware.on_send = on_send if with_api and middleware.sends else None


_made: dict[type, type] = {}


def _upstream_of(base: type) -> type:
    """The one class for all middleware of ``base`` in this profile."""
    known = _made.get(base)
    if known is None:
        known = _made[base] = type("UpstreamMiddleware", (Upstream, base), {"__module__": __name__})
    return known


def _first(headers: list[Any]) -> dict[bytes, Any]:
    """Lower-case name → first value, as upstream looks headers up."""
    try:
        return {bytes.lower(name): value for name, value in reversed(headers)}
    except Exception:  # something in it is not a pair
        return lookup(headers[::-1])


def _all(headers: list[Any], wanted: bytes, first: Any) -> Any:
    """All values of a header, joined."""
    try:
        return b",".join([value for name, value in headers if bytes.lower(name) == wanted])
    except Exception:
        return first
