# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Event streams end when their client leaves: what is told of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from asgi import codes, run
from responses import EVENTS, GONE, SUMS, responding, unsampled
from spangard import OpenTelemetryMiddleware
from spangard._endings import CANCELLED, EVENT_STREAM

if TYPE_CHECKING:
    from engine import FakeEngine


@pytest.mark.parametrize("bodies", [(), (5,)])
def test_an_event_stream_that_its_client_leaves_is_told_as_one(engine: FakeEngine, bodies: tuple[int, ...]) -> None:
    run(OpenTelemetryMiddleware(responding(EVENTS, *bodies, listens=True)), None, GONE)
    events = engine.request()["events"]
    assert codes(events) == [14, 1, *[2] * len(bodies), 17]
    assert events[2] == EVENT_STREAM


def test_an_event_stream_that_is_cancelled_is_told_as_one(engine: FakeEngine) -> None:
    async def cancelled(scope: Any, receive: Any, send: Any) -> None:
        await responding(EVENTS)(scope, receive, send)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(OpenTelemetryMiddleware(cancelled))
    record = engine.request()
    assert codes(record["events"]) == [14, 1]
    assert record["failure"][3] == CANCELLED


def test_without_a_span_an_event_stream_that_its_client_leaves_is_told_as_one(engine: FakeEngine, off: None) -> None:
    run(OpenTelemetryMiddleware(responding(EVENTS, 5, listens=True)), None, GONE)
    record = unsampled(engine)
    assert record["left"][0] > 0
    assert record["left"][1] == 3


def test_without_a_span_an_event_stream_that_is_cancelled_is_told_as_one(engine: FakeEngine, off: None) -> None:
    async def cancelled(scope: Any, receive: Any, send: Any) -> None:
        await responding(EVENTS, 5)(scope, receive, send)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(OpenTelemetryMiddleware(cancelled))
    record = unsampled(engine)
    assert record["left"] == (0.0, 3)
    assert record["failure"] == ("asyncio.exceptions.CancelledError", CANCELLED)


def test_without_single_messages_an_event_stream_that_its_client_leaves_is_told_as_one(engine: FakeEngine) -> None:
    app = OpenTelemetryMiddleware(responding(EVENTS, 5, listens=True), exclude_spans=SUMS)
    run(app, None, GONE)
    assert codes(engine.request()["events"]) == [1, 14, 2, 17]
