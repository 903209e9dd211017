# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Functions and generators that a tracer decorates."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace

from api_spans import noted, parents, run, tracer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spangard._buffer import Recorder


@pytest.fixture(autouse=True)
def _says_nothing(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    recorder.next_flush_at = perf_counter() + 1000
    with caplog.at_level(logging.DEBUG):
        yield
    assert [record.getMessage() for record in caplog.records if record.name != "asyncio"] == []


def test_decorated_functions_have_a_span_a_call(recorder: Recorder) -> None:
    ours = tracer()

    @ours.start_as_current_span("called", attributes={"a": 1})
    def called(x: int) -> int:
        """Says what it does."""
        return x + 1

    @ours.start_as_current_span("awaited")
    async def awaited(x: int) -> int:
        await asyncio.sleep(0.01)
        return called(x)

    assert (called.__name__, called.__doc__) == ("called", "Says what it does.")
    assert inspect.iscoroutinefunction(awaited)
    assert not recorder.records
    assert [called(1), called(2)] == [2, 3]
    assert len(recorder.records) == 2
    del recorder.records[:]
    assert asyncio.run(awaited(1)) == 2
    spans = noted(recorder)
    assert spans["called"]["parent"] == spans["awaited"]["span_id"]
    assert spans["awaited"]["end"] - spans["awaited"]["start"] >= 0.01


def test_a_decorated_generator_has_its_span_while_its_body_runs(recorder: Recorder) -> None:
    ours = tracer()

    @ours.start_as_current_span("generator")
    def generating() -> Any:
        got = yield 1
        with ours.start_as_current_span("within"):
            pass
        try:
            yield got
        except KeyError:
            yield "caught"
        return "returned"

    def main() -> None:
        generator = generating()
        assert not recorder.running
        assert next(generator) == 1
        with ours.start_as_current_span("consumer"):
            assert generator.send("sent") == "sent"
        assert generator.throw(KeyError()) == "caught"
        with pytest.raises(StopIteration) as stopped:
            next(generator)
        assert stopped.value.value == "returned"

    contextvars.Context().run(main)
    assert parents(recorder) == {"within": "generator", "consumer": None, "generator": None}


def test_a_decorated_async_generator_too(recorder: Recorder) -> None:
    ours = tracer()
    closed = []

    @ours.start_as_current_span("generator")
    async def generating() -> Any:
        try:
            got = yield 1
            with ours.start_as_current_span("within"):
                await asyncio.sleep(0)
            yield got
        finally:
            await asyncio.sleep(0)
            closed.append(True)

    async def main() -> None:
        generator = generating()
        assert await generator.__anext__() == 1
        with ours.start_as_current_span("consumer"):
            assert await generator.asend("sent") == "sent"
        await generator.aclose()

    run(main())
    assert closed == [True]
    assert parents(recorder) == {"within": "generator", "consumer": None, "generator": None}


@pytest.mark.parametrize("is_async", [False, True])
def test_what_a_decorated_generator_raises_is_told(recorder: Recorder, is_async: bool) -> None:
    ours = tracer()

    @ours.start_as_current_span("sync")
    def generating() -> Any:
        yield 1
        raise ValueError("no")

    @ours.start_as_current_span("async")
    async def generating_async() -> Any:
        yield 1
        raise ValueError("no")

    async def consume() -> None:
        async for _ in generating_async():
            pass

    def run() -> None:
        if is_async:
            asyncio.run(consume())
        else:
            list(generating())

    with pytest.raises(ValueError, match="no"):
        run()
    [span] = noted(recorder).values()
    assert span["status"] == (2, "ValueError: no")
    assert not trace.get_current_span().get_span_context().is_valid
