# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Requests that are announced while they run, to every engine, and not for ever."""

from __future__ import annotations

import asyncio
import os
import threading
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from asgi import run
from engine import FakeEngine
from spangard import OpenTelemetryMiddleware, _buffer

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


def test_a_request_that_lasts_is_announced_though_nothing_else_happens(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_buffer, "OPEN_AFTER_S", 0.01)
    monkeypatch.setattr(_buffer, "SLOW_TICK_S", 0.02)

    async def until_announced(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.to_thread(engine.wait, lambda: any(record[0] == 5 for record in engine.records()))

    run(OpenTelemetryMiddleware(until_announced))
    engine.request()


def test_a_request_older_than_a_second_is_announced_while_it_runs(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_buffer, "OPEN_AFTER_S", 0.0)
    monkeypatch.setattr(_buffer, "SLOW_TICK_S", 0.0)
    sampled_open = threading.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        recorder.due = 0.0
        recorder._tick(0.0)
        sampled_open.set()

    run(OpenTelemetryMiddleware(slow))
    engine.request()
    opened = next(record for record in engine.records() if record[0] == 5)
    finished = next(record for record in engine.records() if record[0] == 1)
    assert sampled_open.is_set()
    assert len(opened) == len(finished)
    assert opened[3:19] == finished[3:19]
    assert opened[2] is None
    assert (opened[24], opened[27]) == (0, os.getpid()), "as the engine reads them: numbers"

    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    run(OpenTelemetryMiddleware(slow))
    engine.wait(lambda: engine.records()[-1][0] == 9)
    announced = next(record for record in engine.records() if record[0] == 7)
    assert engine.records()[-1][-1] == announced[2], "the finished record names the span that was announced"
    assert not recorder.announced


@pytest.mark.usefixtures("_reconnects_at_once")
def test_a_new_engine_is_told_again_of_what_runs(
    tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_buffer, "OPEN_AFTER_S", 0.0)
    monkeypatch.setattr(_buffer, "SLOW_TICK_S", 0.0)
    running = (7, perf_counter(), 4711, "GET", "http", None)
    recorder.live[4711] = running

    def tick() -> None:
        recorder._tick(recorder.due)

    first = FakeEngine(str(tmp_path / "engine.sock"))
    recorder.flush()
    tick()
    tick()
    first.wait(lambda: first.records())
    assert first.records() == [running], "once"
    first.stop()
    tick()  # notices it
    second = FakeEngine(str(tmp_path / "engine.sock"))
    tick()
    tick()
    second.wait(lambda: second.records())
    assert second.records() == [running]
    recorder.close()
    second.stop()


class Ends(set):  # type: ignore[type-arg]
    """`announced`: the request ends, on a thread of its own, right before or after it is marked."""

    def __init__(self, before: Any, after: Any) -> None:
        super().__init__()
        self.before, self.after = before, after

    def add(self, span_id: int) -> None:
        self.before()
        super().add(span_id)
        self.after()


class Records(list):  # type: ignore[type-arg]
    def __init__(self, before: Any, after: Any) -> None:
        super().__init__()
        self.before, self.after = before, after

    def append(self, record: Any) -> None:
        if record[0] in (5, 7):
            self.before()
        super().append(record)
        if record[0] in (5, 7):
            self.after()


class Once:
    """The end of a request as the middleware has it, up to one of its three steps; ``finish`` does the rest."""

    def __init__(self, recorder: Recorder, steps: int) -> None:
        self.recorder = recorder
        self.steps = steps
        self.done = 0
        self.told = False

    def __call__(self, upto: int | None = None) -> None:
        steps = self.steps if upto is None else upto
        while self.done < steps:
            self.done += 1
            if self.done == 1:
                del self.recorder.live[4]
            elif self.done == 2:
                self.told = 4 in self.recorder.announced
                self.recorder.announced.discard(4)
            else:
                list.append(self.recorder.records, (9 if self.told else 3, "end"))

    def finish(self) -> None:
        self(3)


@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("moment", ["before the mark", "after the mark", "before the record", "after the record"])
def test_a_request_that_ends_while_it_is_announced_is_not_open_for_ever(
    recorder: Recorder, steps: int, moment: str
) -> None:
    end = Once(recorder, steps)
    recorder.live[4] = (7, 0.0, 4, "GET", "http", None)
    marks = {"before the mark": (end, int), "after the mark": (int, end)}.get(moment, (int, int))
    puts = {"before the record": (end, int), "after the record": (int, end)}.get(moment, (int, int))
    recorder.announced = Ends(*marks)
    recorder.records = Records(*puts)
    assert recorder._announce(100.0)
    end.finish()
    kinds = [record[0] for record in recorder.records]
    assert kinds[-1] in (3, 9)
    assert kinds.count(7) == 0, "what is over is not announced after it, nor needs to be before"
    assert not recorder.announced
    del recorder.records[:]


def test_a_request_that_ends_after_it_was_announced_is_told_so(recorder: Recorder) -> None:
    recorder.live[4] = (7, 0.0, 4, "GET", "http", None)
    assert recorder._announce(100.0)
    Once(recorder, 3).finish()
    assert [record[0] for record in recorder.records] == [7, 9]
    del recorder.records[:]


def test_nothing_is_announced_while_another_thread_is_at_a_frame_but_soon_after(recorder: Recorder) -> None:
    recorder.live[4] = (7, 0.0, 4, "GET", "http", None)
    recorder.due = 5.0
    with recorder._lock:
        recorder._tick(5.0)
        assert not recorder.records
    recorder._tick(recorder.due)
    assert recorder.announced == {4}
