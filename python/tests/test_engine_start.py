# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""When an engine is started, with what, and how often."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import child
from java import FakeJava
from spangard import _engine


def test_starts_an_engine_that_is_not_ours_to_wait_for(java: FakeJava, socket_path: str) -> None:
    _engine.start_engine()
    assert _engine.answers(socket_path)
    (start,) = java.starts()
    assert start["arguments"][-5:] == ["engine", "--socket", socket_path, "--idle-exit", str(_engine._idle_exit_s())]
    assert start["parent"] != os.getpid()
    assert start["session"] != os.getsid(0)
    assert start["cwd"] == "/"
    assert start["name"] == "spangard-engine"
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_engine_gets_none_of_the_applications_secrets(java: FakeJava, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:3128")
    _engine.start_engine()
    (start,) = java.starts()
    assert "hunter2" not in json.dumps(start)
    assert start["environment"]["https_proxy"] == "http://127.0.0.1:3128"


def test_what_the_engine_says_goes_to_a_log_that_begins_anew_when_it_is_large(
    java: FakeJava, socket_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Path(socket_path + ".log")
    log.write_bytes(b"x" * _engine.MAX_LOG_BYTES)
    _engine.start_engine()
    assert log.stat().st_size > _engine.MAX_LOG_BYTES
    java.stop()
    os.unlink(socket_path)
    _engine.start_engine()
    assert log.read_text().endswith("hello from the engine\n")
    assert log.stat().st_size < 100


def test_starts_none_where_one_answers(java: FakeJava) -> None:
    _engine.start_engine()
    _engine.start_engine()
    assert len(java.starts()) == 1


def test_starts_none_where_it_is_forbidden(java: FakeJava, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_ENGINE", "Off")
    _engine.start_engine()
    assert java.starts() == []


START = """
import os, sys
from spangard import _engine, _java
_java.JARS = sys.argv[1]
ready, go = os.pipe()
children = []
for _ in range(int(sys.argv[2])):
    pid = os.fork()
    if pid == 0:
        os.close(go)
        os.read(ready, 1)
        _engine.start_engine()
        os._exit(0)
    children.append(pid)
    if "one-by-one" in sys.argv:
        os.close(go)
        os.waitpid(pid, 0)
        ready, go = os.pipe()
os.close(go)
if "one-by-one" not in sys.argv:
    for pid in children:
        os.waitpid(pid, 0)
"""


def test_many_workers_start_one_engine(java: FakeJava) -> None:
    assert child.run("-c", START, java.jars, 16).stderr == ""
    assert len(java.starts()) == 1


def test_without_java_one_line_per_server(java: FakeJava, tmp_path: Path) -> None:
    environment = {"JAVA_HOME": "", "PATH": str(tmp_path)}
    for _ in range(2):
        done = child.run("-c", START, java.jars, 3, "one-by-one", env=environment)
        (line,) = done.stderr.splitlines()
        assert "JAVA_HOME" in line
        assert "PATH" in line
        assert "pip install 'spangard[jre]'" in line


def test_gives_up_on_an_engine_that_does_not_start(
    java: FakeJava, socket_path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    java.script(exits=True)
    monkeypatch.setattr(_engine, "START_TIMEOUT_S", 0.5)
    for _ in range(_engine.MAX_FAILURES + 2):
        _engine.start_engine()
    assert len(java.starts()) == _engine.MAX_FAILURES
    assert _engine.has_given_up()
    (record,) = caplog.records
    assert f"{socket_path}.log" in record.getMessage()


def test_an_engine_that_ends_at_once_is_not_waited_for(java: FakeJava, monkeypatch: pytest.MonkeyPatch) -> None:
    java.script(exits=True)
    monkeypatch.setattr(_engine, "START_TIMEOUT_S", 3600.0)
    _engine.start_engine(3600.0)
    assert len(java.starts()) == 1
    assert _engine._failures == 1


@pytest.mark.parametrize("code", [0, 4])
def test_an_engine_that_gives_way_to_another_is_no_failure(java: FakeJava, code: int) -> None:
    java.script(exits=True, code=code)
    for _ in range(_engine.MAX_FAILURES + 1):
        _engine.start_engine()
    assert len(java.starts()) == _engine.MAX_FAILURES + 1
    assert not _engine.has_given_up()


def test_an_engine_whose_shell_is_killed_has_ended() -> None:
    codes, told = os.pipe()
    os.set_blocking(codes, False)
    ended: list[int] = []
    assert not _engine._has_ended(codes, ended)
    os.close(told)
    assert _engine._has_ended(codes, ended)
    assert ended == [-1]
    os.close(codes)


@pytest.mark.parametrize("terminal", [None, 0, 1, 2])
def test_leaves_earlier_where_a_terminal_started_it(terminal: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda descriptor: descriptor == terminal)
    assert _engine._idle_exit_s() == (60 if terminal is None else 10)


def test_never_raises_where_nothing_can_be_written(
    java: FakeJava, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPANGARD_SOCKET", "/proc/none/engine.sock")
    _engine.start_engine()
    assert len(caplog.records) == 1
    assert java.starts() == []
