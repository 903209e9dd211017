# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Spans that the application makes by OpenTelemetry's API, without the Python SDK, are exported beside the request's."""

from __future__ import annotations

import json

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
