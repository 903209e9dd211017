# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Variables of ours that there are not, and values that are none, are named; `doctor` asks the recorder's own code."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from asgi import hello
from spangard import OpenTelemetryMiddleware
from spangard._engine import is_start_allowed
from spangard._variables import NAMES, start_complaint, unknown
from spangard.doctor.report import Report
from spangard.doctor.settings import settings

# of the checkout, which mutation tests copy this file away from
ROOT = next(directory for directory in Path(__file__).parents if (directory / "docs/wire-protocol.md").exists())
NAME = re.compile(r"\bSPANGARD_[A-Z][A-Z_]*[A-Z]\b")


def test_each_name_is_documented_and_each_that_is_documented_is_known() -> None:
    documented = set(NAME.findall((ROOT / "docs/configuration.md").read_text(encoding="utf-8")))
    assert documented == NAMES - {"SPANGARD_CONFIGURATION"}


def test_each_name_that_is_read_is_known() -> None:
    sources = [*ROOT.glob("python/src/**/*.py"), *ROOT.glob("*/src/main/**/*.java")]
    read = {name for source in sources for name in NAME.findall(source.read_text(encoding="utf-8"))}
    assert read - {"SPANGARD_ATTACHED"} == NAMES  # whose name begins otherwise


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SPANGARD_PROFIL", ["SPANGARD_PROFIL is not known and ignored; did you mean SPANGARD_PROFILE?"]),
        ("SPANGARD_WORKER", ["SPANGARD_WORKER is not known and ignored; did you mean SPANGARD_WORKER_PID?"]),
        ("SPANGARD_ZZZ", ["SPANGARD_ZZZ is not known and ignored"]),
        ("SPANGARD_PROFILE", []),
        ("SPANGARDS_PROFILE", []),
    ],
)
def test_a_name_that_there_is_not_is_one_sentence_without_its_value(name: str, said: list[str]) -> None:
    assert unknown({name: "s3cret"}) == said
    assert unknown({name: " "}) == []


def test_what_kubernetes_tells_of_a_service_is_nobodys_mistake() -> None:
    of_port = ("PORT", "PORT_9464_TCP", "PORT_9464_TCP_PROTO", "PORT_9464_TCP_PORT", "PORT_9464_TCP_ADDR")
    for name in ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", *of_port):
        assert unknown({f"SPANGARD_{name}": "x", f"SPANGARD_ENGINE_{name}": "x"}) == []


@pytest.mark.parametrize("value", ["", " ", "on", "Auto", "1", "true", "off", "OFF", "0", "false", "no"])
def test_a_switch_that_is_one_is_no_complaint(value: str) -> None:
    assert start_complaint({"SPANGARD_ENGINE": value}) is None
    assert start_complaint({}) is None


def test_the_recorder_names_both_at_its_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPANGARD_ENGINE", "of")
    monkeypatch.setenv("SPANGARD_EXITWAIT", "3")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "yes")
    OpenTelemetryMiddleware(hello)
    assert [record.getMessage() for record in caplog.records] == [
        "spangard: SPANGARD_EXITWAIT is not known and ignored; did you mean SPANGARD_EXIT_WAIT?",
        "spangard: SPANGARD_ENGINE='of' is neither on nor off; using on",
        "spangard: OTEL_SDK_DISABLED='yes' is neither true nor false; using false",
    ]
    assert is_start_allowed()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("OTEL_TRACES_SAMPLER", "often", "OTEL_TRACES_SAMPLER='often' is not known"),
        ("OTEL_TRACES_SAMPLER_ARG", "much", "OTEL_TRACES_SAMPLER_ARG='much' is not a ratio"),
        ("OTEL_PROPAGATORS", "smoke", "OTEL_PROPAGATORS: 'smoke' is not known"),
        ("SPANGARD_PROFILE", "upsteam", "SPANGARD_PROFILE='upsteam' is neither stable nor upstream"),
        ("OTEL_PYTHON_EXCLUDED_URLS", "(", "OTEL_PYTHON_EXCLUDED_URLS: '(' is not a regular expression"),
        ("OTEL_PYTHON_QUART_EXCLUDED_URLS", "(", "OTEL_PYTHON_QUART_EXCLUDED_URLS: '(' is not a regular expression"),
        (
            "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE",
            "(",
            "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE: '(' is not",
        ),
        (
            "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS",
            "(",
            "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS: '(' is not",
        ),
        ("SPANGARD_EXIT_WAIT", "abc", "SPANGARD_EXIT_WAIT: 'abc' is no number of seconds"),
        ("SPANGARD_ENGINE", "of", "SPANGARD_ENGINE='of' is neither on nor off"),
        ("SPANGARD_PROFIL", "x", "SPANGARD_PROFIL is not known"),
        ("OTEL_SDK_DISABLED", "1", "OTEL_SDK_DISABLED='1' is neither true nor false"),
        ("OTEL_SERVICE_NAME", "x" * 9000, "OTEL_SERVICE_NAME is longer than 8192 bytes and ignored"),
    ],
)
def test_doctor_names_what_the_recorder_does_not_take(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    out = io.StringIO()
    report = Report(out)
    settings(report, {"OTEL_TRACES_SAMPLER": "traceidratio", variable: value})
    (line,) = out.getvalue().splitlines()
    assert line.startswith(f"warn  {said}")
    assert report.healthy


def test_doctor_finds_nothing_wrong_where_nothing_is() -> None:
    out = io.StringIO()
    settings(Report(out), {"OTEL_TRACES_SAMPLER": "always_off", "SPANGARD_ENGINE": "off", "OTEL_SDK_DISABLED": "False"})
    assert out.getvalue() == ""


def test_doctor_fails_where_nothing_is_recorded() -> None:
    out = io.StringIO()
    report = Report(out)
    settings(report, {"OTEL_SDK_DISABLED": "True"})
    assert out.getvalue().splitlines()[0] == "fail  OTEL_SDK_DISABLED=true: nothing is recorded"
    assert not report.healthy
