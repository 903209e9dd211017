# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Bounds, accounts, reconnecting, fork: what happens to records between the application and the engine."""

from __future__ import annotations

import asyncio
import marshal
import os
import socket
import threading
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, http_scope, run
from engine import FakeEngine, frame
from spangard import OpenTelemetryMiddleware, _buffer, _link, _process

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


def request(number: int) -> tuple[Any, ...]:
    """A record as far as the buffer looks into it."""
    return (1, number)


def numbers(engine: FakeEngine) -> list[int]:
    return [record[1] for record in engine.records()]


def put(recorder: Recorder, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        recorder.records.append(request(number))
        if recorder.look <= 0.0 or len(recorder.records) >= _buffer.BATCH:
            recorder.appended(0.0)


@pytest.fixture
def _another_request_runs(recorder: Recorder) -> None:
    recorder.live[1] = (7, perf_counter(), 1, "GET", "http", None)


@pytest.fixture
def _reconnects_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_link, "RETRY_S", 0.0)


@pytest.mark.usefixtures("_another_request_runs")
def test_a_full_batch_is_written_at_once_and_in_order(engine: FakeEngine, recorder: Recorder) -> None:
    put(recorder, _buffer.BATCH)
    engine.wait(lambda: len(engine.records()) == _buffer.BATCH)
    assert numbers(engine) == list(range(_buffer.BATCH))
    _, seq, seen, dropped, wall_ns, mono_s, _ = engine.batches[0]
    assert (seq, seen, dropped) == (0, _buffer.BATCH, 0)
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
    recorder.look = 0.0  # some milliseconds later
    put(recorder, 1, start=3)
    engine.wait(lambda: len(engine.records()) == 4)
    assert [len(batch[6]) for batch in engine.batches] == [1, 3]


@pytest.mark.usefixtures("_another_request_runs")
def test_fewer_records_wait_for_the_timer_of_the_event_loop(engine: FakeEngine, recorder: Recorder) -> None:
    async def main() -> None:
        app: Any = OpenTelemetryMiddleware(hello)
        await app(http_scope(), None, ignore)
        assert recorder.records
        await asyncio.get_running_loop().run_in_executor(None, engine.request)

    asyncio.run(main())


async def ignore(message: Any) -> None:
    pass


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
    recorder.look -= 10.0

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
    recorder.records += [(kind, 0) for kind in range(1, 19)]  # what else there is: OPEN records, parts of events
    recorder.appended(0.0)
    assert recorder.records[-1] == request(_buffer.MAX_RECORDS - 1)
    assert recorder.dropped == len(_buffer.FINISHED)


@pytest.mark.parametrize(
    "value",
    [b"x" * _buffer.MAX_FRAME_BYTES, [1] * 1_000_000, print, 1 << 99_999_999],
    ids=["bytes", "list", "function", "int"],
)
def test_a_value_that_no_frame_can_hold_costs_itself_and_nothing_beside_it(
    engine: FakeEngine, recorder: Recorder, value: object
) -> None:
    recorder.records += [request(1), (1, value, "beside"), request(2)]
    recorder.flush()
    engine.wait(lambda: len(engine.records()) == 3)
    first, odd, last = engine.records()
    assert (first, last) == (request(1), request(2))
    assert odd[2] == "beside"
    assert len(marshal.dumps(odd, 2)) <= _buffer.MAX_RECORD_BYTES
    assert engine.batches[-1][2:4] == (3, 0)


def test_a_record_that_can_not_be_written_at_all_is_told_by_its_span_and_said_once(
    engine: FakeEngine, recorder: Recorder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_buffer, "clean", lambda record, most: record)
    odd = object()
    told = [
        (1, 0.0, 0.0, b"", 7, odd),
        (13, 0.0, 0, b"", 8, odd),
        (9, *[odd] * 14, 9),
        (17, {}, (10, *[odd] * 9, 10)),
        (3, odd),
    ]
    recorder.records += [request(1), *told, (11, odd), (5, odd), request(2)]
    recorder.flush()
    engine.wait(lambda: len(engine.records()) == 7)
    lost = [(_buffer.LOST, span_id) for span_id in (7, 8, 9, 10, 0)]
    assert engine.records() == [request(1), *lost, request(2)]
    assert engine.batches[-1][2:4] == (7, 0)
    recorder.records.append((1, 0.0, 0.0, b"", 7, odd))
    recorder.flush()
    assert [r.getMessage() for r in caplog.records].count(
        "spangard: a record can not be written; it is left out, and counted as malformed where it is a whole request's"
    ) == 1


def test_a_variable_longer_than_the_engine_accepts_is_left_out_and_named(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    name = "OTEL_RESOURCE_ATTRIBUTES"
    monkeypatch.setenv(name, "x" * (_process.MAX_SETTING_BYTES - len(name) + 1))
    monkeypatch.setenv("OTEL_SERVICE_NAME", "x" * (_process.MAX_SETTING_BYTES - len("OTEL_SERVICE_NAME")))
    recorder.flush()
    engine.wait(lambda: engine.hellos)
    assert name not in engine.hellos[0][7]
    assert len(engine.hellos[0][7]["OTEL_SERVICE_NAME"]) > 8000
    assert f"{name} is longer than 8192 bytes" in caplog.text


def test_only_finished_requests_count(engine: FakeEngine, recorder: Recorder) -> None:
    for kind in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11):
        recorder.records.append((kind, 0))
    recorder.flush()
    engine.wait(lambda: engine.batches)
    assert engine.batches[0][2] == 6


@pytest.mark.usefixtures("_reconnects_at_once")
def test_a_stopped_engine_blocks_nobody_and_gets_all_when_it_goes_on(tmp_path: Path, recorder: Recorder) -> None:
    # an engine that accepts and never reads: as under SIGSTOP
    path = str(tmp_path / "engine.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    padding = "x" * 1000
    total = 0
    while not recorder.dropped:
        recorder.records.append((1, total, padding))
        recorder.appended(0.0)
        total += 1
    assert recorder.link.waiting()
    assert len(recorder.records) == _buffer.MAX_RECORDS

    connection, _ = listener.accept()
    stream = connection.makefile("rb")
    read = 0

    def reading() -> None:
        import marshal

        nonlocal read
        while head := stream.read(4):
            value = marshal.loads(stream.read(int.from_bytes(head, "big")))
            if value[0] == 1:
                read += len(value[6])

    thread = threading.Thread(target=reading)
    thread.start()
    recorder.close()
    thread.join(10)
    stream.close()
    connection.close()
    listener.close()
    assert read + recorder.dropped == total


@pytest.mark.usefixtures("_reconnects_at_once")
def test_a_restarted_engine_is_told_what_was_sent_before(tmp_path: Path, recorder: Recorder) -> None:
    path = str(tmp_path / "engine.sock")
    first = FakeEngine(path)
    put(recorder, 128)
    first.wait(lambda: len(first.records()) == 128)
    first.stop()
    put(recorder, 128, start=128)  # notices the broken connection
    second = FakeEngine(path)
    put(recorder, 128, start=256)
    recorder.drain()
    second.wait(lambda: len(second.records()) == 256)
    hello_again = second.hellos[0]
    assert hello_again[2] == first.hellos[0][2], "the same recorder"
    assert hello_again[3] == 128
    assert numbers(first) + numbers(second) == list(range(384))
    assert [batch[1] for batch in first.batches + second.batches] == list(range(len(first.batches + second.batches)))
    recorder.close()
    second.stop()


def test_a_frame_cut_off_in_the_middle_is_sent_again_from_its_start(recorder: Recorder) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    link = recorder.link
    link._socket = ours
    body = os.urandom(4 << 20)
    link.queue(body, 3)
    assert link.waiting()
    assert link._sent == 0
    theirs.close()
    assert not link.drained()
    again, reader = socket.socketpair()
    again.setblocking(False)
    reader.settimeout(10)
    link._socket = again
    received = bytearray()
    while len(received) < len(body):
        link.drained()
        received += reader.recv(1 << 20)
    assert bytes(received) == body
    assert link.drained()
    assert link._sent == 3
    reader.close()


def test_a_value_marshal_can_not_write_does_not_cost_the_batch(engine: FakeEngine, recorder: Recorder) -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError

    recorder.records.extend(
        [(1, 0), (1, Odd(), type("S", (str,), {})("text"), {"k": [Odd, 2**200, bytearray(b"b")]}), (1, 2)]
    )
    recorder.flush()
    engine.wait(lambda: len(engine.records()) == 3)
    assert engine.records()[0] == (1, 0)
    assert engine.records()[1][1:3] == (None, "text")
    assert engine.records()[2] == (1, 2)


def test_a_frame_is_never_larger_than_the_engine_accepts(engine: FakeEngine, recorder: Recorder) -> None:
    big = "x" * (100 << 10)
    for number in range(200):
        recorder.records.append((1, number, big))
    for _ in range(20):  # each waits half a second at most: not enough for 20 MB on a busy machine
        recorder.drain()
    engine.wait(lambda: len(engine.records()) == 200)
    assert numbers(engine) == list(range(200))
    assert len(engine.batches) > 4


def test_a_refusal_is_said_once_and_not_tried_again_soon(
    engine: FakeEngine, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    engine.answer = frame((17, "it speaks version 2 only"))
    put(recorder, 128)
    engine.wait(lambda: engine.hellos)
    while recorder.link._socket is not None:
        recorder.flush()
    put(recorder, 300)
    assert [r.getMessage() for r in caplog.records] == [
        "spangard: the engine does not take this process's records: it speaks version 2 only"
    ]
    assert len(engine.hellos) == 1


def test_a_refusal_right_behind_a_welcome_is_heard(
    engine: FakeEngine, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    engine.answer = frame((16, 1)) + frame((17, "no room"))
    put(recorder, 128)
    engine.wait(lambda: engine.hellos)
    while recorder.link._socket is not None:
        recorder.flush()
    assert "no room" in caplog.text


def test_another_users_engine_is_told_nothing(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = os.geteuid() + 4712
    monkeypatch.setattr(_link, "owner_of", lambda connection: (1, other))
    put(recorder, 128)
    assert recorder.link._socket is None
    assert f"is served by another user (uid {other})" in caplog.text
    assert not engine.hellos


def test_another_users_engine_is_told_where_it_is_said_to_be_trusted(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = os.geteuid() + 4712
    monkeypatch.setattr(_link, "owner_of", lambda connection: (1, other))
    monkeypatch.setenv("SPANGARD_ENGINE_UID", str(other))
    put(recorder, 128)
    engine.wait(lambda: engine.hellos)


def test_a_directory_that_others_may_write_to_is_said_once_and_told_nothing(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_link, "RETRY_REFUSED_S", 0.0)
    os.chmod(os.path.dirname(engine.path), 0o770)
    put(recorder, 128)
    put(recorder, 128)
    recorder.flush()
    [record] = caplog.records
    assert "must be a directory of this user that no other may write to" in record.getMessage()
    assert not engine.hellos
    os.chmod(os.path.dirname(engine.path), 0o700)
    recorder.flush()
    engine.wait(lambda: engine.hellos)


def test_the_owner_of_the_engines_socket_is_known(engine: FakeEngine) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(engine.path)
        assert _link.owner_of(connection) == (os.getpid(), os.geteuid())


@pytest.mark.parametrize("garbage", [b"\x00", b"\x00\x00\x00\x05hello", b"\xff" * 100])
def test_garbage_from_the_engine_harms_nothing(engine: FakeEngine, recorder: Recorder, garbage: bytes) -> None:
    engine.answer = garbage
    put(recorder, 256)
    engine.wait(lambda: len(engine.records()) == 256)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")  # the engine's thread
@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_a_request_that_forks_is_told_by_the_parent_alone(engine: FakeEngine, recorder: Recorder, profile: str) -> None:
    pids = []

    async def forking(scope: Any, receive: Any, send: Any) -> None:
        pids.append(os.fork())
        await hello(scope, receive, send)

    run(OpenTelemetryMiddleware(forking, profile=profile))
    if pids == [0]:
        os._exit(len(recorder.records) + recorder._taken)
    assert os.waitpid(pids[0], 0)[1] == 0
    engine.wait(engine.records)
    assert len(engine.records()) == 1


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")  # the engine's thread; 3.15 makes an error of it
def test_a_forked_child_is_a_recorder_of_its_own(engine: FakeEngine, recorder: Recorder) -> None:
    put(recorder, 128)
    recorder.records.append(request(1000))  # the parent's, waiting at the fork
    ids = {recorder.link.recorder_id}
    pid = os.fork()
    if pid == 0:
        try:
            put(recorder, 1, start=2000)
            recorder.close()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == 0
    recorder.flush()
    engine.wait(lambda: len(engine.records()) == 130)
    assert sorted(numbers(engine)) == [*range(128), 1000, 2000]
    engine.wait(lambda: engine.goodbyes)
    assert [said[:3] for said in engine.goodbyes] == [(2, 1, 0)]
    ids.update(hello_frame[2] for hello_frame in engine.hellos)
    assert len(ids) == 2


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


def test_reads_both_clocks_again_when_the_process_was_put_aside_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monotonic = iter([1.0, 1.5, 2.0, 2.000001])
    wall = iter([10, 20])
    monkeypatch.setattr(_buffer, "perf_counter", lambda: next(monotonic))
    monkeypatch.setattr(_buffer, "time_ns", lambda: next(wall))
    assert _buffer._clocks() == (20, 2.0)
