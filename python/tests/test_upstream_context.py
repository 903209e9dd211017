# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The context of a request in the `upstream` profile: what it is below, and what is below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import context, trace

from asgi import TRACEPARENT, hello, http_scope, run
from upstream import BODY, codes, upstream

if TYPE_CHECKING:
    from engine import FakeEngine


def test_below_a_current_span_the_request_is_internal_and_its_traceparent_is_not_read(engine: FakeEngine) -> None:
    above = trace.NonRecordingSpan(trace.SpanContext(0xA, 0xB, False, trace.TraceFlags(1)))
    token = context.attach(trace.set_span_in_context(above))
    try:
        app = upstream(hello, http_capture_headers_server_request=["x-a"])
        run(app, http_scope(headers=[(b"traceparent", TRACEPARENT), (b"x-a", b"1")]))
    finally:
        context.detach(token)
    record = engine.upstream()
    assert (record["trace"], record["parent"], record["flags"]) == (0xA, 0xB, 3)
    assert record["request_headers"] is None


def test_the_span_that_stands_for_none_is_no_parent(engine: FakeEngine) -> None:
    token = context.attach(trace.set_span_in_context(trace.INVALID_SPAN))
    try:
        run(upstream(hello), http_scope(headers=[(b"traceparent", TRACEPARENT)]))
    finally:
        context.detach(token)
    record = engine.upstream()
    assert (record["trace"], record["parent"], record["flags"]) == (TRACEPARENT, None, 1)


@pytest.mark.parametrize(
    "key", ["suppress_instrumentation", context._SUPPRESS_HTTP_INSTRUMENTATION_KEY], ids=["any", "http"]
)
def test_where_instrumentation_is_suppressed_nothing_is_recorded(engine: FakeEngine, key: str) -> None:
    app = upstream(hello)
    token = context.attach(context.set_value(key, True))
    try:
        assert len(run(app).sent) == 2
    finally:
        context.detach(token)
    run(app, http_scope(path="/after"))
    assert engine.upstream()["path"] == "/after"


def test_a_child_is_below_the_span_that_is_current_when_the_application_speaks(engine: FakeEngine) -> None:
    inner = trace.NonRecordingSpan(trace.SpanContext(0xA, 0xC, False, trace.TraceFlags(1)))
    unsampled = trace.NonRecordingSpan(trace.SpanContext(0xA, 0xD, False, trace.TraceFlags(0)))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with trace.use_span(inner):
            await receive()
            await send({"type": "http.response.start", "status": 200})
        with trace.use_span(unsampled):
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
        with trace.use_span(trace.INVALID_SPAN):
            await send({"type": "http.response.body", "body": b"b"})

    run(upstream(app), None, dict(BODY))
    record = engine.upstream()
    assert codes(record) == [16, 1, 2]
    receive, start, last = record["children"][3::4]
    assert receive[2] == start[2] == (0xA, 0xC, 1)
    assert start[0] == 200
    trace_id, parent, flags = last[2]
    assert trace_id not in (0, 0xA, record["trace"])
    assert (parent, flags) == (None, 0)
