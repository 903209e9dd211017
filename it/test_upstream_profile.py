# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The `upstream` profile through a real server, engine and OTLP: children and their parents, old and new names, metrics."""

from __future__ import annotations

import pytest
from websockets.sync.client import connect

from kit.engine import Engine
from kit.http1 import get
from kit.traces import Trace
from kit.world import Server, World
from otlp_sink import Sink, Span
from otlp_sink.model import ERROR, INTERNAL, SERVER, UNSET

SCOPE = "opentelemetry.instrumentation.asgi"
RESPONSE = ["http.response.start", "http.response.body", "http.response.body", "http.response.body"]


class Served:
    def __init__(self, world: World, **settings: str) -> None:
        self.sink: Sink = world.sink()
        env = {**self.sink.env, "SPANGARD_PROFILE": "upstream", **settings}
        self.server: Server = world.serve("uvicorn", "upstream_profile:app", env=env)

    def spans(self, trace: Trace, count: int) -> tuple[Span, list[Span]]:
        """The request's span and its children in the order in which they arrived."""
        spans = self.sink.wait_until(lambda: len(trace.all(self.sink)) >= count and trace.all(self.sink), what=f"{count} spans")
        assert len(spans) == count
        [request] = [s for s in spans if s.parent_span_id == trace.span_id]
        return request, [s for s in spans if s is not request]


@pytest.fixture(scope="module")
def old(shared: World, engine: Engine) -> Served:
    return Served(shared)


def test_a_request_has_a_child_per_message(old: Served) -> None:
    trace = Trace()
    reply = get(old.server, "/items/5?q=1", trace.header, ("user-agent", "Googlebot/2"))
    request, children = old.spans(trace, 6)
    assert (request.name, request.kind, request.status) == ("GET /items/5", SERVER, UNSET)
    assert (request.scope, request.schema_url) == (SCOPE, "https://opentelemetry.io/schemas/1.11.0")
    port = old.server.port
    client = request.attributes.pop("net.peer.port")
    assert isinstance(client, int)
    assert request.attributes == {
        "http.scheme": "http",
        "http.host": f"127.0.0.1:{port}",
        "net.host.port": port,
        "http.flavor": "1.1",
        "http.target": "/items/5",
        "http.url": "http://shop.test:8080/items/5?q=1",
        "http.method": "GET",
        "http.server_name": "shop.test:8080",
        "http.user_agent": "Googlebot/2",
        "user_agent.synthetic.type": "bot",
        "net.peer.ip": "127.0.0.1",
        "http.status_code": 200,
        "http.response.header.x_kept": ["yes"],
    }
    assert [c.name for c in children] == ["GET /items/5 http receive"] + 4 * ["GET /items/5 http send"]
    assert [c.attributes["asgi.event.type"] for c in children] == ["http.request", *RESPONSE]
    assert {(c.kind, c.parent_span_id, c.status, c.scope) for c in children} == {(INTERNAL, request.span_id, UNSET, SCOPE)}
    assert [c.attributes.get("http.status_code") for c in children] == [None, 200, None, None, None]
    assert [c.attributes.get("hooked") for c in children] == [None, *RESPONSE]
    assert request.start_ns <= children[0].start_ns <= children[-1].end_ns <= request.end_ns
    headers = dict(reply.headers)
    assert headers[b"traceresponse"] == f"00-{trace.trace_id}-{request.span_id}-01".encode()
    assert headers[b"access-control-expose-headers"] == b"traceresponse"


def test_children_hang_below_the_span_that_is_current(old: Served) -> None:
    trace = Trace()
    get(old.server, "/inner", trace.header)
    request, [receive, *sends] = old.spans(trace, 6)
    assert receive.parent_span_id == request.span_id
    assert {s.parent_span_id for s in sends} == {"0000000000abcdef"}


def test_an_exception_is_told_as_the_python_sdk_tells_it(old: Served) -> None:
    trace = Trace()
    get(old.server, "/fails", trace.header)
    request, [receive] = old.spans(trace, 2)
    assert receive.status == UNSET
    assert (request.status, request.status_message) == (ERROR, "ValueError: boom")
    facts = request.event("exception").attributes
    assert (facts["exception.type"], facts["exception.message"], facts["exception.escaped"]) == ("ValueError", "boom", "False")
    assert "error.type" not in request.attributes
    assert "http.status_code" not in request.attributes


def test_a_websocket_has_its_messages_as_children(old: Served) -> None:
    trace = Trace()
    with connect(f"ws://127.0.0.1:{old.server.port}/room", additional_headers=dict([trace.header]), open_timeout=20, legacy=True) as socket:
        socket.send("hi")
        assert socket.recv(timeout=20) == "hi"
    request, children = old.spans(trace, 6)
    assert (request.name, request.attributes["http.status_code"]) == ("HTTP /room", 200)
    assert [c.name.removeprefix("HTTP /room websocket ") for c in children] == ["receive", "send", "receive", "send", "send"]
    assert [c.attributes.get("http.status_code") for c in children] == [None, None, 200, 200, None]


def test_both_modes_measure_both(world: World) -> None:
    world.engine()
    served = Served(world, OTEL_SEMCONV_STABILITY_OPT_IN="http/dup")
    trace = Trace()
    get(served.server, "/background", trace.header)
    request, _ = served.spans(trace, 6)
    assert request.schema_url == "https://opentelemetry.io/schemas/1.21.0"
    assert request.attributes["http.target"] == request.attributes["url.path"] == "/background"
    assert request.attributes["http.status_code"] == request.attributes["http.response.status_code"] == 200
    host = f"127.0.0.1:{served.server.port}"
    common = {"http.method": "GET", "http.host": host, "http.scheme": "http", "http.flavor": "1.1", "http.server_name": "shop.test:8080"}
    series = {**common, "http.status_code": 200, "net.host.port": served.server.port}
    stable = {"http.request.method": "GET", "url.scheme": "http", "network.protocol.version": "1.1", "http.response.status_code": 200}
    for name, unit, attributes in (
        ("http.server.duration", "ms", series),
        ("http.server.response.size", "By", series),
        ("http.server.request.size", "By", series),
        ("http.server.request.duration", "s", stable),
        ("http.server.response.body.size", "By", stable),
        ("http.server.request.body.size", "By", stable),
    ):
        [point] = served.sink.wait_for_count(name, 1)
        assert (point.unit, point.attributes, point.scope) == (unit, attributes, SCOPE)
        if name.startswith("http.server.response"):
            assert point.sum == 6
        if name == "http.server.duration":
            # the span ends with the response, the metric with the work after it; both are rounded
            assert point.sum >= request.seconds * 1000 + 299
            assert point.bounds == (0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
    [active] = served.sink.points("http.server.active_requests")
    assert (active.value, active.unit) == (0, "{request}")
    assert active.attributes == {**common, "http.request.method": "GET", "url.scheme": "http"}


def test_the_books_count_requests_and_not_their_children(world: World) -> None:
    engine = world.engine()
    served = Served(world)
    for _ in range(5):
        get(served.server, "/")
    served.sink.wait_for(30)
    served.server.stop()
    engine.wait_for_total("spangard_requests_exported_total", 5)
    assert engine.total("spangard_requests_seen_total") == 5
    engine.wait_for_total("spangard_exporter_spans_total", 30, outcome="delivered")
