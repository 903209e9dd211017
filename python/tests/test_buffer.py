# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Bounds, accounts, reconnecting, fork: what happens to records between the application and the engine."""

from __future__ import annotations

import asyncio
import threading
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, http_scope, ignore
from engine import FakeEngine
from records import numbers, put, put_kinds, request
from spangard import OpenTelemetryMiddleware, _buffer, _frames

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


@pytest.mark.usefixtures("_another_request_runs")
def test_a_full_batch_is_written_at_once_and_in_order(engine: FakeEngine, recorder: Recorder) -> None:
    put(recorder, _buffer.BATCH)
    engine.wait(lambda: len(engine.records()) == _buffer.BATCH)
    assert numbers(engine) == list(range(_buffer.BATCH))
    _, seq, seen, dropped, spans, wall_ns, mono_s, _ = engine.batches[0]
    assert (seq, seen, dropped, spans) == (0, _buffer.BATCH, 0, None)
    assert wall_ns > 1_700_000_000_000_000_000
    assert type(mono_s) is float


def test_a_lone_request_is_written_at_once(engine: FakeEngine, recorder: Recorder) -> None:
    asyncio.run(OpenTelemetryMiddleware(hello)(http_scope(), None, ignore))  # type: ignore[arg-type]
    assert not recorder.records
    engine.request()


def test_lone_requests_in_quick_succession_share_a_write(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_buffer, "TICK_S", 10.0)  # not before the test is through, however busy the machine
    put(recorder, 3)
    assert len(recorder.records) == 2
    recorder.next_flush_at = 0.0  # some milliseconds later
    put(recorder, 1, start=3)
    engine.wait(lambda: len(engine.records()) == 4)
    assert [len(batch[7]) for batch in engine.batches] == [1, 3]


@pytest.mark.usefixtures("_another_request_runs")
def test_fewer_records_wait_for_the_timer_of_the_event_loop(engine: FakeEngine, recorder: Recorder) -> None:
    async def main() -> None:
        app: Any = OpenTelemetryMiddleware(hello)
        await app(http_scope(), None, ignore)
        assert recorder.records
        await asyncio.get_running_loop().run_in_executor(None, engine.request)

    asyncio.run(main())


@pytest.mark.usefixtures("_another_request_runs")
def test_without_an_event_loop_a_thread_keeps_the_time(engine: FakeEngine, recorder: Recorder) -> None:
    recorder.records.append(request(1))
    recorder.appended(perf_counter())
    engine.wait(lambda: numbers(engine) == [1])


def test_a_timer_lost_with_its_event_loop_is_armed_again(engine: FakeEngine, recorder: Recorder) -> None:
    app: Any = OpenTelemetryMiddleware(hello)

    async def once() -> None:
        await app(http_scope(), None, ignore)

    recorder.live[1] = (7, perf_counter(), 1, "GET", "http", None)
    asyncio.run(once())  # the loop is closed before its timer fires
    assert recorder.records
    recorder.due -= 10.0  # ten seconds later
    recorder.next_flush_at -= 10.0

    async def again() -> None:
        await app(http_scope(), None, ignore)
        await asyncio.get_running_loop().run_in_executor(None, engine.requests, 2)

    asyncio.run(again())


def test_without_an_engine_memory_is_bounded_and_each_drop_is_counted(tmp_path: Path, recorder: Recorder) -> None:
    surplus = 1000
    put(recorder, _buffer.MAX_RECORDS + surplus)
    assert len(recorder.records) == _buffer.MAX_RECORDS
    assert recorder.dropped == surplus
    assert recorder.records[-1] == request(_buffer.MAX_RECORDS - 1), "the newest are dropped, the oldest kept"

    recorder.link._retry = 0.0
    engine = FakeEngine(str(tmp_path / "engine.sock"))
    recorder.drain()
    engine.wait(lambda: len(engine.records()) == _buffer.MAX_RECORDS)
    recorder.close()
    engine.wait(lambda: engine.goodbyes)
    assert [said[:3] for said in engine.goodbyes] == [(2, _buffer.MAX_RECORDS + surplus, surplus)]
    engine.stop()


def test_of_what_is_dropped_only_finished_requests_count(recorder: Recorder) -> None:
    recorder.records += [request(number) for number in range(_buffer.MAX_RECORDS)]
    put_kinds(recorder, range(1, 19))  # what else there is: OPEN records, parts of events
    recorder.appended(0.0)
    assert recorder.records[-1] == request(_buffer.MAX_RECORDS - 1)
    assert recorder.dropped == len(_frames.FINISHED)
    assert not recorder.others


def test_only_finished_requests_count(engine: FakeEngine, recorder: Recorder) -> None:
    put_kinds(recorder, range(1, 12))
    recorder.records += [request(number) for number in range(_frames.MAX_BATCH)]
    put_kinds(recorder, range(5, 9))
    recorder.flush()
    engine.wait(lambda: len(engine.batches) == 2)
    assert [batch[2] for batch in engine.batches] == [_frames.MAX_BATCH - 5, _frames.MAX_BATCH + 6]
    assert not recorder.others


def test_what_is_told_of_requests_that_run_is_no_finished_one(engine: FakeEngine, recorder: Recorder) -> None:
    """By every way that leads there: parts of a long conversation, announcements, and one that is taken back."""
    recorder.sent_ahead((11, 1, 0, []), 0.0)
    recorder.live[2] = (7, 0.0, 2, "GET", "http", None)
    recorder._announce(10.0)
    ended = (7, 0.0, 3, "GET", "http", None)

    class EndsMeanwhile(dict[int, Any]):
        """Its one request is there for whoever looks through them, and gone for whoever asks for it then."""

        def copy(self) -> dict[int, Any]:
            return {3: ended}

    recorder.live = EndsMeanwhile()
    recorder._announce(10.0)
    put(recorder, 1)
    recorder.flush()
    engine.wait(lambda: engine.records()[-1:] == [request(0)])
    assert [record[0] for record in engine.records()] == [11, 7, 1]
    assert engine.batches[-1][2] == 1
    assert not recorder.others


def test_threads_with_event_loops_of_their_own_share_the_buffer_exactly(engine: FakeEngine, recorder: Recorder) -> None:
    app: Any = OpenTelemetryMiddleware(hello)
    threads, each = 4, 500

    async def requests() -> None:
        for _ in range(each):
            await app(http_scope(), None, ignore)

    workers = [threading.Thread(target=lambda: asyncio.run(requests())) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    recorder.drain()
    assert recorder.dropped == 0
    assert len({record["span_id"] for record in engine.requests(threads * each)}) == threads * each
