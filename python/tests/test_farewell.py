# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""How long the end of a process waits for an engine, and what it says."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from engine import FakeEngine, frame
from farewells import Starts, Time, put, requests
from spangard import _engine, _farewell, _link
from spangard._buffer import MAX_RECORDS

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


def test_an_engine_that_is_only_starting_gets_what_waits(recorder: Recorder, time: Time, starts: Starts) -> None:
    put(recorder, 300)
    starts.after = 4
    recorder.close()
    engine = starts.engine
    assert engine is not None
    engine.wait(lambda: engine.goodbyes)
    assert requests(engine) == 300
    assert engine.goodbyes[0][1:3] == (300, 0)
    assert 1000.0 < time.now < 1000.0 + _farewell.EXIT_WAIT_S


def test_waits_no_longer_than_is_said_and_says_how_many_are_lost(
    recorder: Recorder, time: Time, starts: Starts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPANGARD_EXIT_WAIT", "2.5")
    put(recorder, 7)
    recorder.close()
    assert time.now == pytest.approx(1002.5)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("spangard: 7 requests are not recorded: no engine answers at ")
    assert "SPANGARD_EXIT_WAIT" in line


def test_says_of_what_was_dropped_too_that_it_is_lost(
    recorder: Recorder, time: Time, starts: Starts, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MAX_RECORDS + 900):
        recorder.records.append((1, number))
        recorder.appended(1e9 + number)
    recorder.close()
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"spangard: {MAX_RECORDS + 900} requests are not recorded: no engine answers at ")


def test_waits_once_however_many_servers_end_in_the_process(recorder: Recorder, time: Time, starts: Starts) -> None:
    put(recorder, 1)
    for _ in range(10):
        recorder.drain()
    recorder.close()
    assert time.now == pytest.approx(1000.0 + _farewell.EXIT_WAIT_S)


@pytest.mark.parametrize("seconds", ["-1", "soon", "nan", "inf", "1e9"])
def test_a_wait_that_is_no_number_of_seconds_is_a_warning(
    seconds: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPANGARD_EXIT_WAIT", seconds)
    assert _farewell.exit_wait() == _farewell.EXIT_WAIT_S
    assert "SPANGARD_EXIT_WAIT" in caplog.text


@pytest.mark.parametrize("seconds", ["0", " 0.5 ", "3600"])
def test_a_wait_is_a_number_of_seconds(seconds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_EXIT_WAIT", seconds)
    assert _farewell.exit_wait() == float(seconds)


def test_who_has_nothing_to_tell_starts_no_engine_and_does_not_wait(
    recorder: Recorder, time: Time, starts: Starts
) -> None:
    recorder.drain()
    recorder.close()
    assert (time.now, starts.calls) == (1000.0, 0)


def test_does_not_wait_where_no_engine_can_come(
    recorder: Recorder, time: Time, starts: Starts, caplog: pytest.LogCaptureFixture
) -> None:
    starts.possible = False
    put(recorder, 3)
    recorder.close()
    assert time.now == 1000.0
    assert "3 requests are not recorded" in caplog.text


def test_says_nothing_more_where_it_has_been_said_that_nothing_is_recorded(
    recorder: Recorder, time: Time, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("SPANGARD_ENGINE")
    monkeypatch.setattr(_engine, "_hopeless", True)
    put(recorder, 3)
    recorder.close()
    assert time.now == 1000.0
    assert not caplog.records


def test_does_not_wait_for_an_engine_that_refuses(
    engine: FakeEngine, recorder: Recorder, time: Time, starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANGARD_ENGINE_UID", "nobody")  # no number: nobody is trusted
    put(recorder, 1)
    recorder.close()
    assert (time.now, starts.calls) == (1000.0, 0)


def test_waits_until_an_engine_has_said_that_it_takes_what_was_written(
    engine: FakeEngine,
    recorder: Recorder,
    time: Time,
    starts: Starts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(_link.Link, "wait", lambda link, seconds: False)  # it would wait by another clock
    engine.answer = None  # it has a connection, and does not read: as under SIGSTOP
    put(recorder, 3)
    recorder.close()
    assert time.now == pytest.approx(1000.0 + _farewell.EXIT_WAIT_S)
    assert starts.calls == 0
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("spangard: 3 requests may not be recorded: the engine does not read at ")


def test_who_is_refused_in_the_end_says_why(
    engine: FakeEngine, recorder: Recorder, time: Time, starts: Starts, caplog: pytest.LogCaptureFixture
) -> None:
    engine.answer = frame((17, "The engine serves 256 services already.", 60))
    put(recorder, 3)
    recorder.close()
    assert "The engine serves 256 services already." in caplog.text
    assert time.now < 1000.0 + _farewell.EXIT_WAIT_S


def test_who_says_goodbye_before_a_signal_and_goes_on_is_another_recorder(
    engine: FakeEngine, recorder: Recorder
) -> None:
    put(recorder, 3)
    recorder.drain()
    recorder.part()
    engine.wait(lambda: engine.goodbyes)
    assert engine.goodbyes[0][1:3] == (3, 0)
    put(recorder, 2)
    recorder.close()
    engine.wait(lambda: len(engine.goodbyes) == 2)
    assert engine.goodbyes[1][1:3] == (2, 0)
    assert [hello[3:6] for hello in engine.hellos] == [(0, 0, 0), (0, 0, 0)]
    assert len({hello[2] for hello in engine.hellos}) == 2


def test_who_has_something_left_to_tell_does_not_part(engine: FakeEngine, recorder: Recorder) -> None:
    put(recorder, 1)
    recorder.drain()
    recorder.live[1] = (7, 0.0, 1, "GET", True, None)
    recorder.part()
    put(recorder, 1)
    recorder.live.clear()
    recorder.close()
    engine.wait(lambda: engine.goodbyes)
    assert len(engine.hellos) == 1
    assert engine.goodbyes[0][1:3] == (2, 0)


def test_engines_that_find_another_running_are_not_started_again_and_again(
    recorder: Recorder, time: Time, starts: Starts
) -> None:
    put(recorder, 1)
    recorder.close()
    assert time.now == pytest.approx(1000.0 + _farewell.EXIT_WAIT_S)
    assert starts.calls == 6, "when a connection is first looked for, and after 0, 0.5, 1.5, 3.5 and 7.5 s"


def test_an_engine_whose_queue_of_connections_is_full_is_waited_for(
    recorder: Recorder, time: Time, starts: Starts, tmp_path: Path
) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "engine.sock"))
    listener.listen(0)
    waiting = []
    try:
        while True:
            waiting.append(socket.socket(socket.AF_UNIX))
            waiting[-1].setblocking(False)
            try:
                waiting[-1].connect(str(tmp_path / "engine.sock"))
            except BlockingIOError:
                break
        starts.possible = False
        recorder.records.append((3, *[None] * 14))
        looks = _farewell._waits(recorder)
        for _ in range(3):
            next(looks)
        assert recorder.link.is_busy
        assert starts.calls == 0, "it is there"
        for _ in waiting[:-1]:
            listener.accept()[0].close()
        next(looks)
        assert not recorder.records
        accepted = listener.accept()[0]
        accepted.sendall(frame((16, 3)))
        next(looks)
        accepted.recv(1 << 16)
        assert list(looks) == []
        accepted.close()
    finally:
        for connection in [*waiting, listener]:
            connection.close()
