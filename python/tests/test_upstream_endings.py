# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Statuses and ends of requests in the `upstream` profile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace

from asgi import Server, hello, http_scope, run
from upstream import codes, echo, upstream

if TYPE_CHECKING:
    from engine import FakeEngine


@pytest.mark.parametrize(
    ("status", "told", "span_status"),
    [
        (404, 404, None),
        (503, 503, (2, None)),
        (99, 99, (2, None)),
        ("201", 201, None),
        ("abc", "abc", (2, "Non-integer HTTP status: abc")),
        (-5, -5, (2, "Non-integer HTTP status: -5")),
        (0, None, None),
        (None, None, None),
    ],
)
def test_statuses_are_told_as_they_are(engine: FakeEngine, status: Any, told: Any, span_status: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body"})

    run(upstream(app))
    record = engine.upstream()
    assert record["status"] == told
    assert (record["span"] or (None,) * 5)[3] == span_status


def test_a_status_replaces_what_the_application_said_but_not_ok(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        trace.get_current_span().set_status(trace.StatusCode[scope["path"]], "said")
        await send({"type": "http.response.start", "status": 500})
        await send({"type": "http.response.body"})

    run(upstream(app), http_scope(path="ERROR"))
    run(upstream(app), http_scope(path="OK"))
    first, second = engine.upstreams(2)
    assert first["span"][3] == (2, None)
    assert second["span"][3] == (1, None)


def test_after_its_last_body_the_span_records_no_more_and_a_late_exception_is_still_told(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await hello(scope, receive, send)
        span = trace.get_current_span()
        assert not span.is_recording()
        span.set_attribute("late", 1)
        raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        run(upstream(app))
    record = engine.upstream()
    assert record["ended"]
    assert record["span"] is None
    assert record["failure"][:2] == ("ValueError", "late")


def test_trailers_end_the_response_also_without_send_spans(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.body"})
        assert trace.get_current_span().is_recording()
        await send({"type": "http.response.trailers"})
        assert not trace.get_current_span().is_recording()

    run(upstream(app, exclude_spans=["send"]))
    assert engine.upstream()["ended"]


def test_a_cancelled_request_and_a_client_that_left_can_be_told(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(upstream(app), None, {"type": "http.disconnect"})
    record = engine.upstream()
    assert record["failure"] is None
    assert record["outcome"] == 3
    assert codes(record) == [17]


def test_what_receive_raises_is_told_on_its_span(engine: FakeEngine) -> None:
    async def broken() -> Any:
        raise OSError("gone")

    app: Any = upstream(echo)

    async def request() -> None:
        try:
            await app(http_scope(), broken, Server().send)
        finally:
            app.recorder.flush()

    with pytest.raises(OSError, match="gone"):
        asyncio.run(request())
    record = engine.upstream()
    assert codes(record) == [22]
    assert record["children"][3][4][:2] == ("OSError", "gone")
    assert record["failure"][:2] == ("OSError", "gone")
