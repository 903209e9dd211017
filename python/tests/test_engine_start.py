# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import signal
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import child
from spangard import _engine, _java

if TYPE_CHECKING:
    from collections.abc import Iterator

FAKE_JAVA = """#!{python}
import json, os, socket, sys
with open({told!r}, "a") as file:
    print(json.dumps({{"pid": os.getpid(), "parent": os.getppid(), "session": os.getsid(0), "cwd": os.getcwd(),
        "name": os.path.basename(sys.argv[0]),
        "arguments": sys.argv[1:], "environment": dict(os.environ)}}), file=file)
print("hello from the engine", file=sys.stderr, flush=True)
if {exits}:
    sys.exit({code})
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[sys.argv.index("--socket") + 1])
listener.listen(16)
listener.settimeout(60)
while True:
    listener.accept()[0].close()
"""


class FakeJava:
    """A Java runtime whose `java` tells how it was started, then listens like an engine, or exits with 3."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.told = home / "told"
        self.jars = home / "jars"
        self.jars.mkdir(parents=True)
        (self.jars / "cli.jar").touch()
        (home / "release").write_text('JAVA_VERSION="25.0.1"\n')
        (home / "bin").mkdir()
        self.script(exits=False)

    def script(self, exits: bool, code: int = 3) -> None:
        java = self.home / "bin" / "java"
        java.write_text(FAKE_JAVA.format(python=sys.executable, told=str(self.told), exits=exits, code=code))
        java.chmod(0o755)

    def starts(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.told.read_text().splitlines()] if self.told.exists() else []

    def stop(self) -> None:
        for start in self.starts():
            try:
                os.kill(start["pid"], signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.fixture
def java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeJava]:
    fake = FakeJava(tmp_path / "runtime")
    monkeypatch.setattr(_java, "JARS", str(fake.jars))
    monkeypatch.setattr(_engine, "_hopeless", False)
    monkeypatch.setattr(_engine, "_failures", 0)
    monkeypatch.setenv("JAVA_HOME", str(fake.home))
    monkeypatch.delenv("SPANGARD_ENGINE")
    yield fake
    fake.stop()


@pytest.fixture
def socket_path() -> str:
    return os.environ["SPANGARD_SOCKET"]


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


def test_an_engine_that_gives_way_to_another_is_no_failure(java: FakeJava) -> None:
    java.script(exits=True, code=0)
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


def test_socket_path_is_what_the_variable_says(socket_path: str) -> None:
    assert _engine.socket_path() == socket_path


@pytest.mark.parametrize("length", [107, 108])
def test_socket_path_has_the_limit_of_a_unix_address(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    path = "/ü" + "x" * (length - len("/ü".encode()))
    monkeypatch.setenv("SPANGARD_SOCKET", path)
    if length <= _engine.MAX_SOCKET_PATH:
        assert _engine.socket_path() == path
    else:
        with pytest.raises(OSError, match="SPANGARD_SOCKET"):
            _engine.socket_path()


@pytest.mark.parametrize("mode", [0o750, 0o755, 0o770])
def test_starts_no_engine_in_a_directory_that_is_not_this_users_alone(mode: int, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(mode)
    with pytest.raises(OSError, match="must be a directory of this user with mode 0700"):
        _engine._lock(str(tmp_path / "open" / "engine.sock"))


@pytest.mark.parametrize("value", ["nobody", "-1", "1.5"])
def test_a_trusted_user_that_is_no_number_is_an_error(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_ENGINE_UID", value)
    with pytest.raises(OSError, match="SPANGARD_ENGINE_UID"):
        _engine.trusted_uids()


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("SPANGARD_SOCKET")
    directory = tmp_path / "run"
    directory.mkdir(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))
    return directory


def test_default_is_in_the_runtime_directory(runtime: Path) -> None:
    assert _engine.socket_path() == f"{runtime}/spangard/engine.sock"
    assert stat.S_IMODE((runtime / "spangard").stat().st_mode) == 0o700


@pytest.mark.parametrize("trap", ["writable runtime", "open", "link", "file", "missing runtime", "long"])
def test_a_directory_that_others_may_write_to_is_not_used(
    runtime: Path, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = runtime / "spangard"
    if trap == "writable runtime":
        runtime.chmod(0o777)
    elif trap == "open":
        ours.mkdir()
        ours.chmod(0o770)
    elif trap == "link":
        (runtime / "elsewhere").mkdir(0o700)
        ours.symlink_to(runtime / "elsewhere")
    elif trap == "file":
        ours.touch()
    elif trap == "missing runtime":
        runtime.rmdir()
    else:
        runtime = runtime / ("x" * 100)
        runtime.mkdir(0o700)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert _engine.socket_path() == f"/tmp/spangard-{os.geteuid()}/engine.sock"
    assert stat.S_IMODE(os.stat(f"/tmp/spangard-{os.geteuid()}").st_mode) == 0o700


def test_without_any_private_directory_says_so(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_engine, "_made_private", lambda directory: False)
    with pytest.raises(OSError, match="set SPANGARD_SOCKET"):
        _engine.socket_path()
