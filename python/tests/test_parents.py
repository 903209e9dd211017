# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A request that begins in a context where another request's span is: below it if that made the call, else on its own.

Servers start a request in a copy of the context of another one on the same connection; here that copy is made by hand.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, context

from asgi import TRACEPARENT, Server, hello, http_scope
from siblings import ALICE, CHUNK, LAST, START, Seen, is_below, is_root, now, request
from spangard import OpenTelemetryMiddleware
from spangard._messages import EVENTS_KEPT

if TYPE_CHECKING:
    from engine import FakeEngine

pytestmark = pytest.mark.usefixtures("_sampler")


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
