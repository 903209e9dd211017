# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Responses of a length that was promised: what is told when the application does not end them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asgi import codes, http_scope, run
from responses import EVENTS, GONE, LENGTH, SUMS, Odd, responding, unsampled
from spangard import OpenTelemetryMiddleware
from spangard._endings import EVENT_STREAM, promised
from spangard._messages import EVENTS_KEPT

if TYPE_CHECKING:
    from engine import FakeEngine


def test_a_stream_that_is_ended_needs_no_look_at_its_headers(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, 20, last=0)))
    assert codes(engine.request()["events"]) == [1, 2, 3, 4]


def test_a_client_that_leaves_before_the_last_message_is_told_with_the_promised_length(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, 10, 10, last=0, listens=True)), None, GONE)
    events = engine.request()["events"]
    assert codes(events) == [14, 1, 2, 2, 17, 3, 4]
    assert events[2] == 20


def test_a_stream_that_nobody_ends_is_told_with_the_promised_length(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, 20)))
    assert codes(engine.request()["events"]) == [14, 1, 2]


def test_a_stream_that_breaks_is_told_with_the_promised_length(engine: FakeEngine) -> None:
    async def breaks(scope: Any, receive: Any, send: Any) -> None:
        await responding(LENGTH, 20)(scope, receive, send)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run(OpenTelemetryMiddleware(breaks))
    assert codes(engine.request()["events"]) == [14, 1, 2]


def test_parts_that_are_sent_ahead_begin_with_the_promised_length(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, *[1] * (EVENTS_KEPT // 3 + 1), last=0)))
    engine.wait(lambda: len(engine.records()) > 1)
    assert engine.records()[0][3][:3] == [14, 0.0, 20]


@pytest.mark.parametrize(
    ("sent", "left"),
    [((10,), 1), ((10, 10), 2), ((20, 5), 2), ((), 1)],
)
def test_without_a_span_it_is_told_whether_all_that_was_promised_had_been_sent(
    engine: FakeEngine, off: None, sent: tuple[int, ...], left: int
) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, *sent, last=0, listens=True)), None, GONE)
    record = unsampled(engine)
    assert record["left"][1] == left
    assert record["start"] <= record["left"][0] <= record["end"]


def test_without_a_span_a_stream_that_nobody_ends_is_whole_when_the_application_is_done(
    engine: FakeEngine, off: None
) -> None:
    run(OpenTelemetryMiddleware(responding(LENGTH, 20)))
    record = unsampled(engine)
    assert record["left"] == (record["end"], 2)


def test_without_a_span_a_client_that_leaves_before_the_response_left_before_it(engine: FakeEngine, off: None) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await responding([], last=5)(scope, receive, send)

    run(OpenTelemetryMiddleware(app), None, GONE)
    assert unsampled(engine)["left"][1] == 0


def test_without_a_span_a_client_that_leaves_after_the_response_did_not_leave(engine: FakeEngine, off: None) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await responding(LENGTH, last=20)(scope, receive, send)
        await receive()

    run(OpenTelemetryMiddleware(app), None, GONE)
    assert unsampled(engine)["left"] is None


def test_without_single_messages_a_whole_response_ends_when_its_client_leaves(engine: FakeEngine) -> None:
    app = OpenTelemetryMiddleware(responding(LENGTH, 20, last=0, listens=True), exclude_spans=SUMS)
    run(app, None, GONE)
    assert codes(engine.request()["events"]) == [1, 3, 4]


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        (LENGTH, 20),
        (((b"Content-Length", b"20"),), 20),
        ([[b"CONTENT-LENGTH", b"20"], [b"content-length", b"20"]], 20),
        ([(b"content-type", b"text/plain"), (b"content-length", b"0")], 0),
        ([(b"content-length", b"20"), (b"content-length", b"21")], None),
        ([(b"content-length", b"20, 20")], None),
        ([(b"content-length", b"+20")], None),
        ([(b"content-length", b" 20")], None),
        ([(b"content-length", b"9" * 19)], None),
        ([(b"content-length", b"")], None),
        ([(b"content-length", b"20"), (b"transfer-encoding", b"chunked")], None),
        ([("content-length", "20")], None),
        ([(b"content-length", 20)], None),
        ([None, (), (b"x",), (b"content-length", b"20", b""), Odd(), 7], None),
        (iter(LENGTH), None),
        (dict(LENGTH), None),
        (Odd(), None),
        (None, None),
        (EVENTS, EVENT_STREAM),
        ([(b"Content-Type", b"TEXT/EVENT-STREAM"), (b"content-length", b"20")], EVENT_STREAM),
        ([(b"content-type", b"text/plain")], None),
    ],
)
def test_a_length_is_promised_by_a_header_that_servers_take_for_one(headers: Any, length: int | None) -> None:
    assert promised({"type": "http.response.start", "status": 200, "headers": headers}) == length


def test_a_length_before_trailers_promises_nothing() -> None:
    assert promised({"headers": LENGTH, "trailers": True}) is None


@pytest.mark.parametrize("start", [None, {}, Odd(), 5])
def test_a_response_that_has_not_begun_promises_nothing(start: Any) -> None:
    assert promised(start) is None


@pytest.mark.parametrize(
    ("method", "headers", "bodies", "left"),
    [
        ("GET", LENGTH, (20,), 0),
        ("GET", LENGTH, (10,), 2),
        ("GET", [], (20,), 2),
        ("HEAD", [], (), 0),
    ],
)
def test_in_the_upstream_profile_a_client_that_had_everything_did_not_leave(
    engine: FakeEngine, method: str, headers: Any, bodies: tuple[int, ...], left: int
) -> None:
    app = OpenTelemetryMiddleware(responding(headers, *bodies, listens=True), profile="upstream")
    run(app, http_scope(method=method), GONE)
    assert engine.upstream()["outcome"] == left
