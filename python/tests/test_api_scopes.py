# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Scopes left in any way: no line in the log, and the right parent afterwards."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, context, trace

from api_spans import parents, run, tracer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from spangard._buffer import Recorder


@pytest.fixture(autouse=True)
def _says_nothing(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    recorder.next_flush_at = perf_counter() + 1000
    with caplog.at_level(logging.DEBUG):
        yield
    assert [record.getMessage() for record in caplog.records if record.name != "asyncio"] == []


async def streaming(name: str, parts: int = 2) -> AsyncIterator[int]:
    with tracer().start_as_current_span(name):
        for part in range(parts):
            with tracer().start_as_current_span(f"{name} {part}"):
                await asyncio.sleep(0)
            yield part


async def break_off() -> None:
    async for _ in streaming("stream"):
        break


async def break_off_and_collect() -> None:
    await break_off()
    gc.collect()
    await asyncio.sleep(0.01)


async def read_to_its_end() -> None:
    async for _ in streaming("stream"):
        pass


async def close_here() -> None:
    stream: Any = streaming("stream")
    await stream.__anext__()
    await stream.aclose()


async def close_in_another_task() -> None:
    stream: Any = streaming("stream")
    await stream.__anext__()
    await asyncio.create_task(stream.aclose())


async def read_in_tasks() -> None:
    stream: Any = streaming("stream", 3)
    for _ in range(3):
        await asyncio.create_task(stream.__anext__())
    await asyncio.create_task(stream.aclose())


async def cancel_its_reader() -> None:
    async def read() -> None:
        async for _ in streaming("stream"):
            await asyncio.sleep(10)

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)


async def throw_into_it() -> None:
    stream: Any = streaming("stream")
    await stream.__anext__()
    with pytest.raises(ValueError, match="thrown"):
        await stream.athrow(ValueError("thrown"))


async def take_turns() -> None:
    first: Any = streaming("first")
    second: Any = streaming("second")
    for _ in range(2):
        await first.__anext__()
        await second.__anext__()
    await first.aclose()
    await second.aclose()


async def take_turns_and_end_together() -> None:
    first: Any = streaming("first")
    second: Any = streaming("second")
    await first.__anext__()
    await second.__anext__()
    await second.aclose()
    await first.aclose()


async def one_within_another() -> None:
    async def outer() -> AsyncIterator[int]:
        with tracer().start_as_current_span("outer"):
            async for part in streaming("inner"):
                yield part

    async for _ in outer():
        break


async def nested_and_broken_off() -> None:
    async def outer() -> AsyncIterator[int]:
        async for part in streaming("outer stream"):
            async for _ in streaming(f"inner stream {part}"):
                yield part

    async for _ in outer():
        break
    gc.collect()
    await asyncio.sleep(0.01)


async def start_in_one_and_end_in_another_task() -> None:
    scope = tracer().start_as_current_span("scope")

    async def enter() -> None:
        scope.__enter__()

    async def leave() -> None:
        scope.__exit__(None, None, None)

    await asyncio.create_task(enter())
    await asyncio.create_task(leave())


async def time_out() -> None:
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(cancel_never(), 0.01)


async def cancel_never() -> None:
    async for _ in streaming("stream"):
        await asyncio.sleep(10)


async def gather_many() -> None:
    await asyncio.gather(*[read_one(n) for n in range(5)])


async def read_one(number: int) -> None:
    async for _ in streaming(f"stream {number}"):
        await asyncio.sleep(0)


async def leave_it_in_a_list() -> None:
    kept = [streaming(f"stream {n}") for n in range(3)]
    for stream in kept:
        await stream.__anext__()
    del kept
    gc.collect()
    await asyncio.sleep(0.01)


async def fail_in_it() -> None:
    async def failing() -> AsyncIterator[int]:
        with tracer().start_as_current_span("failing"):
            yield 1
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        async for _ in failing():
            pass


async def hand_it_on() -> None:
    stream: Any = streaming("stream", 3)
    await stream.__anext__()

    async def rest() -> None:
        async for _ in stream:
            pass

    await asyncio.create_task(rest())


async def never_start_it() -> None:
    streaming("stream")


async def read_in_a_thread() -> None:
    def consume() -> None:
        asyncio.run(read_to_its_end())

    await asyncio.get_running_loop().run_in_executor(None, consume)


async def keep_an_agen_over_a_task() -> None:
    stream: Any = streaming("stream")

    async def first() -> None:
        await stream.__anext__()

    await asyncio.create_task(first())
    await stream.aclose()


SHAPES = [
    read_to_its_end, break_off, break_off_and_collect, close_here, close_in_another_task, read_in_tasks,
    cancel_its_reader, throw_into_it, take_turns, take_turns_and_end_together, one_within_another,
    nested_and_broken_off, start_in_one_and_end_in_another_task, time_out, gather_many, leave_it_in_a_list, fail_in_it,
    hand_it_on, never_start_it, read_in_a_thread, keep_an_agen_over_a_task,
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_parent_is_right_after_a_generator(recorder: Recorder, shape: Any) -> None:
    async def main() -> None:
        with tracer().start_as_current_span("around"):
            await shape()
            gc.collect()
            for _ in range(100):  # a generator that is collected is closed by tasks of the loop
                await asyncio.sleep(0)
            with tracer().start_as_current_span("after"):
                pass
        with tracer().start_as_current_span("last"):
            pass

    run(main())
    told = parents(recorder)
    assert told["after"] == "around"
    assert told["last"] is None
    if shape not in (read_in_tasks, take_turns):  # whose bodies go on where another span is current
        for name, parent in told.items():
            if name[-2:] in (" 0", " 1", " 2") and name[:-2] in told:
                assert parent == name[:-2], "of what is within the generator"
    assert not recorder.running


def test_scopes_that_take_turns_leave_nothing_current(recorder: Recorder) -> None:
    def main() -> None:
        first, second = (tracer().start_as_current_span(name) for name in ("first", "second"))
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        with tracer().start_as_current_span("within second"):
            pass
        second.__exit__(None, None, None)
        assert not trace.get_current_span().get_span_context().is_valid

    contextvars.Context().run(main)
    assert parents(recorder) == {"first": None, "within second": "second", "second": "first"}


def test_what_else_was_attached_within_goes_with_the_scope(recorder: Recorder) -> None:
    def main() -> None:
        with tracer().start_as_current_span("scope"):
            context.attach(baggage.set_baggage("user", "ann"))  # and never detached
        assert baggage.get_all() == {}

    contextvars.Context().run(main)


def test_a_task_that_outlives_the_scope_keeps_its_parent(recorder: Recorder) -> None:
    async def late() -> None:
        await asyncio.sleep(0.01)
        for name in ("late", "later"):
            with tracer().start_as_current_span(name):
                pass

    async def main() -> None:
        with tracer().start_as_current_span("scope"):
            task = asyncio.create_task(late())
        await task

    run(main())
    assert parents(recorder) == {"scope": None, "late": "scope", "later": "scope"}
