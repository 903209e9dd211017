# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Requests and WebSockets told by their sums."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from asgi import codes, http_scope, run, websocket_scope
from spangard import OpenTelemetryMiddleware
from spangard._messages import EVENTS_KEPT

if TYPE_CHECKING:
    from engine import FakeEngine

BODY = {"type": "http.request", "body": b"abc", "more_body": False}


async def streams_to_a_reader(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 206, "headers": []})
    await send({"type": "http.response.body", "body": b"12345", "more_body": True})
    await send({"type": "http.response.body", "body": b"678", "more_body": True})
    await send({"type": "http.response.body", "body": b"9"})


def test_without_single_messages_a_request_is_told_by_its_sums(engine: FakeEngine) -> None:
    run(OpenTelemetryMiddleware(streams_to_a_reader, exclude_spans=["receive", "send"]), None, BODY)
    record = engine.request()
    events = record["events"]
    assert codes(events) == [16, 1, 3, 4]
    assert record["status"] == 206
    assert (events[3], events[9]) == (3, 9), "bytes received and sent"
    assert record["start"] <= events[8] <= events[11] <= record["end"]
    assert record["span"] is None


def test_without_single_messages_a_client_that_left_shows(engine: FakeEngine) -> None:
    async def left(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"12", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    run(OpenTelemetryMiddleware(left, exclude_spans=["receive", "send"]), None, {"type": "http.disconnect"})
    assert codes(engine.request()["events"]) == [1, 2, 17]


@pytest.mark.parametrize("excluded", [["receive"], ["send"], [], None])
def test_messages_are_told_unless_both_directions_are_excluded(engine: FakeEngine, excluded: list[str] | None) -> None:
    run(OpenTelemetryMiddleware(streams_to_a_reader, exclude_spans=excluded), None, BODY)
    assert codes(engine.request()["events"]) == [16, 1, 2, 2, 3, 4]


async def echoes(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "chat"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})


async def says_nothing_of_its_body(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


def test_an_unsampled_response_ends_with_a_message_that_has_no_body(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    run(OpenTelemetryMiddleware(says_nothing_of_its_body), http_scope())
    engine.wait(engine.records)
    [record] = engine.records()
    status, sent, first, complete = record[7], *record[9:12]
    assert (record[0], status, sent) == (3, 204, 0)
    assert 0.0 < first <= complete


def test_an_unsampled_request_ends_with_its_response(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    run(OpenTelemetryMiddleware(streams_to_a_reader), http_scope(), BODY)
    engine.wait(engine.records)
    [record] = engine.records()
    end, complete = record[2], record[11]
    assert end == complete


CONVERSATION = (
    {"type": "websocket.connect"},
    {"type": "websocket.receive", "text": "h\u00e9"},
    {"type": "websocket.receive", "text": "abc", "bytes": None},
    {"type": "websocket.receive", "bytes": b"12"},
    {"type": "websocket.disconnect", "code": 1001},
)


def test_a_websocket_that_is_not_sampled_is_told_by_its_sums(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    run(OpenTelemetryMiddleware(echoes), websocket_scope(), *CONVERSATION)
    engine.wait(engine.records)
    [record] = engine.records()
    assert record[0] == 4
    start, end, events = record[1], record[2], record[7]
    assert start <= events[1] <= end
    assert [events[0], *events[2:]] == [5, "chat", 21, 0.0, 0.0, 1001, 23, 3, 8, 0, 12, 3, 8]


def test_without_single_messages_a_websocket_is_told_by_what_the_application_sends(engine: FakeEngine) -> None:
    app = OpenTelemetryMiddleware(echoes, exclude_spans=["receive", "send"])
    run(app, websocket_scope(), *CONVERSATION)
    record = engine.request()
    events = record["events"]
    assert record["start"] <= events[1] <= record["end"]
    assert [events[0], *events[2:]] == [5, "chat", 12, 3, 8]
    assert record["parts_ahead"] == 0


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_without_single_messages_a_websocket_hears_the_server_itself(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    heard: list[Any] = []

    async def listens(scope: Any, receive: Any, send: Any) -> None:
        heard.append(receive)

    server = run(OpenTelemetryMiddleware(listens, exclude_spans=["receive", "send"]), websocket_scope())
    assert heard == [server.receive]


def test_without_single_messages_a_denied_websocket_shows_its_answer(engine: FakeEngine) -> None:
    async def denies(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.http.response.start", "status": 429, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"later"})

    run(OpenTelemetryMiddleware(denies, exclude_spans=["receive", "send"]), websocket_scope())
    record = engine.request()
    assert (record["status"], codes(record["events"])) == (429, [9, 3])


def test_without_single_messages_nothing_grows_with_an_application_of_odd_ones(engine: FakeEngine) -> None:
    async def odd(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(5000):
            await send({"type": "websocket.odd"})

    run(OpenTelemetryMiddleware(odd, exclude_spans=["receive", "send"]), websocket_scope())
    assert len(engine.request()["events"]) <= EVENTS_KEPT + 5


@pytest.mark.parametrize("count", [1, 5000])
def test_any_number_of_messages_is_told_by_two_sums(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    messages = [{"type": "websocket.receive", "text": "four"}] * count
    run(OpenTelemetryMiddleware(echoes), websocket_scope(), CONVERSATION[0], *messages, CONVERSATION[-1])
    engine.wait(engine.records)
    [record] = engine.records()
    assert record[7][-7:] == [23, count, 4 * count, 0, 12, count, 4 * count]


def test_a_websocket_told_by_its_sums_leaves_nothing_to_the_garbage_collector(engine: FakeEngine) -> None:
    app = OpenTelemetryMiddleware(echoes, exclude_spans=["receive", "send"])
    kind = app._sampled_websocket
    made: list[Any] = []

    class Watched(kind):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            made.append(weakref.ref(self))

    app._sampled_websocket = Watched
    gc.disable()
    try:
        run(app, websocket_scope(), {"type": "websocket.connect"}, {"type": "websocket.disconnect"})
        assert [exchange() for exchange in made] == [None]
    finally:
        gc.enable()
