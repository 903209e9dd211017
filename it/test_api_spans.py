# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Spans that the application makes by OpenTelemetry's API, without the Python SDK, are exported beside the request's."""

from __future__ import annotations

import json
import signal
import sys

import pytest

from kit.engine import Engine
from kit.http1 import get
from kit.traces import Trace
from kit.world import Server, World
from otlp_sink import Sink
from otlp_sink.model import CLIENT, ERROR, INTERNAL, UNSET


class Api:
    """apps/api_spans.py."""

    def __init__(self, server: Server, sink: Sink) -> None:
        self.server = server
        self.sink = sink


@pytest.fixture(scope="module")
def api(shared: World, engine: Engine) -> Api:
    sink = shared.sink()
    return Api(shared.serve("uvicorn", "api_spans:app", env=sink.env, attach=True), sink)


def test_a_child_span_is_below_the_requests_with_all_that_was_said_of_it(api: Api) -> None:
    trace = Trace()
    answer = json.loads(get(api.server, "/child/x", trace.header).body)
    spans = trace.spans(api.sink, 3)
    request, outer, inner = spans["GET /child/{name}"], spans["SELECT shop"], spans["inner"]
    assert (outer.trace_id, outer.parent_span_id, outer.span_id) == (trace.trace_id, request.span_id, answer["outer"])
    assert inner.parent_span_id == outer.span_id
    assert request.start_ns <= outer.start_ns <= inner.start_ns <= inner.end_ns <= outer.end_ns <= request.end_ns
    assert (outer.kind, inner.kind, outer.status) == (CLIENT, INTERNAL, UNSET)
    assert outer.attributes == {"db.system.name": "postgresql", "server.port": 5432}
    assert outer.event("fetched").attributes == {"rows": 3}
    assert outer.start_ns <= outer.event("fetched").time_ns <= outer.end_ns
    assert (outer.scope, outer.scope_version, inner.scope) == ("shop", "1.2", "shop.early")
    assert outer.scope_attributes == {"team": "a"}
    assert outer.schema_url == "https://opentelemetry.io/schemas/1.45.0"
    assert outer.resource == request.resource


def test_an_exception_is_an_event_and_the_status(api: Api) -> None:
    trace = Trace()
    get(api.server, "/failing/x", trace.header)
    work = trace.spans(api.sink, 2)["work"]
    assert (work.status, work.status_message) == (ERROR, "KeyError: 'no such box'")
    said = work.event("exception").attributes
    assert (said["exception.type"], said["exception.message"]) == ("KeyError", "'no such box'")
    assert "no such box" in said["exception.stacktrace"]


def test_a_processor_of_the_sdk_sees_spans_too(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "api_processor:app", env=sink.env, attach=True)
    trace = Trace()
    answer = json.loads(get(server, "/work/x", trace.header).body)
    told = json.loads(answer["told"])
    work = trace.spans(sink, 2)["work"]
    assert told["context"]["span_id"] == f"0x{work.span_id}"
    assert (told["parent_id"], told["attributes"]) == (f"0x{work.parent_span_id}", {"name": "x"})
    assert (answer["scope"], told["events"][0]["name"]) == ("shop", "packed")


def test_spans_that_last_end_with_their_process(world: World) -> None:
    engine, sink = world.engine(), world.sink()
    server = world.serve("uvicorn", "api_spans:app", env=sink.env, attach=True)
    trace = Trace()
    get(server, "/long/x", trace.header)
    server.process.send_signal(signal.SIGKILL)
    spans = trace.spans(sink, 3)
    assert spans["slow"].status == UNSET
    lasting = spans["lasting"]
    assert (lasting.status, lasting.attributes) == (ERROR, {"a": 1, "error.type": "worker_died"})
    assert lasting.parent_span_id == spans["GET /long/{name}"].span_id
    assert lasting.end_ns > spans["slow"].end_ns
    engine.wait_for_total("spangard_spans_exported_total", 2)


def test_the_books_of_spans_are_exact_over_a_killed_engine(world: World) -> None:
    engine, sink = world.engine(), world.sink()
    server = world.serve("uvicorn", "api_spans:app", env=sink.env, attach=True)
    for _ in range(10):
        get(server, "/many/500")
    engine.kill()
    for _ in range(10):
        get(server, "/many/500")
    engine.restart()
    get(server, "/many/500")
    server.stop()
    engine.wait_for_total("spangard_spans_seen_total", 21 * 500, 60)
    engine.wait_for_total("spangard_spans_queued", 0, 60)
    exported, dropped = (engine.total(f"spangard_spans_{what}_total") for what in ("exported", "dropped"))
    assert exported + dropped == 21 * 500
    assert exported >= 500, "those of the last request"
    assert engine.total("spangard_requests_seen_total") == 21


def test_a_span_needs_no_request(world: World) -> None:
    sink = world.sink()
    world.engine()
    program = "from opentelemetry import trace\nwith trace.get_tracer('job').start_as_current_span('job') as span: span.set_attribute('rows', 3)\n"
    job = world.run([sys.executable, "-c", program], env={**sink.env, "OTEL_PYTHON_TRACER_PROVIDER": "spangard"})
    assert job.wait() == 0, job.err
    [span] = sink.wait_for(1)
    assert (span.name, span.parent_span_id, span.attributes) == ("job", "", {"rows": 3})
