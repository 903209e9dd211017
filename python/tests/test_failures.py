# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What an application raises passes as it is, and is described."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from asgi import codes, http_scope, run
from spangard import OpenTelemetryMiddleware
from spangard._endings import CANCELLED
from spangard._facts import MAX_STACKTRACE

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
