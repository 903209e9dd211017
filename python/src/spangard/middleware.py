# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder: notes the raw facts of each request and leaves the rest to the engine.

``OpenTelemetryMiddleware.__call__`` is the main path of this package, read from top to bottom as a request passes it.
It is written for speed: 3 to 5 µs a request is the whole budget, which a function call for every step would use up. The
record it ends with is laid out in docs/wire-protocol.md.
"""

from __future__ import annotations

import os
from time import perf_counter as clock

from ._buffer import BATCH, NOT_ARMED, recorder
from ._facts import MAX_FIELD_TEXT, MAX_REQUEST_TEXT, USUAL, address, cut, failure, headers_of, leave, lookup
from ._notes import MARK, noted, told
from ._sampling import Sampler, keeps
from ._tracecontext import joined, sole, traceparent, tracestate, whole
from ._values import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from typing_extensions import Self

    from ._asgi import Message, Receive, Scope, Send


NO_TEXT = b""
"""CPython has one of it, so that a look at which it is does instead of asking whether it is true."""

HTTP, WS = "http", "ws"
"""Interned, as the constants of servers are: which it is mostly tells what its type would, in half the time."""


HTTP_1_1 = "1.1"


class OpenTelemetryMiddleware:
    """Records every HTTP request and WebSocket of ``app``; an ASGI application itself.

    Takes the arguments of ``opentelemetry.instrumentation.asgi.OpenTelemetryMiddleware`` by name and position.
    Providers, tracer and meter are refused (TypeError): spans and metrics are made in the engine, which the ``OTEL_*``
    variables configure. A regular expression in an argument that does not compile is a ValueError.

    May be called on any number of event loops and threads. Never raises and never waits because of telemetry.

    What only the making of one needs is imported by it: a program that imports the application and does not serve it,
    as a migration or a command does, goes without.
    """

    def __new__(cls, *arguments: Any, **named: Any) -> Self:
        from .frameworks.own import as_fastapi_knows

        return super().__new__(as_fastapi_knows(cls))

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
        *,
        profile: str | None = None,
    ) -> None:
        from ._hooks import excluded_from, given, hooks_from, refuse_providers
        from .frameworks import route_names
        from .frameworks.own import quieting

        refuse_providers(tracer_provider=tracer_provider, meter_provider=meter_provider, tracer=tracer, meter=meter)
        self.app = app
        hidden = http_capture_headers_sanitize_fields
        captured = (http_capture_headers_server_request, http_capture_headers_server_response, hidden)
        is_upstream = self._read_settings(excluded_urls, *captured, profile=profile)
        self._api = _opentelemetry_api()
        if self._api is not None and not self._disabled:
            from .trace import offer

            offer(Sampler(self._sampling, self._parent_based))
        excluded = excluded_from(exclude_spans)
        self._choose_spans(excluded)
        self._hooks = hooks_from(
            default_span_details,
            server_request_hook,
            client_request_hook,
            client_response_hook,
            excluded,
            with_api=self._api is not None,
        )
        routes = route_names()
        self._route_name = routes.name
        self._routes_are_noted = routes.are_noted
        self._given = given(
            excluded_urls=excluded_urls,
            default_span_details=default_span_details,
            server_request_hook=server_request_hook,
            client_request_hook=client_request_hook,
            client_response_hook=client_response_hook,
            http_capture_headers_server_request=http_capture_headers_server_request,
            http_capture_headers_server_response=http_capture_headers_server_response,
            http_capture_headers_sanitize_fields=http_capture_headers_sanitize_fields,
            exclude_spans=exclude_spans,
            profile=profile,
        )
        self.recorder = recorder()
        self._quieting = quieting()
        self._http_1_1: Any = HTTP_1_1  # the server's own, once it is seen: most have a constant, told by what it is
        if is_upstream:
            from .upstream.middleware import become_upstream

            hooks = (default_span_details, server_request_hook, client_request_hook, client_response_hook)
            become_upstream(self, OpenTelemetryMiddleware, *hooks, excluded)

    def _read_settings(
        self,
        excluded_urls: Any,
        request_headers: list[str] | None,
        response_headers: list[str] | None,
        hidden: list[str] | None,
        *,
        profile: str | None,
    ) -> bool:
        """Reads arguments and variables; returns whether the profile is ``upstream``."""
        from ._captured_headers import header_capture
        from ._settings import Settings, effective, profile_name, url_excluder

        environ = effective(os.environ)
        settings = Settings(environ)
        excluder = url_excluder(excluded_urls, self.app, environ)
        self._disabled = settings.disabled
        self._excluded: Any = bool if settings.disabled else excluder  # bool(url) is true: every URL
        self._sampling = settings.sampler.edges
        self._parent_based = settings.sampler.parent_based
        self._propagators = settings.propagators
        self._baggage = settings.baggage
        self._capture = header_capture("REQUEST", request_headers, hidden, environ)
        self.capture_response = header_capture("RESPONSE", response_headers, hidden, environ)
        self._wants_measurement_facts = settings.wants_measurement_facts
        return profile_name(profile, environ) == "upstream"

    def _choose_spans(self, excluded: frozenset[str]) -> None:
        """Chooses what notes a request's messages: with OpenTelemetry's API it is also the current span."""
        from ._messages import MessageRecorder
        from ._sums import MessageCounter, TotalsRecorder
        from ._websocket import SendOnlyTotals, WebSocketTotals

        self._sampled: Any = MessageRecorder if self._api is None else self._api.SampledSpan
        self._sampled_http = self._sampled_websocket = self._sampled
        self._unsampled_http: Any = MessageCounter if self._api is None else self._api.UnsampledSpan
        self._unsampled_websocket: Any = WebSocketTotals if self._api is None else self._api.UnsampledWebSocketSpan
        if {"receive", "send"} <= excluded:  # single messages are not wanted
            self._sampled_websocket = SendOnlyTotals if self._api is None else self._api.SendOnlySpan
            self._unsampled_websocket = SendOnlyTotals if self._api is None else self._api.UnsampledSendOnlySpan
            if self.capture_response is None:  # nor is anything to be taken from them
                self._sampled_http = TotalsRecorder if self._api is None else self._api.TotalsSpan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        try:
            kind = scope["type"]
            if kind is not HTTP and type(kind) is not str:
                kind = text(kind, MAX_FIELD_TEXT)
            marked = MARK in scope
        except Exception:  # no type, or a scope that is no dict: the application's to judge
            kind = None
            marked = False
        http = kind is HTTP or kind == "http"
        if (
            (not http and kind != "websocket")
            or (marked and self._is_recorded(scope))
            or (self._excluded and self._excludes(scope))
        ):
            return await (self._lifespan if kind == "lifespan" else self.app)(scope, receive, send)
        start = clock()
        recorder = self.recorder
        sampling = self._sampling
        header: Any = None
        headers: Any
        host: Any
        agent: Any
        try:  # a subscript is half of a get; most scopes have it all
            method = scope["method"] if http else None
            scheme = scope["scheme"]
            version = scope["http_version"]
            headers = scope["headers"]
            if type(headers) is not list:
                headers = headers_of(scope)
            given = baggage = None
            if sampling is None:  # the six that are looked at, of which most requests have two
                host = agent = None
                header = {}
                count = 0
                for name, value in headers:
                    if name in {
                        b"host", b"user-agent", b"content-length", b"traceparent", b"tracestate", b"baggage"
                    }:  # fmt: skip
                        if name == b"host":
                            host = value
                        elif name == b"user-agent":
                            agent = value
                        elif type(name) is bytes:
                            header[name] = value
                            count += 1
                        else:
                            raise TypeError
                if header:
                    given = header.get(b"traceparent")
                    baggage = header.get(b"baggage")
            else:  # most will not be kept: the two that any request needs
                for name, value in headers:
                    if name in {b"traceparent", b"baggage"}:
                        if name == b"traceparent":
                            given = value if given is None else b""  # of two none is the caller's
                        else:
                            baggage = value if baggage is None else joined((baggage, value))
        except BaseException as raised:  # something in the headers is not a pair, or something is left out
            if type(raised) is KeyboardInterrupt:
                raise
            method = scope.get("method")
            scheme = scope.get("scheme")
            version = scope.get("http_version")
            headers = headers_of(scope)
            header = lookup(headers)
            count = len(headers)
            host, agent = header.get(b"host"), header.get(b"user-agent")
            given = header.get(b"traceparent")
            baggage = header.get(b"baggage")

        if scheme is (HTTP if http else WS):
            scheme = USUAL
        elif scheme is USUAL:  # the scope's own, which is no text
            scheme = None
        if version is self._http_1_1:
            version = USUAL
        elif type(version) is str and version == HTTP_1_1:
            self._http_1_1 = version
            version = USUAL
        elif version is USUAL:
            version = None

        # Its place in a trace, and whether it is kept.
        api = self._api
        outer = None if api is None else api.current()
        parent = local = None
        if outer:
            outer, local = api.parents.local_parent(outer, scope, receive, send, recorder.live)
        trace: Any
        if self._propagators is not None:
            trace, given, baggage = self._propagators(headers, given, baggage)
        elif given is None:
            trace = None
        else:
            if header is not None and len(header) != count:
                given = sole(headers, given)
            trace = traceparent(given)
        state = NO_TEXT
        bits = recorder.bits
        if trace is None:
            if local is None:
                if sampling is None:
                    trace = bits(128) or 1
                    span_id = trace >> 64 or 1  # as random as another
                    sampled: Any = True
                else:  # samplers look at the lower half of a trace's id; most will not need the upper
                    below, above, _ = sampling  # the third is one id in 2**64, and not worth a look at each
                    span_id = bits(64) or 1
                    sampled = not below <= span_id <= above
                    if sampled:
                        trace = bits(64) << 64 | span_id
            else:
                trace, parent = local.trace_id, local.span_id
                given = state = api.parents.state_of(local)  # that came from there
                span_id = bits(64) or 1
                if self._parent_based:
                    sampled = local.trace_flags & 1 == 1
                else:
                    sampled = sampling is None or keeps(sampling, trace)
        else:
            span_id = bits(64) or 1
            if self._parent_based:
                sampled = int(trace[53:55], 16) & 1 == 1
            else:
                sampled = sampling is None or keeps(sampling, int(trace[3:35], 16))

        # What stands for it while it runs: the OPEN record, and its messages as they pass.
        live = recorder.live
        if sampled:
            if header is None:
                header = lookup(headers)
                count = len(headers)
                host, agent = header.get(b"host"), header.get(b"user-agent")
            request_length = NO_TEXT
            if header:
                if b"content-length" in header:
                    request_length = header[b"content-length"]
                if given is not None and type(trace) is bytes and b"tracestate" in header:
                    state = tracestate(headers)
            try:
                path = scope["path"]
                query = scope["query_string"]
                client = scope["client"]
                if type(client) is tuple:
                    name, port = client
                    if type(name) is not str or type(port) is not int or len(name) > MAX_FIELD_TEXT:
                        client = address(client)
                elif client is not None:
                    client = address(client)
                # Types are looked at first: to ask a value of another for its length is to run its code.
                plain = (
                    (scheme is USUAL or (type(scheme) is str and len(scheme) <= MAX_FIELD_TEXT))
                    and (version is USUAL or (type(version) is str and len(version) <= MAX_FIELD_TEXT))
                    and type(path) is str
                    and (type(method) is str or method is None)
                    and type(query) is bytes
                    and type(host) is bytes
                    and type(agent) is bytes
                )
                if plain:
                    size = len(path) + len(query) + len(host) + len(agent)
                    if method is not None:
                        size += len(method)
                    if request_length is not NO_TEXT or state is not NO_TEXT:
                        plain = type(request_length) is bytes
                        if plain:
                            size += len(state) + len(request_length)
                    plain = plain and size <= MAX_REQUEST_TEXT
            except Exception:
                plain = False
            if not plain:  # too much text, none where some is expected, or something left out
                client = address(scope.get("client"))
                method, path, scheme, version, query, host, agent, state, request_length = cut(
                    method, scope.get("path"), scheme, version, scope.get("query_string"),
                    host, agent, state, request_length,
                )  # fmt: skip
            server = None if host else address(scope.get("server"))
            capture = self._capture
            captured = None if capture is None else capture(headers_of(scope))
            live[span_id] = (
                5 if http else 6, start, None, trace, span_id, state, parent, method, scheme, version,
                None, path, query, server, client, host, agent, request_length, captured,
            )  # fmt: skip
            new = self._sampled_http if http else self._sampled_websocket
            in_detail = new is self._sampled
        else:
            measurement_facts = self._measurement_facts(scope) if self._wants_measurement_facts else None
            if not (
                (scheme is USUAL or (type(scheme) is str and len(scheme) <= MAX_FIELD_TEXT))
                and (version is USUAL or (type(version) is str and len(version) <= MAX_FIELD_TEXT))
                and (len(method) <= MAX_FIELD_TEXT if type(method) is str else method is None)
            ):
                method, _, scheme, version = cut(method, None, scheme, version)
            live[span_id] = (7 if http else 8, start, span_id, method, scheme, measurement_facts)
            new = self._unsampled_http if http else self._unsampled_websocket
            in_detail = False
        exchange: Any = new()  # the request's: its span, its send and its receive
        if in_detail:
            exchange.middleware = self
            messages = exchange.messages = []
            exchange.status_code = exchange.started = None
            exchange.accepted = exchange.streams = exchange.touched = False
            exchange.recording = True
        elif http:
            exchange.received = exchange.sent = 0
            exchange.first = exchange.complete = 0.0
            exchange.status_code = exchange.started = exchange.left = None
        else:
            exchange.middleware = self
            exchange.messages = []
            exchange.accepted = False
            exchange.recording = sampled
            exchange.touched = True  # `sums` is always asked
        if recorder.due == NOT_ARMED:
            recorder.arm_slowly(start)
        exchange.span_id = span_id
        if http or in_detail:
            exchange.server_receive = receive
            exchange.server_send = send
            receive = exchange.receive
            send = exchange.send
        else:
            counted_receive, send, sums = exchange.around(receive, send)
            if new.hears:
                receive = counted_receive
        try:
            scope[MARK] = span_id
            quieting = self._quieting
            if quieting is not None:
                for key in quieting:
                    if key not in scope:
                        scope[key] = quieting[key]
        except Exception:  # a scope that takes no new keys
            pass

        # The application, with the span current in OpenTelemetry's context.
        token = failed = None
        if api is not None:
            exchange.trace = trace
            if given is not None:
                exchange.state = state
                if not sampled and type(trace) is bytes:
                    exchange.carrier = headers
            if outer or (baggage is not None and self._baggage):
                exchange.local = local
                if not self._baggage:
                    baggage = None
                elif baggage is not None and header is not None and len(header) != count:
                    baggage = whole(headers, baggage)
                context = api.parents.context_with(exchange, outer, baggage, type(trace) is bytes)
            else:
                new_context, put, span_key = api.ALONE
                context = new_context()
                put(context, span_key, exchange)
            token = api.attach(context)
        try:
            if self._hooks is not None:
                self._hooks.started(exchange, scope)
                receive, send = self._hooks.around(exchange, scope, receive, send)
            app = self.app
            return await app(scope, receive, send)
        except BaseException as error:
            end = clock()  # before the stack trace is written, which takes longer than most requests
            leave(error)
            failed = failure(error)
            exchange.broken_off(error, failed[3])
            raise
        finally:
            if sampled or not http:
                if failed is None:
                    end = clock()
            else:
                complete = exchange.complete
                if complete:
                    end = complete  # nothing is told of it that happens after its response
                else:
                    if failed is None:
                        end = clock()
                    exchange.unfinished(end)
            records = recorder.records
            try:
                del live[span_id]
            except KeyError:  # forgotten when the process was forked: it is the parent's to tell
                records = []
            if token is not None:
                try:
                    api.detach(token)
                except ValueError:  # closed by the garbage collector, in another context
                    pass
            if self._routes_are_noted or "router" in scope:
                route_name = self._route_name
                route = route_name(scope)
            else:
                route = None
            if not http and not exchange.accepted:
                exchange.unanswered(end, failed)
            if sampled:
                did = response_headers = None
                parts_ahead = 0
                if api is not None:
                    exchange.recording = False
                if exchange.touched or exchange.streams:
                    response_headers, parts_ahead = exchange.captured, exchange.parts_ahead
                    messages = exchange.message_events(start, end) if http or in_detail else sums()
                    did = None if api is None else exchange.span_facts()
                record: tuple[Any, ...] = (
                    1 if http else 2, start, end, trace, span_id, state, parent, method, scheme, version,
                    None, path, query, server, client, host, agent, request_length, captured, route,
                    exchange.status_code, None, response_headers, messages, parts_ahead, failed, did, recorder.pid,
                )  # fmt: skip
            elif http:
                record = (
                    3, start, end, method, scheme, version, route, exchange.status_code, exchange.received,
                    exchange.sent, exchange.first, complete, failed and failed[::3],
                    exchange.left, measurement_facts,
                )  # fmt: skip
            else:
                messages = sums()
                failure_brief = failed and failed[::3]
                record = (4, start, end, method, scheme, version, route, messages, failure_brief, measurement_facts)
            if recorder.announced and span_id in recorder.announced:
                recorder.announced.discard(span_id)
                if not sampled:
                    record = (record[0] + 6, *record[1:], span_id)
            records.append(told(span_id, record) if noted else record)
            if end >= recorder.next_flush_at or len(records) >= BATCH:
                recorder.appended(end)

    def _measurement_facts(self, scope: Scope) -> tuple[Any, ...] | None:
        """Of an unsampled request what trusted proxies and opt-in attributes of measurements are read from."""
        try:
            headers = headers_of(scope)
            header = lookup(headers)
            host, agent = header.get(b"host", b"")[:MAX_FIELD_TEXT], header.get(b"user-agent", b"")[:MAX_FIELD_TEXT]
            forwarded = None if self._capture is None else self._capture.for_the_engine(headers) or None
            return (address(scope.get("server")), address(scope.get("client")), host, agent, forwarded)
        except Exception:  # a scope that is no dict
            return None

    def _is_recorded(self, scope: Scope) -> bool:
        """Whether the request that has marked ``scope`` is running; a scope may be used for another one after it."""
        try:
            if scope[MARK] not in self.recorder.live:
                return False
        except Exception:  # no mark of ours
            return True
        if self._given:
            self._say_unused()
        return True

    def _say_unused(self) -> None:
        """Once, where the first request shows that another middleware is around this one."""
        from ._log import warn

        names, self._given = self._given, ()
        warn(
            f"without effect: {', '.join(names)} of an OpenTelemetryMiddleware inside of another one, which records, "
            "such as that of spangard attach; give them as variables or flags, or serve without attach"
        )

    def _excludes(self, scope: Scope) -> bool:
        """As upstream: the expression is searched for in ``scheme://host/path``, without the query.

        What is not recorded here is not to be recorded by the application's framework either.
        """
        try:
            host = lookup(headers_of(scope)).get(b"host")
            if host is None:
                name, port = address(scope.get("server")) or ("0.0.0.0", 80)  # noqa: S104
                authority = str(name) if str(port) == "80" else f"{name}:{port}"
            else:
                authority = host.decode("latin-1")
            scheme = text(scope.get("scheme", "http"), MAX_REQUEST_TEXT)
            path = text(scope.get("path", ""), MAX_REQUEST_TEXT)
            excluded = bool(self._excluded(f"{scheme}://{authority}{path}"))
            if excluded and self._quieting is not None:
                for key in self._quieting:
                    scope.setdefault(key, self._quieting[key])
            return excluded
        except Exception:
            return False

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Passed through. At start-up the connection is made, if it is clear which server this is; before the shutdown
        is complete, after which the process may end at once, all that waits is delivered.
        """
        if self._disabled:
            return await self.app(scope, receive, send)
        recorder = self.recorder
        lifespan = None
        try:
            from ._farewell import Lifespan, watch_uvicorn
            from ._instance import serves_what_it_was_given

            watch_uvicorn(recorder)
            if not serves_what_it_was_given():
                recorder.flush()
            lifespan = Lifespan(recorder, send)
            send = lifespan.send
        except Exception:  # the application starts, whatever may be wrong here
            pass
        try:
            return await self.app(scope, receive, send)
        except BaseException as error:
            leave(error)
            raise
        finally:
            if lifespan is not None and lifespan.has_started:
                recorder.drain()


def _opentelemetry_api() -> Any:
    """Our module of the current span, if the package opentelemetry-api is there."""
    try:
        from . import _context
    except ImportError:
        return None
    return _context
