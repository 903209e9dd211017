# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What a frame holds: what of a batch can be written, and no more than an engine accepts."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING

import pytest

from engine import FakeEngine
from records import numbers, request
from spangard import _frames, _process

if TYPE_CHECKING:
    from spangard._buffer import Recorder


@pytest.mark.parametrize(
    "value",
    [b"x" * _frames.MAX_FRAME_BYTES, [1] * 1_000_000, print, 1 << 99_999_999],
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
    assert len(marshal.dumps(odd, 2)) <= _frames.MAX_RECORD_BYTES
    assert engine.batches[-1][2:4] == (3, 0)


def test_a_record_that_can_not_be_written_at_all_is_told_by_its_span_and_said_once(
    engine: FakeEngine, recorder: Recorder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_frames, "clean", lambda record, most: record)
    odd = object()
    told = [
        (1, 0.0, 0.0, b"", 7, odd),
        (13, 0.0, 0, b"", 8, odd),
        (9, *[odd] * 14, 9),
        (17, {}, (10, *[odd] * 9, 10)),
        (3, odd),
    ]
    recorder.others += [None, None]
    recorder.records += [request(1), *told, (11, odd), (5, odd), request(2)]
    recorder.flush()
    engine.wait(lambda: len(engine.records()) == 7)
    lost = [(_frames.LOST, span_id) for span_id in (7, 8, 9, 10, 0)]
    assert engine.records() == [request(1), *lost, request(2)]
    assert engine.batches[-1][2:4] == (7, 0)
    assert not recorder.others
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
    assert name not in engine.hellos[0][8]
    assert len(engine.hellos[0][8]["OTEL_SERVICE_NAME"]) > 8000
    assert f"{name} is longer than 8192 bytes" in caplog.text


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


def test_reads_both_clocks_again_when_the_process_was_put_aside_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monotonic = iter([1.0, 1.5, 2.0, 2.000001])
    wall = iter([10, 20])
    monkeypatch.setattr(_frames, "perf_counter", lambda: next(monotonic))
    monkeypatch.setattr(_frames, "time_ns", lambda: next(wall))
    assert _frames.clocks() == (20, 2.0)
