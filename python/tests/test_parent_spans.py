# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A request that begins in a context where spans of its application are: which of them is its parent."""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, context, trace

from asgi import TRACEPARENT, Server, http_scope
from siblings import ALICE, LAST, START, Seen, TheirSpan, is_below, is_root, now, request
from spangard import OpenTelemetryMiddleware
from spangard._parents import REQUEST_KEY

if TYPE_CHECKING:
    from engine import FakeEngine

pytestmark = pytest.mark.usefixtures("_sampler")


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


def test_the_request_stays_known_below_other_spans() -> None:
    kept: list[Any] = []

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            with trace.use_span(trace.NonRecordingSpan(trace.SpanContext(1, 2, False))):
                kept.append(context.get_value(REQUEST_KEY))

        await request(app)

    asyncio.run(main())
    assert kept[0].spangard_request is kept[0]


@pytest.mark.parametrize("flags", [0x03, 0x02, 0x01, 0x00])
def test_the_random_flag_of_a_parent_in_the_process_is_passed_on(profile: str, flags: int) -> None:
    """W3C Trace Context, level 2: what is set in the trace's flags is set in all that goes out with its id."""
    seen: list[trace.SpanContext] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(now())

    parent = trace.SpanContext(0xABC, 0xDEF, False, trace.TraceFlags(flags))

    async def main() -> None:
        with trace.use_span(trace.NonRecordingSpan(parent)):
            await request(app, profile)

    asyncio.run(main())
    [child] = seen
    assert (child.trace_id, int(child.trace_flags)) == (0xABC, flags)
