# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Attributes of the application's own on the measurements of a request."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, http_scope, run, websocket_scope
from spangard import OpenTelemetryMiddleware, _notes, set_metric_attributes
from spangard._metric_attributes import MAX_ATTRIBUTES, MAX_TEXT
from spangard._notes import MARK, SLACK

if TYPE_CHECKING:
    from engine import FakeEngine
    from spangard._buffer import Recorder


class Plan(str, enum.Enum):
    GOLD = "gold"


def labelled(*attributes: dict[str, Any]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        copied = {**scope}
        for some in attributes:
            set_metric_attributes(copied, some)
        await hello(scope, receive, send)

    return OpenTelemetryMiddleware(app)


def only(engine: FakeEngine) -> tuple[Any, ...]:
    engine.wait(engine.records)
    (record,) = engine.records()
    return record


@pytest.mark.parametrize(("sampler", "kind"), [("always_on", 1), ("always_off", 3)])
def test_a_request_is_told_with_them_sampled_or_not(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str, kind: int
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    run(labelled({"plan": "silver", "n": 1}, {"plan": Plan.GOLD, "beta": True, "share": 0.5}))
    told, attributes, record = only(engine)
    assert (told, record[0]) == (17, kind)
    assert attributes == {"plan": "gold", "n": 1, "beta": True, "share": 0.5}
    assert _notes.noted == {}


def test_a_websocket_is_told_with_them(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        set_metric_attributes(scope, {"room": "lobby"})
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})

    run(OpenTelemetryMiddleware(app), websocket_scope())
    assert only(engine)[:2] == (17, {"room": "lobby"})


def test_a_request_without_any_is_told_as_ever(engine: FakeEngine) -> None:
    run(labelled({}))
    assert only(engine)[0] == 1


def test_they_are_bounded(engine: FakeEngine) -> None:
    many = {f"k{n}": "v" for n in range(MAX_ATTRIBUTES - 1)}
    run(labelled(many, {"long": "x" * (MAX_TEXT + 1), "one too many": 1}))
    attributes = only(engine)[1]
    assert len(attributes) == MAX_ATTRIBUTES
    assert attributes["long"] == "x" * MAX_TEXT
    assert "one too many" not in attributes


@pytest.mark.parametrize("odd", [None, b"bytes", ["list"], 1 << 63, object()])
def test_a_value_that_none_can_have_is_left_out(engine: FakeEngine, odd: object) -> None:
    attributes: dict[Any, Any] = {"odd": odd, 7: "no name", "plan": "gold"}
    run(labelled(attributes))
    assert only(engine)[1] == {"plan": "gold"}


@pytest.mark.parametrize("scope", [{}, {MARK: 8}, None, {MARK: []}])
def test_nothing_is_kept_for_a_request_that_is_over_or_not_recorded(scope: Any, recorder: Recorder) -> None:
    recorder.live[7] = (5,)
    set_metric_attributes(scope, {"plan": "gold"})
    assert _notes.noted == {}


def test_nothing_is_kept_in_the_upstream_profile(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_PROFILE", "upstream")
    run(labelled({"plan": "gold"}))
    assert only(engine)[0] == 12
    assert _notes.noted == {}


def test_what_nobody_takes_is_bounded(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_notes, "noted", {})
    for mark in range(1, 3 * SLACK):
        recorder.live[mark] = (5,)
        set_metric_attributes(http_scope(**{MARK: mark}), {"plan": "gold"})
        del recorder.live[mark]
    assert len(_notes.noted) <= SLACK + 1
