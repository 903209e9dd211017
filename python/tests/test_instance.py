# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

import child
from spangard import _instance

FAMILY = """
import multiprocessing, os, subprocess, sys
from spangard._instance import instance

def tell():
    print(instance(), flush=True)

def nested():
    tell()
    spawn(tell)

def spawn(target, how="spawn"):
    child = multiprocessing.get_context(how).Process(target=target)
    child.start()
    child.join(60)

def fork(then):
    pid = os.fork()
    if pid == 0:
        then()
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)

if __name__ == "__main__":
    if "late" not in sys.argv:
        tell()
    fork(tell)
    fork(lambda: fork(tell))
    fork(lambda: spawn(tell))
    spawn(nested)
    spawn(tell, "forkserver")
    tell()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "family.py"
    path.write_text(FAMILY)
    return path


def run(*arguments: object) -> list[str]:
    done = child.run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_forks_and_multiprocessing_children_are_one_instance(script: Path) -> None:
    told = run(script)
    assert len(told) == 8
    assert set(told) == {told[0]}


def test_workers_agree_when_the_first_process_never_asked(script: Path) -> None:
    told = run(script, "late")
    assert len(told) == 7
    assert set(told) == {told[0]}


def test_two_servers_of_one_parent_are_two_instances(script: Path) -> None:
    assert {*run(script)} & {*run(script)} == set()
    assert _instance.instance() not in run(script)


def test_an_executed_child_is_another_instance() -> None:
    ask = "from spangard._instance import instance; print(instance())"
    told = run(
        "-c", f"{ask}\nimport subprocess, sys\nsys.stdout.flush()\nsubprocess.run([sys.executable, '-c', {ask!r}])"
    )
    assert len({*told}) == 2


MANAGER = """
import os, socket, subprocess, sys
from spangard._instance import instance
kind = sys.argv[1]
shared = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
shared.bind("" if kind == "unix" else ("127.0.0.1", 0))
shared.listen()
ask = "from spangard._instance import *; print(serves_what_it_was_given(), instance())"
if kind == "own":
    ask = "import socket; own = socket.create_server(('127.0.0.1', 0))\\n" + ask
if kind == "systemd":
    again = f"os.execv(sys.executable, [sys.executable, '-c', {ask!r}])"
    ask = f"import os, sys; os.environ['LISTEN_PID'] = str(os.getpid()); {again}"
if kind == "connected":
    server, shared = shared, socket.create_connection(shared.getsockname())
print(instance())
sys.stdout.flush()
for _ in range(2):
    subprocess.run([sys.executable, "-c", ask], pass_fds=[shared.fileno()], check=True)
"""


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_workers_executed_around_one_listening_socket_are_one_instance(kind: str) -> None:
    manager, *told = run("-c", MANAGER, kind)
    assert told[0] == told[2] == "True"
    assert told[1] == told[3]
    assert told[1] != manager


@pytest.mark.parametrize("kind", ["own", "systemd", "connected"])
def test_servers_that_were_handed_a_socket_and_are_not_one_are_two_instances(kind: str) -> None:
    """One has a socket of its own, one is started again by systemd, one has a socket that takes no connections."""
    manager, *told = run("-c", MANAGER, kind)
    assert told[0] == told[2] == "False"
    assert len({manager, told[1], told[3]}) == 3


def test_exec_in_place_keeps_the_instance() -> None:
    ask = "from spangard._instance import instance; print(instance(), flush=True)"
    told = run("-c", f"{ask}\nimport os, sys\nos.execv(sys.executable, [sys.executable, '-c', {ask!r}])")
    assert len(told) == 2
    assert len({*told}) == 1


def test_the_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_INSTANCE", "blue")
    assert _instance.instance() == "blue"


def test_without_proc_the_process_group_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(pid: int, name: str) -> bytes:
        raise FileNotFoundError(name)

    monkeypatch.setattr(_instance, "_instance", None)
    monkeypatch.setattr(_instance, "_read", missing)
    assert "-group-" in _instance.instance()


STAT = b"12 (odd) name) S 7 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4321 99 1"


def test_process_names_may_hold_parentheses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_instance, "_read", lambda pid, name: STAT)
    assert (_instance._parent(12), _instance._started(12)) == (7, 4321)


@pytest.mark.parametrize(
    ("own", "parents", "related"),
    [
        (b"/v/bin/python\0/v/bin/hypercorn\0main:app\0", b"/v/bin/python\0/v/bin/hypercorn\0main:app\0", True),
        (b"gunicorn: worker [main:app]\0", b"gunicorn: master [main:app]\0", True),
        (b"/v/bin/python\0/v/bin/hypercorn\0main:app\0", b"/bin/sh\0start.sh\0", False),
    ],
)
def test_command_lines_tell_where_the_parent_is_of_another_user(
    monkeypatch: pytest.MonkeyPatch, own: bytes, parents: bytes, related: bool
) -> None:
    def read(pid: int, name: str) -> bytes:
        if name == "auxv":
            raise PermissionError(name)
        return own if pid == 12 else parents

    monkeypatch.setattr(_instance, "_read", read)
    assert _instance._related(12, 7) is related
