# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The current span inside the application, by OpenTelemetry's own API."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, context, trace
from opentelemetry.propagate import inject

from asgi import TRACEPARENT, hello, http_scope, run, websocket_scope
from inside import inside
from spangard import OpenTelemetryMiddleware
from spangard._sampling import keeps, ratio_edges

if TYPE_CHECKING:
    from engine import FakeEngine


def test_the_current_span_has_the_ids_of_the_record(engine: FakeEngine) -> None:
    seen: list[Any] = []
    inside(lambda span: seen.append((span.get_span_context(), span.is_recording())))
    record = engine.request()
    span_context, recording = seen[0]
    assert recording
    assert (span_context.trace_id, span_context.span_id) == (record["trace"], record["span_id"])
    assert span_context.is_valid
    assert span_context.trace_flags.sampled
    assert not span_context.is_remote


def test_it_continues_the_callers_trace_and_its_state_and_baggage_go_on(engine: FakeEngine) -> None:
    carrier: dict[str, str] = {}

    def look(span: Any) -> None:
        inject(carrier)
        assert baggage.get_baggage("user") == "7"

    headers = [(b"traceparent", TRACEPARENT), (b"tracestate", b"a=1"), (b"baggage", b"user=7")]
    inside(look, http_scope(headers=headers))
    record = engine.request()
    assert carrier["traceparent"] == f"00-0af7651916cd43dd8448eb211c80319c-{record['span_id']:016x}-01"
    assert carrier["tracestate"] == "a=1"
    assert carrier["baggage"] == "user=7"


def test_after_the_request_the_span_records_no_more_and_the_context_is_as_before(engine: FakeEngine) -> None:
    spans: list[Any] = []
    before = context.get_current()
    inside(spans.append)
    engine.request()
    assert not spans[0].is_recording()
    spans[0].set_attribute("late", 1)
    assert not spans[0].own_attributes
    assert context.get_current() == before


def test_an_unsampled_span_is_current_and_says_so(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")

    def look(span: Any) -> None:
        assert not span.is_recording()
        span.set_attribute("ignored", 1)
        assert span.get_span_context().is_valid
        assert not span.get_span_context().trace_flags.sampled

    inside(look)
    engine.wait(engine.records)


def test_what_was_in_the_context_stays_and_an_active_span_is_the_parent(engine: FakeEngine) -> None:
    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            assert context.get_value("theirs") == "kept"

        parent = trace.NonRecordingSpan(trace.SpanContext(0xABC, 0xDEF, False, trace.TraceFlags(1)))
        token = context.attach(trace.set_span_in_context(parent, context.set_value("theirs", "kept")))
        wrapped: Any = OpenTelemetryMiddleware(app)
        await wrapped(http_scope(), None, None)
        assert trace.get_current_span() is parent
        context.detach(token)
        wrapped.recorder.flush()

    asyncio.run(main())
    record = engine.request()
    assert (record["trace"], record["parent"]) == (0xABC, 0xDEF)


def test_without_the_api_everything_else_works(engine: FakeEngine) -> None:
    code = (
        "import sys, asyncio; sys.modules['opentelemetry'] = None\n"
        "from asgi import hello, run\nfrom spangard import OpenTelemetryMiddleware\n"
        "run(OpenTelemetryMiddleware(hello, server_request_hook=print))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "hooks need the package opentelemetry-api" in done.stderr
    record = engine.request()
    assert (record["status"], record["span"]) == (200, None)


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
@pytest.mark.parametrize("excluded", [(), ("receive", "send")])
@pytest.mark.parametrize("profile", ["stable", "upstream"])
def test_no_class_has_a_value_for_a_field_that_every_request_has(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, sampler: str, excluded: tuple[str, ...], profile: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        span = trace.get_current_span()
        seen.append([name for name in vars(span) if hasattr(type(span), name)])

    recorded = OpenTelemetryMiddleware(app, exclude_spans=excluded, profile=profile)
    for scope in (http_scope(), websocket_scope()):
        run(recorded, scope)
    assert seen == [[], []]


def test_a_request_that_is_sampled_out_has_one_trace_id_that_no_sampler_would_keep(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    seen: list[Any] = []
    inside_once = OpenTelemetryMiddleware(_asking(seen))
    for _ in range(64):
        run(inside_once)
    assert {first == again for first, again in seen} == {True}
    ids = [first.trace_id for first, _ in seen]
    assert len(set(ids)) == 64
    assert min(trace_id >> 64 for trace_id in ids) > 0
    sampled = [bool(first.trace_flags) for first, _ in seen]
    assert [keeps(ratio_edges(0.5), trace_id) for trace_id in ids] == sampled
    assert set(sampled) == {True, False}


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")  # the engine's thread; 3.15 makes an error of it
def test_a_child_that_is_forked_in_a_request_that_is_sampled_out_goes_on_in_its_trace(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")

    def fork(span: Any) -> None:
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.write(writer, b"%032x" % span.get_span_context().trace_id)
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reader, 32) == b"%032x" % span.get_span_context().trace_id
        os.close(reader)
        os.close(writer)

    inside(fork)


def _asking(seen: list[Any]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        span = trace.get_current_span()
        seen.append((span.get_span_context(), trace.get_current_span().get_span_context()))
        await hello(scope, receive, send)

    return app
