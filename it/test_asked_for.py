# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What is told only when asked for: exceptions as log records, messages as events, an application's own attributes on measurements."""

from __future__ import annotations

import pytest
from websockets.sync.client import connect

from kit.engine import Engine
from kit.http1 import get
from kit.traces import Trace
from kit.world import DURATION, World
from otlp_sink.model import ERROR, ERROR_LOG


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize(("signal", "events"), [("logs", 0), ("logs/dup", 1)])
def test_tells_an_exception_as_a_log_record(shared: World, engine: Engine, protocol: str, signal: str, events: int) -> None:
    sink = shared.sink(protocol)
    env = {**sink.env, "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN": signal, "OTEL_BLRP_SCHEDULE_DELAY": "50"}
    server = shared.serve("uvicorn", "asked_for:app", env=env, attach=True)
    trace = Trace()
    assert get(server, "/fails", trace.header).status == 500
    span = trace.span(sink)
    [log] = sink.wait_until(sink.logs, 20, "a log record")
    assert (log.event_name, log.severity, log.scope) == ("http.server.request.exception", ERROR_LOG, "spangard")
    assert (log.trace_id, log.span_id, log.resource) == (span.trace_id, span.span_id, span.resource)
    assert log.attributes["exception.type"] == "LookupError"
    assert log.attributes["exception.message"] == "no such anvil"
    assert 'raise LookupError("no such anvil")' in log.attributes["exception.stacktrace"]
    assert (span.status, span.attributes["error.type"]) == (ERROR, "LookupError")
    assert len([e for e in span.events if e.name == "exception"]) == events
    server.stop()


def test_tells_no_log_record_unless_asked_to(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "asked_for:app", env={**sink.env, "OTEL_LOGS_EXPORTER": "otlp"}, attach=True)
    trace = Trace()
    assert get(server, "/fails", trace.header).status == 500
    assert trace.span(sink).event("exception").attributes["exception.type"] == "LookupError"
    shared.recorded_exactly(sink, 1)
    server.stop()
    assert sink.logs() == []


def test_tells_the_first_messages_of_a_websocket(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "asked_for:app", env={**sink.env, "SPANGARD_WEBSOCKET_EVENTS": "3"}, attach=True)
    trace = Trace()
    with connect(f"ws://127.0.0.1:{server.port}/echo", additional_headers=dict([trace.header]), open_timeout=20) as socket:
        for text in ("naïve", "b"):
            socket.send(text)
            assert socket.recv(timeout=20) == text
    span = trace.span(sink)
    assert [e.name for e in span.events] == ["spangard.websocket.message"] * 3
    assert [e.attributes["network.io.direction"] for e in span.events] == ["receive", "transmit", "receive"]
    assert [e.attributes["spangard.websocket.message.size"] for e in span.events] == [6, 6, 1]
    assert {e.attributes["spangard.websocket.message.type"] for e in span.events} == {"text"}
    assert span.start_ns <= span.events[0].time_ns <= span.events[1].time_ns <= span.events[2].time_ns <= span.end_ns
    assert span.attributes["spangard.websocket.messages.sent"] == 2
    server.stop()


@pytest.mark.parametrize("sampler", ["always_on", "always_off"])
def test_measures_with_attributes_of_the_application_s_own(shared: World, engine: Engine, sampler: str) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "asked_for:app", env={**sink.env, "OTEL_TRACES_SAMPLER": sampler}, attach=True)
    for plan in ("gold", "gold", "silver"):
        assert get(server, f"/plans/{plan}").status == 200
    get(server, "/nowhere")
    points = sink.wait_for_count(DURATION, 4)
    server.stop()
    told = {(p.attributes.get("shop.plan"), p.attributes["http.request.method"]): p.count for p in points}
    assert told == {("gold", "GET"): 2, ("silver", "GET"): 1, (None, "GET"): 1}
