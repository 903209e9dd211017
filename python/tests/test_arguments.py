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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"http_capture_headers_server_request": 5}, "http_capture_headers_server_request must be a list .* got int"),
        ({"http_capture_headers_server_response": "x-.*"}, "http_capture_headers_server_response must .* got str"),
        (
            {"http_capture_headers_sanitize_fields": [b"x"]},
            "headers_sanitize_fields must .* bytes is in it",
        ),
        ({"exclude_spans": 5}, "exclude_spans must be a list of receive and send; got int"),
    ],
)
def test_an_argument_of_another_type_is_named(recorder: Recorder, arguments: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        OpenTelemetryMiddleware(hello, **arguments)


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


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["foo"], "'foo'"),
        (["receive", "foo", 3], "'foo', 'int'"),
        (("recieve",), "'recieve'"),
        ("foo", "'foo'"),
        (["receive"], None),
        (["send", "receive"], None),
        ("receive", None),
        ([], None),
        (None, None),
    ],
)
def test_what_exclude_spans_cannot_exclude_is_one_line(
    recorder: Recorder, profile: str, caplog: pytest.LogCaptureFixture, named: Any, said: str | None
) -> None:
    OpenTelemetryMiddleware(hello, exclude_spans=named, profile=profile)
    expected = f"spangard: exclude_spans: {said} is neither receive nor send, and excludes nothing"
    assert [record.getMessage() for record in caplog.records] == ([] if said is None else [expected])


def test_exclude_spans_may_be_given_as_an_iterator() -> None:
    app: Any = OpenTelemetryMiddleware(hello, exclude_spans=iter(["receive", "send"]))
    assert app._sampled_http is not app._sampled


def test_arguments_of_a_middleware_within_another_are_named_once(
    engine: FakeEngine, profile: str, caplog: pytest.LogCaptureFixture
) -> None:
    inner = OpenTelemetryMiddleware(hello, "items", server_request_hook=lambda span, scope: None, profile=profile)
    outer = OpenTelemetryMiddleware(inner)  # as `spangard attach` has it
    for _ in range(2):
        run(outer)
    assert [request["path"] for request in engine.requests(2)] == ["/items/42"] * 2
    expected = (
        "spangard: without effect: excluded_urls, server_request_hook, profile of an OpenTelemetryMiddleware inside of "
        "another one, which records, such as that of spangard attach; give them as variables or flags, or serve "
        "without attach"
    )
    assert [record.getMessage() for record in caplog.records] == [expected]


def test_a_middleware_within_another_that_was_given_nothing_is_no_line(
    engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    run(OpenTelemetryMiddleware(OpenTelemetryMiddleware(hello), excluded_urls="nothing"))
    assert engine.request()["path"] == "/items/42"
    assert caplog.records == []


def test_the_sdk_switch_turns_everything_off(
    engine: FakeEngine, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    scope = http_scope()
    run(OpenTelemetryMiddleware(hello), scope)
    assert "spangard" not in scope
    assert not recorder.records
    assert not engine.records()
