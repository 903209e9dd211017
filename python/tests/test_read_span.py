# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The current span, read like the SDK's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace

from asgi import TRACEPARENT, http_scope
from inside import inside

if TYPE_CHECKING:
    from engine import FakeEngine


def test_the_span_can_be_read_like_the_sdks(engine: FakeEngine) -> None:
    seen: list[Any] = []

    def look(span: Any) -> None:
        assert span.name == "GET"
        assert (dict(span.attributes), span.events, span.links) == ({}, (), ())
        assert span.status.is_unset
        span.update_name("named")
        span.set_attributes({"a": 1, "list": ["x"]})
        span.add_event("event", {"k": 1}, 5)
        span.add_link(trace.SpanContext(1, 2, False), {"why": "x"})
        span.set_status(trace.StatusCode.ERROR, "bad")
        attributes = span.attributes
        with pytest.raises(TypeError):
            attributes["b"] = 2
        span.set_attribute("later", 1)
        assert attributes == {"a": 1, "list": ("x",)}
        assert span.attributes.get("later") == 1
        assert (span.name, span.kind) == ("named", trace.SpanKind.SERVER)
        assert [(event.name, event.timestamp, event.attributes) for event in span.events] == [("event", 5, {"k": 1})]
        assert [(link.context.trace_id, link.context.span_id, link.attributes) for link in span.links] == [
            (1, 2, {"why": "x"})
        ]
        assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, "bad")
        assert span.context == span.get_span_context()
        assert abs(time.time_ns() - span.start_time) < 60e9
        assert (span.parent.span_id, span.parent.is_remote) == (0xB7AD6B7169203331, True)
        seen.append(span)

    inside(look, http_scope(headers=[(b"traceparent", TRACEPARENT)]))
    engine.request()
    assert (seen[0].name, seen[0].parent.trace_id) == ("named", 0x0AF7651916CD43DD8448EB211C80319C)


@pytest.mark.parametrize("name", ["name", "kind", "start_time", "attributes", "events", "links", "status", "parent"])
def test_a_span_that_is_not_sampled_has_nothing_to_read(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    seen: list[bool] = []
    inside(lambda span: seen.append(hasattr(span, name)))
    engine.wait(engine.records)
    assert seen == [False]
