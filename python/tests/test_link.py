# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Engines that stop, come back, refuse, or are not to be trusted; and what they are told in the end."""

from __future__ import annotations

import marshal
import math
import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from engine import FakeEngine, frame
from records import numbers, put
from spangard import _buffer, _link

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


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
    connection.sendall(frame((16, 3)))
    stream = connection.makefile("rb")
    read = 0

    def reading() -> None:

        nonlocal read
        while head := stream.read(4):
            value = marshal.loads(stream.read(int.from_bytes(head, "big")))
            if value[0] == 1:
                read += len(value[7])

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
    link.queue(body, 3, 2)
    assert link.waiting()
    assert (link._sent, link._sent_spans) == (0, 0)
    theirs.close()
    assert not link.write()
    again, reader = socket.socketpair()
    again.setblocking(False)
    reader.settimeout(10)
    link._socket = again
    received = bytearray()
    while len(received) < len(body):
        link.write()
        received += reader.recv(1 << 20)
    assert bytes(received) == body
    assert link.write()
    assert (link._sent, link._sent_spans) == (3, 2)
    reader.close()


def test_a_refusal_is_said_once_and_not_tried_again_soon(
    engine: FakeEngine, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    engine.answer = frame((17, "it speaks version 3 only"))
    put(recorder, 128)
    engine.wait(lambda: engine.hellos)
    while recorder.link._socket is not None:
        recorder.flush()
    put(recorder, 300)
    assert [r.getMessage() for r in caplog.records] == [
        "spangard: the engine does not take this process's records: it speaks version 3 only"
    ]
    assert len(engine.hellos) == 1


@pytest.mark.parametrize(
    ("said", "seconds"), [(5, 5.0), (0, 1.0), (86400, 60.0), (math.nan, 1.0), (None, 60.0), ("soon", None)]
)
def test_a_refusal_says_when_it_is_of_use_to_ask_again(said: object, seconds: float | None) -> None:
    answer = _link._refusal(frame((17, "no room", said) if said is not None else (17, "no room")))
    assert answer == (None if seconds is None else ("no room", seconds))


def test_an_engine_that_was_out_of_room_is_asked_again_when_it_has_said(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(_link, "perf_counter", lambda: now)
    engine.answer = frame((17, "no room", 5))
    put(recorder, 128)
    engine.wait(lambda: engine.hellos)
    while recorder.link._socket is not None:
        recorder.flush()
    put(recorder, 3)
    engine.answer = None
    now += 4.9
    recorder.flush()
    assert not recorder.link.connected()
    now += 0.2
    recorder.flush()
    assert recorder.link.connected()
    engine.wait(lambda: len(engine.hellos) == 2)
    written = engine.hellos[1][3]
    for _ in range(3):
        recorder.flush()
    assert recorder.link.waiting() == 131 - written, "what might be refused as well is not written"
    engine._connections[-1].sendall(frame((16, 3)))
    while recorder.link.waiting():
        recorder.flush()
    engine.wait(lambda: len(engine.records()) == 131)


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
