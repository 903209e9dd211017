# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""OTEL_CONFIG_FILE in the recorder; what a file says is read in Java, and tested there and in it/."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from spangard import _configuration_file, _java, _process
from spangard._settings import effective

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = {"variables": {"OTEL_TRACES_SAMPLER": "always_off"}, "warnings": ["OTEL_CONFIG_FILE: x is not supported"]}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_configuration_file, "_read", None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A stand-in for the engine's command; how often it was run."""
    calls = tmp_path / "calls"
    calls.write_text("")
    script = "import sys; open(sys.argv[1], 'a').write('x'); sys.stdout.write(sys.argv[2]); sys.exit(int(sys.argv[3]))"
    said = {"out": json.dumps(ANSWER), "code": "0"}

    def command(name: str, arguments: list[str]) -> list[str]:
        assert (name, arguments) == ("configuration", [])
        return [sys.executable, "-c", script, str(calls), said["out"], said["code"]]

    monkeypatch.setattr(_java, "java_command", command)

    def count(**changes: str) -> int:
        said.update(changes)
        return len(calls.read_text())

    return count


def test_without_a_file_the_environment_is_taken_as_it_is() -> None:
    for environ in ({}, {"OTEL_SERVICE_NAME": "a"}, {"OTEL_CONFIG_FILE": " "}):
        assert effective(environ) is environ


def test_the_file_stands_for_all_variables_of_opentelemetry(asked: Any, caplog: pytest.LogCaptureFixture) -> None:
    environ = {"OTEL_CONFIG_FILE": "a.yaml", "OTEL_SERVICE_NAME": "b", "SPANGARD_INSTANCE": "c", "HOME": "d"}
    expected = {"SPANGARD_INSTANCE": "c", "HOME": "d", "OTEL_TRACES_SAMPLER": "always_off"}
    assert effective(environ) == expected
    assert effective(environ) == expected
    assert asked() == 1, "once a process"
    assert [record.getMessage() for record in caplog.records] == ["spangard: OTEL_CONFIG_FILE: x is not supported"]


def test_what_attach_has_found_out_is_not_asked_again(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_CONFIGURATION", json.dumps({"OTEL_SERVICE_NAME": "shop"}))
    monkeypatch.setenv("OTEL_CONFIG_FILE", "a.yaml")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    found = _process.settings()
    assert found["OTEL_SERVICE_NAME"] == "shop"
    assert not {"OTEL_CONFIG_FILE", "OTEL_TRACES_EXPORTER", "SPANGARD_CONFIGURATION"} & found.keys()
    assert asked() == 0


def test_a_file_that_cannot_be_used_is_one_warning(asked: Any, caplog: pytest.LogCaptureFixture) -> None:
    asked(code="3", out="")
    environ = {"OTEL_CONFIG_FILE": "/a.yaml", "OTEL_SERVICE_NAME": "b"}
    assert effective(environ) is environ
    assert effective(environ)["OTEL_SERVICE_NAME"] == "b"
    assert asked() == 1
    assert [record.getMessage() for record in caplog.records] == [
        "spangard: OTEL_CONFIG_FILE=/a.yaml cannot be read; the environment is used"
    ]


def test_a_machine_without_java_is_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def none(name: str, arguments: list[str]) -> list[str]:
        raise _java.EngineUnavailableError("no Java")

    monkeypatch.setattr(_java, "java_command", none)
    effective({"OTEL_CONFIG_FILE": "/a.yaml"})
    assert "OTEL_CONFIG_FILE cannot be read without the engine: no Java" in caplog.text
