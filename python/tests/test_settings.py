# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Regular expressions that configure the recorder: whose they are, what they match, and what becomes of a bad one."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from asgi import hello, http_scope, run
from spangard import OpenTelemetryMiddleware
from spangard._captured_headers import header_capture
from spangard._log import warn
from spangard._settings import compiled, url_excluder

CAPTURE = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_"
VARIABLES = [
    f"{CAPTURE}SERVER_REQUEST",
    f"{CAPTURE}SERVER_RESPONSE",
    f"{CAPTURE}SANITIZE_FIELDS",
    "OTEL_PYTHON_EXCLUDED_URLS",
]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("http_capture_headers_server_request", ["a("]),
        ("http_capture_headers_server_response", ["a("]),
        ("http_capture_headers_sanitize_fields", ["a("]),
        ("excluded_urls", "a("),
    ],
)
def test_an_expression_that_does_not_compile_is_an_error_in_an_argument(argument: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{argument}: 'a\(' is not a regular expression: "):
        OpenTelemetryMiddleware(hello, **{argument: value})


@pytest.mark.parametrize("variable", VARIABLES)
def test_an_expression_that_does_not_compile_is_a_line_in_a_variable(
    variable: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, "a(,x")
    OpenTelemetryMiddleware(hello)
    assert {record.getMessage().partition(" is not")[0] for record in caplog.records} == {f"spangard: {variable}: 'a('"}


@pytest.mark.parametrize(
    ("patterns", "matching", "others"),
    [
        (["x-a", "x-b"], ["x-a", "X-B"], ["x-", "x-ab", "ax-b"]),
        (["x-a", "(?i)x-b"], ["x-a", "x-b"], ["x-c"]),
        (["(x)-\\1", "(y)-\\1"], ["x-x", "Y-y"], ["y-x", "x-y"]),
        (["(?P<n>a)", "(?P<n>b)"], ["a", "B"], ["ab"]),
        (["a|b", "c"], ["a", "b", "c"], ["ac"]),
    ],
)
def test_each_expression_of_a_list_is_its_own(patterns: list[str], matching: list[str], others: list[str]) -> None:
    capture = header_capture("REQUEST", None, None, {f"{CAPTURE}SERVER_REQUEST": ",".join(patterns)})
    assert capture is not None
    for name in matching:
        assert capture([(name.encode(), b"1")]) == [name.encode(), b"1"]
    for name in others:
        assert capture([(name.encode(), b"1")]) is None


@pytest.mark.parametrize("hidden", [["secret", "cookie"], ["se(?:cre)t", "(?i)cookie"]])
def test_each_expression_of_what_is_hidden_is_searched_for(hidden: list[str]) -> None:
    capture = header_capture("REQUEST", [".*"], hidden, {})
    assert capture is not None
    headers = [(b"x-secret-token", b"canary"), (b"Set-Cookie2", b"canary"), (b"x-a", b"1")]
    for _ in range(2):
        assert capture(headers)[1::2] == [b"[REDACTED]", b"[REDACTED]", b"1"]  # type: ignore[index]


@pytest.mark.parametrize("urls", ["health,/metrics", "heal(th),/(?:metrics)"])
def test_urls_are_searched_for_as_they_are_written(urls: str) -> None:
    excluded = url_excluder(urls, hello, {})
    assert excluded is not None
    assert [bool(excluded(url)) for url in ("/a/health/b", "/metrics", "/Health", "/")] == [True, True, False, False]


def test_a_list_without_an_element_excludes_nothing() -> None:
    assert url_excluder(" , ", hello, {}) is None
    assert url_excluder(None, hello, {"OTEL_PYTHON_EXCLUDED_URLS": " , "}) is None


class ExcludeList:
    """As OpenTelemetry's own."""

    def url_disabled(self, url: str) -> bool:
        return url.endswith("/a")


def test_an_exclude_list_of_opentelemetry_is_asked() -> None:
    excluded = url_excluder(ExcludeList(), hello, {"OTEL_PYTHON_EXCLUDED_URLS": "b"})
    assert excluded is not None
    assert [excluded("http://h/a"), excluded("http://h/b")] == [True, False]


def test_what_cannot_exclude_urls_is_an_error() -> None:
    with pytest.raises(TypeError) as refused:
        OpenTelemetryMiddleware(hello, excluded_urls=["a"])
    assert str(refused.value) == (
        "excluded_urls must be a comma separated string of regular expressions, or have url_disabled(url); got list"
    )


def test_the_frameworks_variable_comes_before_that_of_all() -> None:
    framework: Any = type("FastAPI", (), {"__module__": "fastapi.applications.deep"})
    environ = {"OTEL_PYTHON_FASTAPI_EXCLUDED_URLS": "/mine", "OTEL_PYTHON_EXCLUDED_URLS": "/all"}
    for app, url in ((framework(), "/mine"), (hello, "/all")):
        excluded = url_excluder(None, app, environ)
        assert excluded is not None
        assert [bool(excluded(other)) for other in ("/mine", "/all")] == [url == "/mine", url == "/all"]


def test_one_expression_is_as_it_was_written() -> None:
    pattern: Any = compiled(["(a)(?=b)"], "excluded_urls")
    assert pattern.pattern == "(a)(?=b)"
    assert compiled([], "excluded_urls") is None


def test_a_handler_that_fails_costs_no_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise RuntimeError

    monkeypatch.setattr(logging.getLogger("spangard"), "handlers", [Failing()])
    warn("so it is")
    assert capsys.readouterr().err == "spangard: so it is\n"


def test_an_expression_with_a_flag_behind_another_starts_no_application_in_vain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "x-a,(?i)x-b")
    run(OpenTelemetryMiddleware(hello), http_scope(path="/x-b"))
