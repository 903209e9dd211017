# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions that are answered by the application, not passed on; real frameworks are asked in it/frameworks."""

from __future__ import annotations

import asyncio
import gc
import weakref
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from asgi import run, websocket_scope
from spangard import OpenTelemetryMiddleware, _notes
from spangard._answered import raised
from spangard._notes import MARK

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine import FakeEngine
    from spangard._buffer import Recorder


def answer(status: Any) -> Any:
    async def answered(send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return answered


def handling(error: BaseException, respond: Any) -> Any:
    """An application that raises this, and responds while it handles it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            raise error
        except BaseException:
            await respond(send)

    return OpenTelemetryMiddleware(app)


def only(engine: FakeEngine) -> tuple[Any, ...]:
    engine.wait(engine.records)
    (record,) = engine.records()
    return record


class AnswerError(Exception):
    """As frameworks have them: the answer is in it."""


def named(attribute: str, value: Any) -> Exception:
    error = AnswerError("busy")
    setattr(error, attribute, value)
    return error


@pytest.mark.parametrize("status", [500, 503, 599, HTTPStatus.BAD_GATEWAY])
def test_what_is_handled_when_the_answer_begins_is_told(engine: FakeEngine, status: Any) -> None:
    run(handling(ValueError("no"), answer(status)))
    kind, message, stack, cancelled = only(engine)[25]
    assert (kind, message, cancelled) == ("ValueError", "no", False)
    assert "in app\n    raise error\n" in stack


@pytest.mark.parametrize("status", [200, 302, 404, 499])
def test_an_answer_below_500_is_of_no_failure(engine: FakeEngine, status: int) -> None:
    run(handling(ValueError("no"), answer(status)))
    assert only(engine)[25:27] == (None, None)


def test_a_failed_answer_without_an_exception_is_told_by_its_status_alone(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(500)(send)

    run(OpenTelemetryMiddleware(app))
    assert only(engine)[25:27] == (None, None)


def test_measurements_of_an_unsampled_request_have_the_type(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    run(handling(ValueError("no"), answer(500)))
    assert only(engine)[12] == ("ValueError", 0)


@pytest.mark.parametrize(
    "error",
    [
        named("status_code", 503),
        named("status_code", HTTPStatus.SERVICE_UNAVAILABLE),
        named("status", "503 Service Unavailable"),
        named("code", 503),
    ],
)
def test_an_exception_that_is_the_answer_is_an_event(engine: FakeEngine, error: Exception) -> None:
    run(handling(error, answer(503)))
    record = only(engine)
    assert record[25] is None
    name, attributes, [(event, _, facts)], status, links = record[26]
    assert (name, attributes, event, status, links) == (None, {}, "exception", None, [])
    assert (facts["exception.type"], facts["exception.message"]) == (f"{__name__}.AnswerError", "busy")
    assert "raise error" in facts["exception.stacktrace"]


@pytest.mark.parametrize("error", [named("status_code", 404), named("code", "e3q8"), named("status", None)])
def test_an_exception_with_another_number_is_a_failure(engine: FakeEngine, error: Exception) -> None:
    run(handling(error, answer(503)))
    assert only(engine)[25][0] == f"{__name__}.AnswerError"


def test_a_cancellation_that_is_answered_is_none(engine: FakeEngine) -> None:
    run(handling(asyncio.CancelledError(), answer(503)))
    assert only(engine)[25] is None


def test_the_last_of_what_is_raised_and_answered_is_the_one_that_leaves(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            raise ValueError("no")
        except ValueError:
            await answer(500)(send)
            raise

    with pytest.raises(ValueError, match="no"):
        run(OpenTelemetryMiddleware(app))
    record = only(engine)
    assert record[25][:2] == ("ValueError", "no")
    assert record[26] is None
    assert _notes.noted == {}


def test_an_exception_with_code_of_its_own_costs_itself_only(engine: FakeEngine) -> None:
    class HostileError(Exception):
        @property
        def status_code(self) -> int:
            raise RuntimeError("no status")

    run(handling(HostileError(), answer(500)))
    assert only(engine)[20] == 500
    assert _notes.noted == {}


def test_it_is_not_kept_longer_than_its_request(engine: FakeEngine) -> None:
    kept: list[weakref.ref[AnswerError]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            raise AnswerError("no")
        except AnswerError as error:
            kept.append(weakref.ref(error))
            await answer(500)(send)
        assert kept[0]() is not None, "noted"

    gc.disable()
    try:
        run(OpenTelemetryMiddleware(app))
        assert kept[0]() is None
    finally:
        gc.enable()


def test_the_traceback_is_told_that_a_framework_takes_from_it(engine: FakeEngine) -> None:
    error = ValueError("no")

    async def respond(send: Any) -> None:
        await answer(500)(send)
        error.__traceback__ = None

    run(handling(error, respond))
    assert "raise error" in only(engine)[25][2]


@pytest.mark.parametrize(
    ("message", "is_failure"),
    [
        ({"type": "websocket.close", "code": 1011}, True),
        ({"type": "websocket.close", "code": 3500}, True),
        ({"type": "websocket.close", "code": 4500, "reason": "Internal Server Error"}, True),
        ({"type": "websocket.http.response.start", "status": 500, "headers": []}, True),
        ({"type": "websocket.close", "code": 1000}, False),
        ({"type": "websocket.close", "code": 4404}, False),
        ({"type": "websocket.close", "code": 4600}, False),
        ({"type": "websocket.http.response.start", "status": 403, "headers": []}, False),
    ],
)
@pytest.mark.parametrize(("sampler", "at"), [("always_on", 25), ("always_off", 8)])
def test_a_websocket_closed_for_an_error(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str, at: int, message: Any, is_failure: bool
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)

    async def respond(send: Any) -> None:
        await send(message)

    run(handling(ValueError("no"), respond), websocket_scope())
    failure = only(engine)[at]
    assert (failure is not None) == is_failure
    assert not is_failure or failure[: len("ValueError")] == "ValueError" or failure[0] == "ValueError"


@pytest.mark.parametrize("status", [500, 404])
def test_a_framework_tells_before_it_answers(engine: FakeEngine, status: int) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raised({**scope}, ValueError("no"))
        await answer(status)(send)

    run(OpenTelemetryMiddleware(app))
    assert (only(engine)[25] is not None) == (status == 500)
    assert _notes.noted == {}


@pytest.mark.parametrize("error", [None, "text", KeyboardInterrupt(), ValueError])
def test_what_is_no_exception_is_not_kept(error: Any, recorder: Recorder) -> None:
    recorder.live[7] = (5,)
    raised({MARK: 7}, error)
    assert _notes.noted == {}


@pytest.mark.parametrize("scope", [{}, {MARK: 8}, None, {MARK: []}])
def test_nothing_is_kept_for_a_request_that_is_over_or_not_recorded(scope: Any, recorder: Recorder) -> None:
    recorder.live[7] = (5,)
    raised(scope, ValueError("no"))
    assert _notes.noted == {}


def test_an_answer_after_the_request_keeps_nothing(engine: FakeEngine) -> None:
    sends: list[Callable[[Any], Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        sends.append(send)

    async def late() -> None:
        try:
            raise ValueError("no")
        except ValueError:
            await answer(500)(sends[0])

    run(OpenTelemetryMiddleware(app))
    asyncio.run(late())
    assert _notes.noted == {}
