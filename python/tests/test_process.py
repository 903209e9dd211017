# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import marshal
import os
import platform
from pathlib import Path

import pytest

import child
from spangard import __version__
from spangard._process import MAX_SETTING_BYTES, MAX_SETTINGS_BYTES, command, describe, settings


def test_says_all_that_the_protocol_names() -> None:
    said = describe()
    assert list(said) == [
        *("pid", "instance", "runtime.name", "runtime.version", "runtime.description", "host.name", "host.arch"),
        *("command", "service", "version", "tty"),
    ]
    assert said["pid"] == os.getpid()
    assert said["runtime.name"] == "cpython"
    assert said["runtime.version"] == platform.python_version().rstrip("+")
    assert said["host.name"] == platform.node()
    assert said["version"] == __version__
    assert marshal.loads(marshal.dumps(said, 2)) == said


@pytest.mark.parametrize(
    ("argv0", "name"),
    [
        ("/venv/bin/uvicorn", "uvicorn"),
        ("/venv/lib/python3.11/site-packages/uvicorn/__main__.py", "uvicorn"),
        ("serve.py", "serve.py"),
        ("-c", "python"),
        ("-", "python"),
        ("", "python"),
        ("__main__.py", "python"),
    ],
)
def test_command_is_what_a_user_calls_it(argv0: str, name: str) -> None:
    assert command(argv0) == name


ASK = """
import sys
from spangard._process import describe
print(describe()["tty"], file=sys.stderr)
"""


def test_tty_is_the_terminal_on_standard_output() -> None:
    ours, theirs = os.openpty()
    try:
        assert child.run("-c", ASK, stdout=theirs).stderr.split() == [os.ttyname(theirs)]
    finally:
        os.close(ours)
        os.close(theirs)


def test_tty_is_none_where_standard_output_is_another_thing_or_nothing() -> None:
    assert child.run("-c", ASK).stderr.split() == ["None"]
    assert child.run("-c", f"import os; os.close(1)\n{ASK}").stderr.split() == ["None"]


WRITE_BETWEEN = """
import os
from spangard._process import describe
os.write(1, b"ours 1 ")
describe()
with open("/dev/stdout", "ab", buffering=0) as engine:
    engine.write(b"engine's ")
os.write(1, b"ours 2")
"""


def test_file_on_standard_output_keeps_what_both_write(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        assert child.run("-c", WRITE_BETWEEN, stdout=out, env={"OTEL_TRACES_EXPORTER": "otlp,console"}).stderr == ""
    assert (tmp_path / "out").read_text() == "ours 1 engine's ours 2"


def test_file_on_standard_output_is_left_alone_without_console_exporter(tmp_path: Path) -> None:
    code = f"import fcntl, os\n{ASK}\nprint(fcntl.fcntl(1, fcntl.F_GETFL) & os.O_APPEND, file=sys.stderr)"
    with (tmp_path / "out").open("wb") as out:
        assert child.run("-c", code, stdout=out).stderr.split()[-1] == "0"


def test_settings_are_as_long_as_the_engine_accepts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in list(os.environ):
        if name.startswith(("OTEL_", "SPANGARD_")):
            monkeypatch.delenv(name)
    filled = MAX_SETTINGS_BYTES // MAX_SETTING_BYTES
    for n in range(filled):
        monkeypatch.setenv(f"OTEL_{n}", "x" * (MAX_SETTING_BYTES - 6))
    assert len(settings()) == filled
    assert not caplog.records
    monkeypatch.setenv("OTEL_LAST", "")
    assert len(settings()) == filled
    [record] = caplog.records
    assert "OTEL_LAST is ignored" in record.getMessage()
