# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Hooks, details and response propagators in the `upstream` profile."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace

from asgi import hello, http_scope, run
from upstream import BODY, echo, upstream

if TYPE_CHECKING:
    from engine import FakeEngine


def test_hooks_get_spans_that_record(engine: FakeEngine) -> None:
    seen: list[Any] = []

    def on_request(span: Any, scope: Any) -> None:
        span.set_attribute("on", "request")
        seen.append(span.get_span_context())

    def on_receive(span: Any, scope: Any, message: Any) -> None:
        assert trace.get_current_span() is span
        span.set_attribute("on", message["type"])
        span.update_name("heard")
        span.set_status(trace.StatusCode.ERROR, "no")
        seen.append(span.get_span_context())

    def on_send(span: Any, scope: Any, message: Any) -> None:
        assert scope["type"] == "http"
        raise KeyError(message["type"])

    run(
        upstream(echo, server_request_hook=on_request, client_request_hook=on_receive, client_response_hook=on_send),
        None,
        dict(BODY),
    )
    record = engine.upstream()
    assert record["span"][1] == {"on": "request"}
    _, span_id, parent, did, failure = record["children"][3]
    assert (parent, failure) == (None, None)
    assert did == ("heard", {"on": "http.request"}, [], (2, "no"), [])
    assert seen[0].span_id == record["span_id"]
    assert (seen[1].trace_id, seen[1].span_id) == (record["trace"], span_id)
    status, span_id, _, did, _ = record["children"][7]
    assert (status, span_id) == (200, 0)
    name, _, facts = did[2][0]
    assert name == "exception"
    assert facts["exception.type"] == "KeyError"
    assert facts["exception.escaped"] == "False"


def test_a_hook_of_an_excluded_span_is_not_called_and_sizes_are_still_counted(engine: FakeEngine) -> None:
    def hook(*_: Any) -> None:
        raise AssertionError("called")

    app = upstream(echo, exclude_spans=["receive", "send"], client_request_hook=hook, client_response_hook=hook)
    run(app, None, dict(BODY))
    record = engine.upstream()
    assert record["children"] is None
    assert (record["status"], record["received"], record["sent"]) == (200, 5, 5)
    assert record["ended"]


def test_details_give_name_and_attributes_and_their_failure_is_told(engine: FakeEngine) -> None:
    run(upstream(hello, default_span_details=lambda scope: ("mine", {"http.route": "/r", "odd": object()})))
    record = engine.upstream()
    assert (record["name"], record["details"]) == ("mine", {"http.route": "/r"})

    def failing(scope: Any) -> Any:
        raise ValueError("no details")

    run(upstream(hello, default_span_details=failing))
    record = engine.upstreams(2)[1]
    assert (record["name"], record["details"]) == (None, None)
    assert record["span"][2][0][2]["exception.message"] == "no details"


@pytest.mark.parametrize("pair", [list, tuple])
@pytest.mark.parametrize("pairs", [list, tuple])
def test_a_response_propagator_adds_to_the_response_and_to_nothing_of_the_applications(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, pairs: Any, pair: Any
) -> None:
    class Propagator:
        def inject(self, carrier: Any, context: Any, setter: Any) -> None:
            span = trace.get_current_span(context).get_span_context()
            setter.set(carrier, "Traceresponse", f"{span.span_id:016x}")

    class Module:
        get_global_response_propagator = Propagator

    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.propagators", Module)
    shared = pairs([pair((b"a", b"1"))])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": shared})
        await send({"type": "http.response.body"})

    server = run(upstream(app))
    record = engine.upstream()
    added = pair((b"traceresponse", b"%016x" % record["span_id"]))
    assert server.sent[0]["headers"] == pairs([pair((b"a", b"1")), added]), "each in the application's own types"
    assert "headers" not in server.sent[1]
    assert shared == pairs([pair((b"a", b"1"))])


def test_what_hooks_did_survives_a_value_that_can_not_be_written(engine: FakeEngine) -> None:
    def on_send(span: Any, scope: Any, message: Any) -> None:
        span.add_event("sent", {"bytes": 5})

    run(upstream(hello, client_response_hook=on_send), http_scope(scheme=object()))
    events = engine.upstream()["children"][3][3][2]
    assert [(name, facts) for name, _, facts in events] == [("sent", {"bytes": 5})]
