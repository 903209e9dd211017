# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Which provider the process has: ours where nobody has chosen another, and never in the way of one."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace

import child
from asgi import hello
from spangard import OpenTelemetryMiddleware
from spangard.api.scope import Scope
from spangard.api.span import ApiSpan
from spangard.api.tracer import Tracer
from spangard.trace import TracerProvider

if TYPE_CHECKING:
    from engine import FakeEngine
    from spangard._buffer import Recorder


class Other(trace.NoOpTracerProvider):
    """Somebody else's."""


@pytest.fixture(autouse=True)
def _none_is_set(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", type(trace._TRACER_PROVIDER_SET_ONCE)())


def test_the_middleware_sets_ours_where_there_is_none() -> None:
    early = trace.get_tracer("early")
    OpenTelemetryMiddleware(hello)
    provider = trace.get_tracer_provider()
    assert type(provider) is TracerProvider
    OpenTelemetryMiddleware(hello)
    assert trace.get_tracer_provider() is provider
    with early.start_as_current_span("work") as span:
        assert type(span) is ApiSpan


def test_it_never_replaces_another() -> None:
    trace.set_tracer_provider(Other())
    OpenTelemetryMiddleware(hello)
    assert type(trace.get_tracer_provider()) is Other


def test_another_one_that_is_set_later_takes_its_place(caplog: pytest.LogCaptureFixture) -> None:
    OpenTelemetryMiddleware(hello)
    trace.set_tracer_provider(Other())
    assert type(trace.get_tracer_provider()) is Other
    assert not caplog.records


@pytest.mark.parametrize(("name", "value"), [("OTEL_PYTHON_TRACER_PROVIDER", "other"), ("OTEL_SDK_DISABLED", "true")])
def test_it_is_not_set_where_a_variable_says_so(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    OpenTelemetryMiddleware(hello)
    assert trace._TRACER_PROVIDER is None


@pytest.mark.parametrize(
    ("ours", "theirs"), [(TracerProvider, trace.TracerProvider), (Tracer, trace.Tracer), (ApiSpan, trace.Span)]
)
def test_ours_take_what_the_api_says(ours: Any, theirs: Any) -> None:
    for name, method in inspect.getmembers(theirs, inspect.isfunction):
        if not name.startswith("_"):
            wanted = list(inspect.signature(method).parameters)
            assert list(inspect.signature(getattr(ours, name)).parameters)[: len(wanted)] == wanted, name


def test_flushing_waits_until_the_engine_has_all(engine: FakeEngine) -> None:
    provider = TracerProvider()
    for n in range(1000):
        provider.get_tracer("x").start_span(f"{n}").end()
    assert provider.force_flush()
    assert provider.force_flush(0)
    engine.wait(lambda: len(engine.records()) == 1000)
    provider.shutdown()


def test_flushing_ends_in_time_where_there_is_no_engine() -> None:
    provider = TracerProvider()
    provider.get_tracer("x").start_span("work").end()
    assert not provider.force_flush(50)


def test_a_scope_is_both() -> None:
    assert isinstance(TracerProvider().get_tracer("x").start_as_current_span("x"), Scope)


def test_nothing_of_it_is_imported_before_it_is_used(engine: FakeEngine) -> None:
    told = child.run("-c", "import sys, spangard; print([m for m in sys.modules if m.startswith('spangard.api')])")
    assert told.stdout == "[]\n"
    used = (
        "app = spangard.OpenTelemetryMiddleware(None); print([m for m in sys.modules if m.startswith('spangard.api')])"
    )
    assert child.run("-c", f"import sys, spangard; {used}").stdout == "[]\n"
