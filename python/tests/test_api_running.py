# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Spans of the application's own that go on: announced, told again to another engine, and the parent's after a fork."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import weakref
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from api_spans import told, tracer
from asgi import hello, http_scope, ignore
from engine import FakeEngine
from spangard import OpenTelemetryMiddleware, _buffer, _running

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


def kinds(engine: FakeEngine) -> list[int]:
    return [record[0] for record in engine.records()]


def test_a_span_that_lasts_is_announced_though_nothing_else_happens(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_buffer, "OPEN_AFTER_S", 0.01)
    monkeypatch.setattr(_buffer, "SLOW_TICK_S", 0.02)
    with tracer().start_as_current_span("work", attributes={"a": 1}) as span:
        engine.wait(lambda: 20 in kinds(engine))
        span.set_attribute("b", 2)
    recorder.flush()
    finished = told(engine, 1)["work"]
    opened = next(record for record in engine.records() if record[0] == 20)
    assert (opened[1], opened[2], opened[4]) == (finished["start"], None, finished["span_id"])
    assert (opened[8], finished["attributes"]) == ({"a": 1}, {"a": 1, "b": 2})
    assert not recorder.running
    assert not recorder.announced_spans


def test_a_span_goes_with_its_request_at_once_or_by_the_timer(engine: FakeEngine, recorder: Recorder) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        with tracer().start_as_current_span("child"):
            pass
        assert len(recorder.records) == 1, "it waits for the request's end"
        await hello(scope, receive, send)

    asyncio.run(OpenTelemetryMiddleware(app)(http_scope(), None, ignore))  # type: ignore[arg-type]
    assert not recorder.records
    engine.wait(lambda: kinds(engine) == [19, 1])

    async def lasting(scope: Any, receive: Any, send: Any) -> None:
        with tracer().start_as_current_span("child"):
            pass
        await asyncio.to_thread(engine.wait, lambda: len(kinds(engine)) == 3)

    recorder.due = _buffer.NOT_ARMED  # the timer went with its loop
    asyncio.run(OpenTelemetryMiddleware(lasting)(http_scope(), None, ignore))  # type: ignore[arg-type]


def test_a_short_span_is_not_announced(engine: FakeEngine, recorder: Recorder) -> None:
    span = tracer().start_span("work")
    recorder._announce(perf_counter())
    span.end()
    recorder.flush()
    told(engine, 1)
    assert kinds(engine) == [19]


def test_a_span_that_is_never_ended_is_not_held_for_ever(recorder: Recorder) -> None:
    span: Any = tracer().start_span("lost")
    seen = weakref.ref(span)
    recorder._announce(perf_counter(), 0.0)
    del span
    gc.collect()
    assert seen() is None
    for _ in range(2 * _running.MAX_ANNOUNCED):
        tracer().start_span("lost")
    recorder._announce(perf_counter(), 0.0)
    assert len(recorder.announced_spans) == _running.MAX_ANNOUNCED


@pytest.mark.usefixtures("_reconnects_at_once")
def test_a_new_engine_is_told_again_of_what_runs(
    tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = FakeEngine(str(tmp_path / "engine.sock"))
    span = tracer().start_span("work")
    recorder.flush()
    recorder._announce(perf_counter(), 0.0)
    recorder.flush()
    first.wait(lambda: kinds(first) == [20])
    first.stop()
    recorder.flush()
    second = FakeEngine(str(tmp_path / "engine.sock"))
    recorder.flush()
    second.wait(lambda: kinds(second) == [20])
    assert second.records() == first.records()
    assert second.hellos[0][6] is None
    span.end()
    recorder.close()
    second.wait(lambda: second.goodbyes)
    assert kinds(second) == [20, 19]
    assert second.goodbyes[0][3] == (1, 0)
    second.stop()


def test_what_runs_at_the_end_of_the_process_is_announced(engine: FakeEngine, recorder: Recorder) -> None:
    ours = tracer()
    ours.start_span("running")
    ours.start_span("ended").end()
    recorder.close()
    engine.wait(lambda: engine.goodbyes)
    assert kinds(engine) == [19, 20]
    assert engine.goodbyes[0][3] == (1, 0)


class Stops:
    """A span's ``announcement`` during which it ends, on a thread of its own."""

    def __init__(self, span: Any) -> None:
        self.span = span
        self.recording = True

    def age(self, now: float) -> float:
        return 10.0

    def announcement(self) -> tuple[Any, ...]:
        record: tuple[Any, ...] = self.span.announcement()
        thread = threading.Thread(target=self.span.end)
        thread.start()
        thread.join()
        self.recording = self.span.recording
        return record


def test_a_span_that_ends_while_it_is_announced_is_not_open_for_ever(recorder: Recorder) -> None:
    recorder.next_flush_at = perf_counter() + 1000
    span: Any = tracer().start_span("work")
    recorder.running[span.span_id] = Stops(span)
    recorder._announce(perf_counter())
    assert [record[0] for record in recorder.records] == [19]
    assert len(recorder.others) == 1
    assert not recorder.announced_spans


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")  # the engine's thread; 3.15 makes an error of it
def test_a_span_in_which_the_process_forks_is_the_parents(engine: FakeEngine, recorder: Recorder) -> None:
    ours = tracer()
    with ours.start_as_current_span("outer"):
        pid = os.fork()
        with ours.start_as_current_span("child" if pid == 0 else "parent"):
            pass
    if pid == 0:
        try:
            recorder.close()
        finally:
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    recorder.flush()
    spans = told(engine, 3)
    assert spans["child"]["parent"] == spans["parent"]["parent"] == spans["outer"]["span_id"]
    assert spans["child"]["trace"] == spans["outer"]["trace"]
    assert spans["child"]["span_id"] != spans["parent"]["span_id"]


def test_a_flood_of_spans_leaves_room_for_requests_and_is_counted(recorder: Recorder, engine: FakeEngine) -> None:
    recorder.link._retry = perf_counter() + 1000  # nobody reads
    ours = tracer()
    for _ in range(2 * _buffer.MAX_RECORDS):
        ours.start_span("span").end()
    assert len(recorder.records) == _buffer.MAX_SPANS == len(recorder.others)
    assert recorder.spans_dropped == 2 * _buffer.MAX_RECORDS - _buffer.MAX_SPANS
    recorder.records += [(1, number) for number in range(2000)]
    recorder.appended(perf_counter())
    assert recorder.dropped == 2000 - (_buffer.MAX_RECORDS - _buffer.MAX_SPANS)
    recorder.link._retry = 0.0
    recorder.flush()
    recorder.close()
    engine.wait(lambda: engine.goodbyes)
    assert engine.goodbyes[0][1:4] == (2000, recorder.dropped, (2 * _buffer.MAX_RECORDS, recorder.spans_dropped))
