# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder: notes the raw facts of each request and leaves the rest to the engine.

``OpenTelemetryMiddleware.__call__`` is the main path of this package, read from top to bottom as a request passes it. It is written
for speed: 3 to 5 µs a request is the whole budget, which a function call for every step would use up. The record it ends with is laid
out in docs/wire-protocol.md.
"""

from __future__ import annotations

import os
import sys
from random import Random
from time import perf_counter as clock

from ._buffer import recorder
from ._facts import MAX_REQUEST_TEXT, cut, failure, headers_of, lookup, traceparent
from ._hooks import hooks_from, refuse_providers
from ._messages import Counted, Detailed
from ._settings import Settings, header_capture, url_excluder
from .frameworks import RouteNames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping
    from typing import Any

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_MARK = "spangard"
"""Scope key of a request that is being recorded: a second wrapper, ours or nested, records nothing more."""

_ids = Random()  # not the module's functions: applications seed those
bits = _ids.getrandbits
os.register_at_fork(after_in_child=_ids.seed)


class OpenTelemetryMiddleware:
    """Records every HTTP request and WebSocket of ``app``; an ASGI application itself: ``app = OpenTelemetryMiddleware(app)``.

    Takes the arguments of ``opentelemetry.instrumentation.asgi.OpenTelemetryMiddleware`` by name and position. Providers, tracer and
    meter are refused: spans and metrics are made in the engine, which the ``OTEL_*`` variables configure.

    May be called on any number of event loops and threads. Never raises and never waits because of telemetry.
    """

    def __init__(
        self,
        app: Any,
        excluded_urls: Any = None,
        default_span_details: Callable[[Scope], tuple[str, dict[str, Any]]] | None = None,
        server_request_hook: Callable[[Any, Scope], None] | None = None,
        client_request_hook: Callable[[Any, Scope, Message], None] | None = None,
        client_response_hook: Callable[[Any, Scope, Message], None] | None = None,
        tracer_provider: None = None,
        meter_provider: None = None,
        tracer: None = None,
        meter: None = None,
        http_capture_headers_server_request: list[str] | None = None,
        http_capture_headers_server_response: list[str] | None = None,
        http_capture_headers_sanitize_fields: list[str] | None = None,
        exclude_spans: Iterable[str] | None = None,
    ) -> None:
        refuse_providers(tracer_provider=tracer_provider, meter_provider=meter_provider, tracer=tracer, meter=meter)
        self.app = app
        settings = Settings(os.environ)
        excluder = url_excluder(excluded_urls, app, os.environ)
        self._excluded: Callable[[str], object] | None = bool if settings.disabled else excluder  # bool(url): every URL
        self._root_sampler = settings.sampler.root
        self._parent_based = settings.sampler.parent_based
        self._trace_context = settings.trace_context
        self._baggage = settings.baggage
        hidden = http_capture_headers_sanitize_fields
        self._capture = header_capture("REQUEST", http_capture_headers_server_request, hidden, os.environ)
        self._capture_response = header_capture("RESPONSE", http_capture_headers_server_response, hidden, os.environ)
        self._api = _opentelemetry_api()
        self._hooks = hooks_from(
            default_span_details,
            server_request_hook,
            client_request_hook,
            client_response_hook,
            exclude_spans,
            with_api=self._api is not None,
        )
        self._route_name = RouteNames()
        self._recorder = recorder()
        # FastAPI leaves its own telemetry out for a request whose scope has its key
        self._quiets_fastapi = "fastapi" in sys.modules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        kind = scope.get("type")
        if (kind != "http" and kind != "websocket") or _MARK in scope or (self._excluded and self._excludes(scope)):
            return await (self._lifespan if kind == "lifespan" else self.app)(scope, receive, send)
        start = clock()
        recorder = self._recorder

        # What the client sent: each header is looked at once, and is hostile.
        headers = scope.get("headers")
        try:
            if type(headers) is not list:
                headers = headers_of(scope)
            header = dict(headers).get
        except Exception:
            headers = headers_of(scope)
            header = lookup(headers).get
        host = header(b"host", b"")
        agent = header(b"user-agent", b"")
        state = header(b"tracestate", b"")
        request_length = header(b"content-length", b"")
        path = scope.get("path", "")
        query = scope.get("query_string", b"")
        root_path = scope.get("root_path", "")
        method = scope.get("method")
        try:
            size = len(path) + len(query) + len(root_path) + len(b"".join((host, agent, state, request_length)))
            plain = size <= MAX_REQUEST_TEXT and type(query) is bytes
        except Exception:
            plain = False
        if not plain:
            path, root_path, query, host, agent, state, request_length = cut(
                path, root_path, query, host, agent, state, request_length
            )
        capture = self._capture
        captured = None if capture is None else capture(headers)

        # Its place in a trace, and whether it is kept.
        given = header(b"traceparent")
        trace: Any = None if given is None or not self._trace_context else traceparent(given)
        api = self._api
        outer = None if api is None else api.current()
        parent = None
        sample = self._root_sampler
        if trace is None:
            state = b""
            local = api.local_parent(outer) if outer else None
            if local is None:
                trace = bits(128) or 1
                sampled = sample is None or sample(trace)
            else:
                trace, parent = local.trace_id, local.span_id
                sampled = local.trace_flags & 1 if self._parent_based else sample is None or sample(trace)
        elif self._parent_based:
            sampled = int(trace[53:55], 16) & 1
        else:
            sampled = sample is None or sample(int(trace[3:35], 16))
        span_id = bits(64) or 1

        # What stands for it while it runs: the OPEN record, and the messages as they pass.
        scheme = scope.get("scheme")
        live = recorder.live
        is_http = kind == "http"
        if sampled:
            version = scope.get("http_version")
            server = scope.get("server")
            client = scope.get("client")
            live[span_id] = (
                5 if is_http else 6, start, None, trace, span_id, state, parent, method, scheme, version, root_path, path,
                query, server, client, host, agent, request_length, captured,
            )  # fmt: skip
            messages: Any = Detailed(receive, send, self._capture_response, span_id, recorder)
        else:
            live[span_id] = (7 if is_http else 8, start, span_id, method, scheme, host)
            messages = Counted(receive, send)
        receive, send = messages.receive, messages.send
        scope[_MARK] = span_id
        if self._quiets_fastapi and "fastapi.telemetry" not in scope:
            scope["fastapi.telemetry"] = None

        # The application, with the span current in OpenTelemetry's context.
        span = token = failed = None
        if api is not None:
            span = api.CurrentSpan()
            span.trace = trace
            span.span_id = span_id
            if state:
                span.state = state
            if not sampled:
                span.recording = span.sampled = False
            baggage = header(b"baggage") if self._baggage else None
            token = api.attach(api.context_with(span, outer, baggage))
            hooks = self._hooks
            if hooks is not None:
                hooks.started(span, scope)
                receive, send = hooks.around(span, scope, receive, send)
        try:
            return await self.app(scope, receive, send)
        except BaseException as error:
            failed = failure(error)
            raise
        finally:
            end = clock()
            live.pop(span_id, None)
            if token is not None:
                try:
                    api.detach(token)
                except ValueError:  # closed by the garbage collector, in another context
                    pass
            try:
                route = self._route_name(scope)
            except Exception:
                route = None
            if sampled:
                did = None
                if span is not None:
                    span.recording = False
                    if span.touched:
                        did = span.taken()
                recorder.records.append((
                    1 if is_http else 2, start, end, trace, span_id, state, parent, method, scheme, version, root_path, path,
                    query, server, client, host, agent, request_length, captured, route, messages.status, messages.length,
                    messages.captured, messages.events, messages.spilled, failed, did, recorder.pid,
                ))  # fmt: skip
            else:
                announced = span_id in recorder.announced
                recorder.records.append((
                    (3 if is_http else 4) + (6 if announced else 0), start, end, method, scheme, scope.get("http_version"), route,
                    messages.status, messages.received, messages.sent, messages.first, messages.complete,
                    None if failed is None else failed[0], messages.disconnected, host, *((span_id,) if announced else ()),
                ))  # fmt: skip
            recorder.appended(end)

    def _excludes(self, scope: Scope) -> bool:
        """As upstream: the expression is searched for in ``scheme://host/path``, without the query."""
        try:
            host = lookup(headers_of(scope)).get(b"host")
            if host is None:
                name, port = (scope.get("server") or ("0.0.0.0", 80))[:2]
                authority = str(name) if str(port) == "80" else f"{name}:{port}"
            else:
                authority = host.decode("latin-1")
            return bool(self._excluded(f"{scope.get('scheme', 'http')}://{authority}{scope.get('path', '')}"))
        except Exception:
            return False

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Passed through; at start-up the connection is made, at shutdown all that waits is written."""
        recorder = self._recorder
        recorder.flush()
        try:
            return await self.app(scope, receive, send)
        finally:
            recorder.drain()


def _opentelemetry_api() -> Any:
    """Our module of the current span, if the package opentelemetry-api is there."""
    try:
        from . import _context
    except ImportError:
        return None
    return _context
