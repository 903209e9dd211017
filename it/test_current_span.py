# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Inside the application the current span is ours: it parents, and what is done to it reaches the exported span."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.engine import Engine
from kit.http1 import get
from kit.traces import Trace
from kit.world import Server, World
from otlp_sink import Sink, Span
from otlp_sink.model import ERROR, INTERNAL, OK, UNSET


class Api:
    """apps/current_span.py."""

    def __init__(self, server: Server, sink: Sink) -> None:
        self.server = server
        self.sink = sink

    def call(self, path: str, *headers: tuple[str, str], flags: str = "01") -> tuple[Any, Span]:
        trace = Trace(flags=flags)
        reply = get(self.server, path, trace.header, *headers)
        assert reply.status == 200, reply.raw
        return json.loads(reply.body), trace.span(self.sink)


@pytest.fixture(scope="module")
def api(shared: World, engine: Engine) -> Api:
    sink = shared.sink(one_per_trace=True)
    return Api(shared.serve("uvicorn", "current_span:app", env=sink.env, attach=True), sink)


@pytest.mark.parametrize("path", ["/facts/x", "/sync/x"])
def test_is_the_exported_span(api: Api, path: str) -> None:
    facts, span = api.call(path, ("tracestate", "a=b"), ("baggage", "user=ann"))
    assert (facts["trace_id"], facts["span_id"]) == (span.trace_id, span.span_id)
    assert facts["valid"]
    assert facts["sampled"]
    assert facts["recording"]
    assert not facts["remote"]
    assert facts["trace_state"] == "a=b"
    assert facts["baggage"] == {"user": "ann"}
    assert facts["carrier"]["traceparent"] == f"00-{span.trace_id}-{span.span_id}-01"
    assert facts["carrier"]["tracestate"] == "a=b"


def test_can_be_written_to_from_a_thread(api: Api) -> None:
    _, span = api.call("/sync/x")
    assert span.attributes["from.thread"] is True


def test_exports_what_was_written(api: Api) -> None:
    _, span = api.call("/write/tomato")
    said = span.attributes
    assert span.name == "write tomato"
    assert said["http.route"] == "/write/{name}"
    assert (said["shop.text"], said["shop.number"], said["shop.float"], said["shop.flag"]) == ("text", 7, 1.5, True)
    assert (said["shop.list"], said["shop.numbers"]) == (["a", "b"], [1, 2, 3])
    assert "shop.bad" not in said
    packed, sent, exception = (span.event(name) for name in ("packed", "sent", "exception"))
    assert packed.attributes == {"boxes": 2}
    assert span.start_ns <= packed.time_ns <= span.end_ns
    assert sent.time_ns == 1_700_000_000_000_000_000
    assert exception.attributes["exception.type"] == "KeyError"
    assert exception.attributes["exception.message"] == "'no such box'"
    assert "no such box" in exception.attributes["exception.stacktrace"]
    assert exception.attributes["shop.box"] == 3
    [link] = span.links
    assert (link.trace_id, link.span_id, link.attributes) == (f"{0xABC:032x}", f"{0xDEF:016x}", {"why": "batch"})


@pytest.mark.parametrize(
    ("kind", "status", "message"),
    [("error", ERROR, "no stock"), ("ok", OK, ""), ("ok-then-error", OK, ""), ("none", UNSET, "")],
)
def test_takes_the_status_that_the_application_sets(api: Api, kind: str, status: int, message: str) -> None:
    _, span = api.call(f"/status/{kind}")
    assert (span.status, span.status_message) == (status, message)


@pytest.mark.parametrize("kind", ["many", "large", "odd"])
def test_survives_what_an_application_may_do_to_it(api: Api, kind: str) -> None:
    _, span = api.call(f"/hostile/{kind}")
    assert len(span.attributes) <= 200
    assert len(span.events) <= 200
    assert len(span.name) <= 8192
    assert all(len(v) <= 8192 for v in span.attributes.values() if isinstance(v, str))


def test_ends_with_the_request_whatever_the_application_says(api: Api) -> None:
    _, span = api.call("/ended/x")
    assert span.attributes["http.response.status_code"] == 200


def test_ignores_what_comes_after_the_request(api: Api) -> None:
    _, kept = api.call("/keep/x")
    late, _ = api.call("/late/x")
    assert late == {"recording": False}
    assert "late" not in kept.attributes


def test_does_not_record_an_unsampled_request(api: Api) -> None:
    trace = Trace(flags="00")
    facts = json.loads(get(api.server, "/facts/unsampled", trace.header).body)
    assert (facts["trace_id"], facts["sampled"], facts["recording"]) == (trace.trace_id, False, False)
    assert facts["carrier"]["traceparent"] == f"00-{trace.trace_id}-{facts['span_id']}-00"
    api.call("/facts/after")
    assert trace.all(api.sink) == []


def test_has_no_current_span_outside_a_request(api: Api) -> None:
    first, _ = api.call("/facts/a")
    second, _ = api.call("/facts/b")
    assert first["trace_id"] != second["trace_id"]


def test_parents_the_spans_of_a_users_own_sdk_and_outgoing_requests(shared: World, engine: Engine) -> None:
    ours, theirs = shared.sink(one_per_trace=True), shared.sink()
    server = shared.serve("uvicorn", "with_sdk:app", env={**ours.env, "USER_SDK_ENDPOINT": theirs.endpoint}, attach=True)
    trace = Trace()
    answer = json.loads(get(server, "/jobs/x", trace.header).body)
    span = trace.span(ours)
    [inner] = [s for s in theirs.wait_for(1) if s.name == "inner work"]
    assert (inner.trace_id, inner.parent_span_id, inner.kind) == (trace.trace_id, span.span_id, INTERNAL)
    assert inner.span_id == answer["inner"]
    assert inner.resource["service.name"] == "the-users-sdk"
    assert answer["downstream"] == f"00-{trace.trace_id}-{inner.span_id}-01"
