# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The end of a process whose engine does not read what it was written."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from engine import frame
from farewells import Starts, Time, put
from spangard import _farewell

if TYPE_CHECKING:
    from pathlib import Path

    from spangard._buffer import Recorder


class Stopped:
    """An engine that accepts, says ``answer``, and reads nothing."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(4)
        self._answer = answer
        self._path = path

    def accept(self) -> None:
        self.connection = self._listener.accept()[0]
        self.connection.sendall(self._answer)

    def kill(self) -> None:
        for each in (self.connection, self._listener):
            each.close()
        self._path.unlink()


def test_who_was_welcome_and_is_read_no_more_says_so(
    recorder: Recorder, time: Time, starts: Starts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Stopped(tmp_path / "engine.sock", frame((16, 3)))
    recorder.flush()
    engine.accept()
    put(recorder, 3)
    recorder.close()
    assert time.now == pytest.approx(1000.0 + _farewell.EXIT_WAIT_S)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("spangard: the last requests may not be recorded: the engine does not read at ")
    engine.kill()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", "3 requests are not recorded: no engine"),
        (frame((16, 3)), "the last requests may not be recorded: the en"),
    ],
)
def test_who_is_not_read_by_an_engine_that_is_killed_says_so(
    answer: bytes,
    says: str,
    recorder: Recorder,
    time: Time,
    starts: Starts,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    starts.possible = False
    engine = Stopped(tmp_path / "engine.sock", answer)
    recorder.flush()
    engine.accept()
    put(recorder, 3)
    looks = _farewell._waits(recorder)
    next(looks)
    engine.kill()
    assert list(looks) == []
    recorder.close()
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"spangard: {says}")


def test_what_a_killed_engine_did_not_read_is_told_to_the_next(
    recorder: Recorder, time: Time, starts: Starts, tmp_path: Path
) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "engine.sock"))
    listener.listen(4)
    put(recorder, 3)
    recorder.flush()
    connection, _ = listener.accept()
    for killed in (connection, listener):  # with all that it had not read
        killed.close()
    (tmp_path / "engine.sock").unlink()
    starts.after = 2
    recorder.close()
    engine = starts.engine
    assert engine is not None
    engine.wait(lambda: engine.goodbyes)
    assert engine.hellos[0][3:6] == (3, 3, 0), "written, seen, dropped: three that nobody read"
