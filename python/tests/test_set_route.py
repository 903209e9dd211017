# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Routes that an application names itself."""

from __future__ import annotations

import enum
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, http_scope, run, websocket_scope
from spangard import OpenTelemetryMiddleware, _notes, set_route
from spangard._facts import MAX_FIELD_TEXT
from spangard._notes import MARK

if TYPE_CHECKING:
    from engine import FakeEngine
    from spangard._buffer import Recorder


class Place(str, enum.Enum):
    SHOP = "/shop/{id}"


def routed(*templates: Any) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for template in templates:
            set_route({**scope}, template)
        await hello(scope, receive, send)

    return OpenTelemetryMiddleware(app)


def only(engine: FakeEngine) -> tuple[Any, ...]:
    engine.wait(engine.records)
    (record,) = engine.records()
    return record


@pytest.mark.parametrize(("sampler", "kind", "at"), [("always_on", 1, 19), ("always_off", 3, 6)])
def test_the_last_call_names_the_route_sampled_or_not(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str, kind: int, at: int
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    run(routed("/x", "/x/{id}"))
    record = only(engine)
    assert (record[0], record[at]) == (kind, "/x/{id}")
    assert _notes.noted == {}


@pytest.mark.parametrize(("sampler", "kind", "at"), [("always_on", 2, 19), ("always_off", 4, 6)])
def test_a_websocket_has_one_too(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str, kind: int, at: int
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        set_route(scope, "/rooms/{room}")
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})

    run(OpenTelemetryMiddleware(app), websocket_scope())
    record = only(engine)
    assert (record[0], record[at]) == (kind, "/rooms/{room}")


def test_it_wins_over_a_framework(engine: FakeEngine) -> None:
    middleware = routed("/x/{id}")
    middleware._routes_are_noted, middleware._route_name = True, lambda scope: "/{path}"
    run(middleware)
    assert only(engine)[19] == "/x/{id}"


def test_in_the_upstream_profile_it_is_the_target_of_metrics(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANGARD_PROFILE", "upstream")
    run(routed("/x/{id}"))
    record = only(engine)
    assert (record[0], record[23]) == (12, "/x/{id}")


def test_any_thread_may_call_it(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        thread = Thread(target=set_route, args=(scope, "/x/{id}"))
        thread.start()
        thread.join()
        await hello(scope, receive, send)

    run(OpenTelemetryMiddleware(app))
    assert only(engine)[19] == "/x/{id}"


@pytest.mark.parametrize(
    ("template", "kept"),
    [
        ("/" + "x" * MAX_FIELD_TEXT, "/" + "x" * (MAX_FIELD_TEXT - 1)),
        (Place.SHOP, "/shop/{id}"),
        ("", None),
        (None, None),
        (b"/x", None),
        (7, None),
        (["/x"], None),
    ],
)
def test_what_is_kept_is_text_and_bounded(engine: FakeEngine, template: Any, kept: str | None) -> None:
    run(routed(template))
    assert only(engine)[19] == kept
    assert type(only(engine)[19]) in (str, type(None))


@pytest.mark.parametrize("scope", [{}, {MARK: 8}, None, {MARK: []}, 7])
def test_nothing_is_kept_for_a_request_that_is_over_or_not_recorded(scope: Any, recorder: Recorder) -> None:
    recorder.live[7] = (5,)
    set_route(scope, "/x")
    assert _notes.noted == {}


def test_what_nobody_takes_is_bounded(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_notes, "noted", {})
    for mark in range(1, 3 * _notes.SLACK):
        recorder.live[mark] = (5,)
        set_route(http_scope(**{MARK: mark}), "/x")
        del recorder.live[mark]
    assert len(_notes.noted) <= _notes.SLACK + 1
