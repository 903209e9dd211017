# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A request that begins in a context where another request's span is: below it if that made the call, else on its own.

Servers start a request in a copy of the context of another one on the same connection; here that copy is made by hand.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, context, trace

from asgi import Server, hello, http_scope, websocket_scope
from spangard import OpenTelemetryMiddleware, _parents
from spangard._messages import EVENTS_KEPT
from spangard._parents import REQUEST_KEY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from engine import FakeEngine

TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ALICE = [(b"baggage", b"user=alice,token=secret")]
START = {"type": "http.response.start", "status": 200, "headers": []}
CHUNK = {"type": "http.response.body", "body": b"x", "more_body": True}
LAST = {"type": "http.response.body", "body": b""}
PROFILES = ["stable", "upstream"]
SAMPLERS = ["parentbased_always_on", "parentbased_always_off"]


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


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=SAMPLERS, autouse=True)
def _sampler(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, recorder: Any) -> Iterator[None]:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", request.param)
    yield
    assert not recorder.live


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


def test_in_the_context_of_a_request_that_is_over_it_is_a_root_without_baggage(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        left: list[Any] = []

        async def upload(scope: Any, receive: Any, send: Any) -> None:
            left.append((contextvars.copy_context(), now()))
            await hello(scope, receive, send)

        await request(upload, profile)
        copied, first = left[0]
        await seen.ask_in(copied)
        is_root(seen, first)

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["whole", "streamed", "trailers", "pathsend"])
def test_after_the_response_it_is_a_root_though_background_work_goes_on(profile: str, kind: str) -> None:
    seen = Seen(profile)
    ends = {
        "whole": [START, LAST],
        "streamed": [START, CHUNK, LAST],
        "trailers": [{**START, "trailers": True}, LAST, {"type": "http.response.trailers", "headers": []}],
        "pathsend": [START, {"type": "http.response.pathsend", "path": "/etc/hostname"}],
    }

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            first = now()
            for message in ends[kind]:
                await send(message)
            await seen.ask_in(contextvars.copy_context())
            is_root(seen, first)

        await request(app, profile)

    asyncio.run(main())


def test_a_streamed_response_under_way_is_a_parent(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            for _ in range(200):  # some of it sent ahead
                await send(CHUNK)
            await seen.ask()
            is_below(seen, now())

        await request(app, profile)

    asyncio.run(main())


def test_a_server_that_goes_on_within_the_last_send_begins_a_root(profile: str) -> None:
    """With eager tasks the next request runs before that ``send`` has returned."""
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(START)
            await send(LAST)

        async def send(message: Any) -> None:
            if message is LAST:
                first = now()
                await seen.ask()
                is_root(seen, first)

        made: Any = OpenTelemetryMiddleware(app, profile=profile)
        await made(http_scope(headers=[*ALICE]), Server().receive, send)

    asyncio.run(main())


def _awaited(do: Any) -> Any:
    return do()


def _gathered(do: Any) -> Any:
    return asyncio.gather(do())


async def _in_a_thread(do: Any) -> None:
    """As a synchronous handler with a test client: a loop of its own in another thread."""
    copied = contextvars.copy_context()
    await asyncio.get_running_loop().run_in_executor(None, lambda: copied.run(asyncio.run, do()))


@pytest.mark.parametrize("way", [_awaited, _gathered, _in_a_thread])
def test_a_call_that_the_application_makes_is_below_it(profile: str, way: Any) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await way(seen.ask)
            is_below(seen, now())
            await hello(scope, receive, send)

        await request(app, profile)

    asyncio.run(main())


@pytest.mark.parametrize("way", [_awaited, _gathered, _in_a_thread])
def test_calls_are_told_from_siblings_several_deep(profile: str, way: Any) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def middle(scope: Any, receive: Any, send: Any) -> None:
            await way(seen.ask)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await way(lambda: request(middle, profile, headers=[]))
            is_below(seen, now())

        await request(app, profile)

    asyncio.run(main())


def test_a_stream_of_the_same_http2_connection_is_a_root_while_the_other_runs(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await seen.ask_in(contextvars.copy_context(), http_scope(http_version="2"))
            is_root(seen, now())

        await request(app, profile, http_version="2")

    asyncio.run(main())


def test_a_call_from_an_http2_request_is_below_it(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await seen.ask(http_scope(http_version="2"))
            is_below(seen, now())

        await request(app, profile, http_version="2")

    asyncio.run(main())


def _bound(server: Server) -> tuple[Any, Any]:
    """As uvicorn's."""
    return server.receive, server.send


def _send_only(server: Server) -> tuple[Any, Any]:
    """As hypercorn's."""
    return asyncio.Queue[Any]().get, server.send


def _receive_only(server: Server) -> tuple[Any, Any]:
    return server.receive, asyncio.Queue[Any]().put


def _partial(server: Server) -> tuple[Any, Any]:
    """As daphne's."""
    return asyncio.Queue[Any]().get, functools.partial(server.send)


@pytest.mark.parametrize("calls", [_bound, _send_only, _receive_only, _partial])
def test_a_request_that_a_server_serves_came_over_the_network(
    profile: str, monkeypatch: pytest.MonkeyPatch, calls: Any
) -> None:
    """Whatever its connection's context is: the application may have started the server."""
    monkeypatch.setattr(_parents, "SERVERS", {Server.__module__})
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await in_context(contextvars.copy_context(), lambda: seen.app(http_scope(), *calls(Server())))
            is_root(seen, now())

        await request(app, profile)

    asyncio.run(main())


def test_a_stream_is_a_root_also_where_nothing_but_the_others_span_is_in_the_context(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            token = context.attach(trace.set_span_in_context(trace.get_current_span(), context.Context()))
            await seen.ask_in(contextvars.copy_context(), http_scope(http_version="2"))
            context.detach(token)
            is_root(seen, now())

        await request(app, profile, http_version="2")

    asyncio.run(main())


def test_a_span_of_a_request_that_is_over_gives_way_to_the_one_that_runs(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        spans: list[Any] = []

        async def first(scope: Any, receive: Any, send: Any) -> None:
            spans.append(trace.get_current_span())

        async def second(scope: Any, receive: Any, send: Any) -> None:
            running = now()
            with trace.use_span(spans[0]):
                await seen.ask()
            is_below(seen, running)

        await request(first, profile)
        await request(second, profile)

    asyncio.run(main())


def test_a_response_stays_complete_when_what_was_noted_of_it_is_sent_ahead() -> None:
    seen = Seen()

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            first = now()
            await hello(scope, receive, send)
            for _ in range(2 * EVENTS_KEPT):
                await receive()
            await seen.ask_in(contextvars.copy_context())
            is_root(seen, first)

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        made: Any = OpenTelemetryMiddleware(app)
        await made(http_scope(headers=[*ALICE]), receive, Server().send)

    asyncio.run(main())


def test_a_running_websocket_is_a_parent_and_a_closed_one_is_not(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await seen.ask()
            is_below(seen, now())

        made: Any = OpenTelemetryMiddleware(app, profile=profile)
        server = Server({"type": "websocket.connect"})
        await made(websocket_scope(headers=[*ALICE]), server.receive, server.send)

    asyncio.run(main())


@pytest.mark.parametrize("exclude_spans", [None, ["receive", "send"]])
def test_a_closed_websocket_is_no_parent(exclude_spans: Any) -> None:
    seen = Seen()

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            first = now()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close"})
            await seen.ask_in(contextvars.copy_context())
            is_root(seen, first)

        made: Any = OpenTelemetryMiddleware(app, exclude_spans=exclude_spans)
        await made(websocket_scope(headers=[*ALICE]), Server().receive, Server().send)

    asyncio.run(main())


def test_a_websocket_in_a_stale_context_is_a_root(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        left: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            left.append((contextvars.copy_context(), now()))

        await request(app, profile)
        await seen.ask_in(left[0][0], websocket_scope())
        is_root(seen, left[0][1])

    asyncio.run(main())


def test_of_a_stale_context_others_values_stay_and_nothing_of_its_trace(profile: str) -> None:
    """Its own spans among them, though one of them has not ended."""
    seen = Seen(profile)

    async def main() -> None:
        left: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            token = context.attach(context.set_value("theirs", "kept"))
            with trace.use_span(TheirSpan()), trace.use_span(TheirSpan()):
                context.attach(baggage.set_baggage("added", "by the application"))
                left.append((contextvars.copy_context(), now()))
            context.detach(token)

        await request(app, profile)
        copied, first = left[0]
        await seen.ask_in(copied)
        is_root(seen, first)
        assert seen.values == ["kept"]

    asyncio.run(main())


def test_a_span_that_has_ended_is_no_parent(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        span = TheirSpan()
        with trace.use_span(span):
            span.end()
            await seen.ask()
        assert seen.contexts[0].trace_id != span.get_span_context().trace_id

    asyncio.run(main())


def test_a_running_span_of_the_application_is_the_parent_and_its_ended_one_gives_way_to_the_request(
    profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, late = Seen(profile), Seen(profile)
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            span = TheirSpan()
            with trace.use_span(span):
                await seen.ask()
                span.end()
                await late.ask()

        await request(app, profile)
        assert seen.contexts[0].trace_id == late.contexts[0].trace_id

    asyncio.run(main())


def test_a_span_that_breaks_when_asked_is_no_parent(profile: str) -> None:
    seen = Seen(profile)

    class Broken(trace.NonRecordingSpan):
        def get_span_context(self) -> Any:
            raise RuntimeError

        def is_recording(self) -> bool:
            raise RuntimeError

    async def main() -> None:
        with trace.use_span(Broken(trace.INVALID_SPAN_CONTEXT)):
            await seen.ask()
        assert seen.contexts[0].is_valid

    asyncio.run(main())


def test_a_scope_that_breaks_when_asked_is_a_root() -> None:
    seen = Seen()

    class Odd:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise RuntimeError

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await seen.ask_in(contextvars.copy_context(), http_scope(http_version=Odd()))
            is_root(seen, now())

        await request(app)

    asyncio.run(main())


def test_with_a_traceparent_of_its_own_it_has_its_own_baggage_only() -> None:
    with_some, with_none = Seen(), Seen()

    async def main() -> None:
        token = context.attach(baggage.set_baggage("foreign", "1"))
        await with_some.ask(http_scope(headers=[(b"traceparent", TRACEPARENT), (b"baggage", b"user=bob")]))
        await with_none.ask(http_scope(headers=[(b"traceparent", TRACEPARENT)]))
        context.detach(token)

    asyncio.run(main())
    assert with_some.baggage == [{"user": "bob"}]
    assert with_none.baggage == [{}]
    assert f"{with_some.contexts[0].trace_id:032x}".encode() == TRACEPARENT[3:35]


def test_a_span_of_ours_in_a_context_of_somebodys_own_is_a_parent_only_while_it_runs(profile: str) -> None:
    seen, late = Seen(profile), Seen(profile)

    async def main() -> None:
        left: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            left.append(trace.get_current_span())
            token = context.attach(trace.set_span_in_context(left[0], context.Context()))
            await seen.ask()
            context.detach(token)
            assert seen.contexts[0].trace_id == now().trace_id

        await request(app, profile)
        with trace.use_span(left[0]):
            await late.ask()
        assert late.contexts[0].trace_id != seen.contexts[0].trace_id

    asyncio.run(main())


def test_a_child_inherits_tracestate(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await seen.ask()

        await request(app, profile, headers=[(b"traceparent", TRACEPARENT), (b"tracestate", b"a=1,b=2")])

    asyncio.run(main())
    assert seen.contexts[0].trace_state.to_header() == "a=1,b=2"


def test_a_span_of_a_message_that_has_ended_gives_way_to_its_request(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the `upstream` profile the server's code runs below the span of ``receive``."""
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")
    seen = Seen("upstream")
    copies: list[contextvars.Context] = []

    class Copying(Server):
        async def receive(self) -> dict[str, Any]:
            copies.append(contextvars.copy_context())
            return await super().receive()

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await seen.ask_in(copies[0])
            is_below(seen, now())
            await send(START)
            await send(LAST)
            await seen.ask_in(copies[0])

        made: Any = OpenTelemetryMiddleware(app, profile="upstream")
        server = Copying({"type": "http.request"})
        await made(http_scope(headers=[*ALICE]), server.receive, server.send)
        made.recorder.flush()

    asyncio.run(main())
    child, sibling, outer = engine.upstreams(3)
    assert (child["parent"], sibling["parent"]) == (outer["span_id"], None)
    assert seen.contexts[1].trace_id != seen.contexts[0].trace_id
    assert seen.baggage[1] == {}


def test_the_records_say_the_same(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")
    seen = Seen()

    async def main() -> None:
        left: list[contextvars.Context] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            left.append(contextvars.copy_context())
            await seen.ask()

        await request(app)
        await seen.ask_in(left[0])
        seen.app.recorder.flush()

    asyncio.run(main())
    inner, outer, sibling = engine.requests(3)
    assert (inner["trace"], inner["parent"]) == (outer["trace"], outer["span_id"])
    assert sibling["parent"] is None
    assert sibling["trace"] != outer["trace"]


def test_in_the_upstream_profile_a_sibling_is_a_server_span(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")
    seen = Seen("upstream")

    async def main() -> None:
        left: list[contextvars.Context] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            left.append(contextvars.copy_context())

        await request(app, "upstream")
        await seen.ask_in(left[0], http_scope(headers=[(b"traceparent", TRACEPARENT)]))
        seen.app.recorder.flush()

    asyncio.run(main())
    _, sibling = engine.upstreams(2)
    assert sibling["trace"] == TRACEPARENT
    assert sibling["flags"] == 1


def test_the_request_stays_known_below_other_spans() -> None:
    kept: list[Any] = []

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            with trace.use_span(trace.NonRecordingSpan(trace.SpanContext(1, 2, False))):
                kept.append(context.get_value(REQUEST_KEY))

        await request(app)

    asyncio.run(main())
    assert kept[0].spangard_request is kept[0]
