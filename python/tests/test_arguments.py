# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What the middleware is made with: expressions, providers, the switch of the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asgi import hello, http_scope, run
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from engine import FakeEngine
    from spangard._buffer import Recorder


@pytest.mark.parametrize("variable", ["OTEL_PYTHON_EXCLUDED_URLS", "argument"])
def test_excluded_urls_are_searched_in_the_url_without_its_query(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    pattern = "shop.example:8443/health$,,"
    if variable != "argument":
        monkeypatch.setenv(variable, pattern)
    app: Any = OpenTelemetryMiddleware(hello, pattern if variable == "argument" else None)
    run(app, http_scope(path="/health"))
    run(app, http_scope(path="/items", query_string=b"/health"))
    assert engine.request()["path"] == "/items"


def test_a_bad_expression_is_an_error_as_an_argument_and_a_warning_from_the_environment(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match=r"excluded_urls: '\('"):
        OpenTelemetryMiddleware(hello, excluded_urls="(")
    monkeypatch.setenv("OTEL_PYTHON_EXCLUDED_URLS", "(,ok")
    OpenTelemetryMiddleware(hello)
    assert "OTEL_PYTHON_EXCLUDED_URLS: '(' is not a regular expression" in caplog.text


@pytest.mark.parametrize("name", ["tracer_provider", "meter_provider", "tracer", "meter"])
def test_a_provider_is_refused_with_the_reason(name: str) -> None:
    refused: dict[str, Any] = {name: object()}
    with pytest.raises(TypeError, match=f"does not take {name}: spans and metrics are made in spangard's engine"):
        OpenTelemetryMiddleware(hello, **refused)


def test_the_sdk_switch_turns_everything_off(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    scope = http_scope()
    run(OpenTelemetryMiddleware(hello), scope)
    assert "spangard" not in scope
    assert not recorder.records
    assert not engine.records()
