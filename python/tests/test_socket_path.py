# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Where the engine's socket is, and whom it may belong to."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from spangard import _engine


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
