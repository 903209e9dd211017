# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What an application raises passes as it is, and is described."""

from __future__ import annotations

import asyncio
import builtins
import subprocess
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from asgi import codes, http_scope, run
from spangard import OpenTelemetryMiddleware, _messages, _sums, middleware
from spangard._endings import CANCELLED
from spangard._facts import MAX_STACKTRACE, failure
from spangard._stack import MAX_CAUSES, MAX_MEMBERS
from spangard.upstream import exchange
from spangard.upstream import middleware as upstream_middleware

if TYPE_CHECKING:
    from engine import FakeEngine


def test_a_raised_exception_passes_unchanged_and_is_described(engine: FakeEngine) -> None:
    problem = ValueError("no such item")

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise problem

    with pytest.raises(ValueError, match="no such item") as caught:
        run(OpenTelemetryMiddleware(failing))
    assert caught.value is problem
    kind, message, stacktrace, cancelled = engine.request()["failure"]
    assert (kind, message, cancelled) == ("ValueError", "no such item", False)
    assert "in failing" in stacktrace
    assert stacktrace.endswith("ValueError: no such item\n")


def test_an_exception_of_a_module_is_named_with_it_and_its_stack_is_bounded(engine: FakeEngine) -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise subprocess.SubprocessError("x" * 100_000)

    with pytest.raises(subprocess.SubprocessError):
        run(OpenTelemetryMiddleware(failing))
    kind, message, stacktrace, _ = engine.request()["failure"]
    assert kind == "subprocess.SubprocessError"
    assert len(message) == 4096
    assert len(stacktrace) <= MAX_STACKTRACE


def test_an_exception_that_can_not_be_printed_harms_nothing(engine: FakeEngine) -> None:
    class UnprintableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise UnprintableError

    with pytest.raises(UnprintableError):
        run(OpenTelemetryMiddleware(failing))
    assert engine.request()["failure"][0].endswith("UnprintableError")


@pytest.mark.parametrize("profile", ["stable", "upstream"])
@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_a_failed_request_ends_before_its_stack_trace_is_written(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, profile: str, sampler: str
) -> None:
    now = [0.0]
    for module in (middleware, upstream_middleware, _messages, _sums, exchange):
        monkeypatch.setattr(module, "clock", lambda: now[0])
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)

    class SlowError(Exception):
        def __str__(self) -> str:
            now[0] += 1000.0
            return "slow"

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        now[0] = 5.0
        raise SlowError

    with pytest.raises(SlowError):
        run(OpenTelemetryMiddleware(failing, profile=profile))
    engine.wait(engine.records)
    [record] = engine.records()
    assert record[{1: 2, 3: 2, 12: 21}[record[0]]] == 5.0


def chained(length: int) -> BaseException:
    error: BaseException = ValueError("first")
    for number in range(length):
        above = ValueError(str(number))
        above.__cause__ = error
        error = above
    return error


def test_of_many_causes_the_nearest_are_told() -> None:
    stacktrace = failure(chained(100_000))[2]
    assert stacktrace.count("ValueError") == MAX_CAUSES + 1
    assert stacktrace.endswith("ValueError: 99999\n")


def test_a_stack_trace_is_what_python_prints() -> None:
    def inner() -> None:
        try:
            raise KeyError("k")
        except KeyError:
            raise ValueError("v") from OSError("cause")

    with pytest.raises(ValueError, match="v") as caught:
        inner()
    error = caught.value
    assert failure(error)[2] == "".join(traceback.format_exception(type(error), error, error.__traceback__))


def test_of_a_deep_stack_the_innermost_frames_are_told() -> None:
    def deep(left: int) -> None:
        if left:
            deep(left - 1)
        raise ValueError("bottom")

    with pytest.raises(ValueError, match="bottom") as caught:
        deep(500)
    stacktrace = failure(caught.value)[2]
    assert "Previous line repeated 60 more times" in stacktrace
    assert stacktrace.endswith("ValueError: bottom\n")


def test_of_a_group_the_first_members_are_told() -> None:
    group: Any = getattr(builtins, "ExceptionGroup", None)
    if group is None:  # 3.11
        return
    stacktrace = failure(group("many", [ValueError(str(n)) for n in range(50_000)]))[2]
    assert stacktrace.count("ValueError") == MAX_MEMBERS
    assert "  +-+---------------- 1 ----------------\n    | ValueError: 0\n" in stacktrace


async def waits_for_ever(scope: Any, receive: Any, send: Any) -> None:
    await receive()


def test_a_cancelled_request_is_recorded_as_such(engine: FakeEngine) -> None:
    app: Any = OpenTelemetryMiddleware(waits_for_ever)

    async def main() -> None:
        async def receive() -> Any:
            return await asyncio.Event().wait()

        task = asyncio.ensure_future(app(http_scope(), receive, None))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        app.recorder.flush()

    asyncio.run(main())
    record = engine.request()
    assert record["failure"][3] == CANCELLED
    assert codes(record["events"]) == [22]
