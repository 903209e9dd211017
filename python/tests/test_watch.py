# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""When `spangard attach` says that nothing is recorded. CMD and time are played; a real one is in it/."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from spangard import _buffer, _sockets
from spangard._marks import ATTACHED, RECORDS, SERVER, mark, marks
from spangard.attach.watch import LOADING_S, SERVED_S, WATCH_S, Watch, processes

if TYPE_CHECKING:
    from pathlib import Path

NEVER = float("inf")


class Command:
    """A CMD that begins to listen, makes marks, stops listening and ends, each at its time."""

    def __init__(
        self, path: Path, listens: float, ends: float, *made: tuple[float, bytes], stops: float = NEVER
    ) -> None:
        self.now = 0.0
        self.looks = 0
        self._path = path
        self._listens, self._stops, self._ends = listens, stops, ends
        self._made = list(made)
        path.touch()

    def serves(self) -> bool:
        self.looks += 1
        return self._listens <= self.now < min(self._ends, self._stops)

    def ended(self, seconds: float) -> bool:
        self.now = min(self.now + seconds, self._ends)
        while self._made and self._made[0][0] <= self.now:
            with self._path.open("ab") as file:
                file.write(self._made.pop(0)[1])
        return self.now >= self._ends

    def is_told(self) -> bool:
        return Watch(str(self._path), self.serves, lambda: self.now, self.ended).ends_unrecorded()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mark"


def test_is_told_when_it_has_served_for_ten_seconds(path: Path) -> None:
    command = Command(path, 3.0, NEVER)
    assert command.is_told()
    assert 3.0 + SERVED_S <= command.now <= 5.0 + SERVED_S


def test_is_told_when_it_ends_earlier(path: Path) -> None:
    command = Command(path, 1.0, 4.5)
    assert command.is_told()
    assert command.now == 4.5


def test_is_not_told_when_it_served_nobody(path: Path) -> None:
    assert not Command(path, NEVER, 3.0).is_told()
    assert not Command(path, NEVER, 300.0).is_told()


def test_is_not_told_when_it_is_recorded(path: Path) -> None:
    command = Command(path, 1.0, NEVER, (5.0, RECORDS))
    assert not command.is_told()
    assert command.now == 5.0, "nobody looks any longer"


def test_is_not_told_when_what_listened_for_a_moment_does_not_any_more(path: Path) -> None:
    assert not Command(path, 1.0, NEVER, stops=8.0).is_told()


def test_a_server_that_attach_knows_may_load_its_application_for_longer(path: Path) -> None:
    assert not Command(path.with_name("slow"), 1.0, NEVER, (0.5, SERVER), (50.0, RECORDS)).is_told()
    command = Command(path, 1.0, NEVER, (0.5, SERVER))
    assert command.is_told()
    assert LOADING_S <= command.now <= LOADING_S + 3.0


def test_nobody_looks_for_ever_whether_it_listens_at_last(path: Path) -> None:
    command = Command(path, NEVER, NEVER)
    assert not command.is_told()
    assert WATCH_S <= command.now <= WATCH_S + 2.0


def test_the_first_recorder_makes_a_mark(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ATTACHED, str(path))
    path.touch()
    _buffer.Recorder().close()
    assert marks(str(path)) == RECORDS


@pytest.mark.parametrize("there", ["nothing", "a directory", "a link"])
def test_a_mark_is_made_in_a_file_that_is_there_and_nowhere_else(
    there: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ATTACHED, str(path))
    other = path.with_name("other")
    other.touch()
    if there == "a directory":
        path.mkdir()
    elif there == "a link":
        path.symlink_to(other)
    mark(RECORDS)
    assert other.read_bytes() == b""
    assert path.exists() == (there != "nothing")


def test_a_file_of_marks_does_not_grow(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ATTACHED, str(path))
    path.touch()
    for _ in range(1000):
        mark(RECORDS)
    assert path.stat().st_size <= 64


def test_processes_are_known_by_the_variable_in_their_environment(path: Path) -> None:
    import subprocess

    environment = {**os.environ, ATTACHED: str(path)}
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()  # an exec is seen to have happened before its environment can be read
            assert processes(str(path)) == [child.pid]
        finally:
            child.kill()


def test_sockets_that_listen_are_told_from_those_that_do_not() -> None:
    pid = os.getpid()
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind("")
        before = _sockets.listening(pid, _sockets.sockets(pid))
        unix.listen()
        with socket.create_connection(tcp.getsockname()) as client, socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            inodes = [str(os.fstat(each.fileno()).st_ino) for each in (tcp, unix, client, bound)]
            open_now = _sockets.sockets(pid)
            assert open_now >= set(inodes)
            found = _sockets.listening(pid, open_now)
    assert inodes[0] in before
    assert inodes[1] not in before
    assert found >= set(inodes[:2])
    assert not found & set(inodes[2:])
    assert _sockets.listening(pid, set()) == set()


def test_a_process_that_is_gone_has_no_sockets() -> None:
    assert _sockets.sockets(2**22 + 1) == set()
    assert _sockets.listening(2**22 + 1, {"1"}) == set()
