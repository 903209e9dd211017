# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The README's quickstart, by hand and by attach: what a collector gets of a FastAPI application under uvicorn."""

from __future__ import annotations

import math
import os
import platform
import socket
from collections import Counter

import pytest

from kit.engine import Engine
from kit.http1 import Reply, get, head, send
from kit.traces import Trace
from kit.world import Server, World
from otlp_sink import Point, Sink, Span
from otlp_sink.model import SERVER, UNSET

DURATION = "http.server.request.duration"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
STATE = "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"


class Started:
    """One recorded server with a sink of its own."""

    def __init__(self, server: Server, sink: Sink) -> None:
        self.server = server
        self.sink = sink

    def get(self, path: str, *headers: tuple[str, str]) -> tuple[Reply, Span]:
        trace = Trace()
        reply = get(self.server, path, trace.header, *headers)
        return reply, trace.span(self.sink)


@pytest.fixture(scope="module", params=["by hand", "by attach"])
def started(request: pytest.FixtureRequest, shared: World, engine: Engine) -> Started:
    sink = shared.sink(one_per_trace=True)
    env = {**sink.env, "OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,team=a%20b"}
    by_hand = request.param == "by hand"
    server = shared.serve("uvicorn", "quickstart:app" if by_hand else "shop:app", env=env, attach=not by_hand)
    return Started(server, sink)


def test_exports_the_request_as_a_child_of_the_caller(started: Started) -> None:
    trace = Trace()
    reply = get(started.server, "/items/7?q=1", trace.header, ("tracestate", STATE), ("User-Agent", "curl/8.0"))
    span = trace.span(started.sink)
    assert reply.status == 200
    assert (span.name, span.kind, span.status, span.trace_state) == ("GET /items/{item_id}", SERVER, UNSET, STATE)
    assert span.seconds < 60
    assert span.scope_version


def test_says_what_the_semantic_conventions_ask_for(started: Started) -> None:
    trace = Trace()
    with started.server.connect() as connection:
        client_port = connection.getsockname()[1]
        connection.sendall(head(target="/items/7?q=1&sig=canary", headers=[trace.header, ("User-Agent", "curl/8.0")]))
        while connection.recv(65536):
            pass
    said = trace.span(started.sink).attributes
    expected = {
        "http.request.method": "GET",
        "http.route": "/items/{item_id}",
        "http.response.status_code": 200,
        "url.path": "/items/7",
        "url.query": "q=1&sig=REDACTED",
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "network.peer.address": "127.0.0.1",
        "network.peer.port": client_port,
        "client.address": "127.0.0.1",
        "server.address": "shop.test",
        "server.port": 8080,
        "user_agent.original": "curl/8.0",
    }
    assert {k: said.get(k) for k in expected} == expected
    assert not {"http.method", "http.target", "http.url", "net.host.name", "error.type"} & said.keys()


def test_describes_the_application_not_the_engine(started: Started) -> None:
    _, span = started.get("/items/7")
    said = span.resource
    expected = {
        "service.name": "shop",
        "deployment.environment.name": "test",
        "team": "a b",
        "host.name": socket.gethostname(),
        "process.runtime.name": "cpython",
        "process.runtime.version": platform.python_version(),
    }
    assert {k: said.get(k) for k in expected} == expected
    assert said["service.instance.id"]
    assert said["telemetry.sdk.name"]
    assert said["telemetry.sdk.language"] != "java" or said.get("telemetry.distro.name")
    assert "process.pid" not in said
    everything = repr(said).lower()
    for jvm in ("openjdk", "temurin", "hotspot", "jvm", ".jar", "java virtual"):
        assert jvm not in everything
    assert not [k for k in said if k.startswith("process.command")]


def test_measures_each_request_once(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "quickstart:app", env=sink.env)
    for n in range(30):
        assert send(server, head(target=f"/items/{n}")).status == 200
    for _ in range(5):
        assert send(server, head(target="/nowhere")).status == 404
    spans = sink.wait_for(35)
    points = sink.wait_for_count(DURATION, 35)
    check_durations(points, spans)
    assert Counter((s.attributes.get("http.route"), s.attributes["http.response.status_code"]) for s in spans) == {
        ("/items/{item_id}", 200): 30,
        (None, 404): 5,
    }
    check_exemplars(points, spans)
    [*sizes] = sink.wait_for_count("http.server.response.body.size", 35)
    assert sum(p.sum for p in sizes) == sum(s.attributes["http.response.body.size"] for s in spans)
    assert {p.unit for p in sizes} == {"By"}
    sink.wait_until(lambda: {p.value for p in sink.points("http.server.active_requests")} == {0})
    server.stop()
    assert sink.count(DURATION) == 35
    assert sink.span_count == 35


def check_durations(points: list[Point], spans: list[Span]) -> None:
    assert sum(p.count for p in points) == len(spans)
    assert {p.unit for p in points} == {"s"}
    assert {p.bounds for p in points} == {BUCKETS}
    by_route = {(p.attributes.get("http.route"), p.attributes["http.response.status_code"]): p for p in points}
    assert len(by_route) == len(points) == 2
    for key, point in by_route.items():
        durations = [s.seconds for s in spans if (s.attributes.get("http.route"), s.attributes["http.response.status_code"]) == key]
        assert point.count == len(durations) == sum(point.buckets)
        assert math.isclose(point.sum, math.fsum(durations), rel_tol=1e-9, abs_tol=1e-6)
        assert point.attributes["http.request.method"] == "GET"
        assert point.attributes["url.scheme"] == "http"
        assert point.attributes["network.protocol.version"] == "1.1"
        assert not {"server.address", "client.address", "url.path", "url.query", "user_agent.original"} & point.attributes.keys()


def check_exemplars(points: list[Point], spans: list[Span]) -> None:
    by_id = {(s.trace_id, s.span_id): s for s in spans}
    exemplars = [x for p in points for x in p.exemplars]
    assert exemplars
    for exemplar in exemplars:
        span = by_id[exemplar.trace_id, exemplar.span_id]
        assert math.isclose(exemplar.value, span.seconds, rel_tol=1e-6, abs_tol=2e-9)


def test_span_and_metric_have_one_resource(started: Started) -> None:
    _, span = started.get("/items/1")
    [resource] = {repr(sorted(p.resource.items())) for p in started.sink.wait_for_count(DURATION, 1)}
    assert resource == repr(sorted(span.resource.items()))


def test_names_the_full_route_of_routers_and_mounts(shared: World, engine: Engine) -> None:
    sink = shared.sink(one_per_trace=True)
    shop = Started(shared.serve("uvicorn", "shop:app", env=sink.env, attach=True), sink)
    for path, route in [
        ("/v1/users/ann", "/v1/users/{user}"),
        ("/inner/orders/3", "/inner/orders/{order}"),
        ("/sync/x", "/sync/{name}"),
        ("/", "/"),
    ]:
        _, span = shop.get(path)
        assert (span.name, span.attributes["http.route"]) == (f"GET {route}", route)
    _, span = shop.get("/items/404")
    assert (span.attributes["http.response.status_code"], span.status) == (404, UNSET)
    _, span = shop.get("/items/not-a-number")
    assert (span.attributes["http.response.status_code"], span.attributes["http.route"]) == (422, "/items/{item_id}")


def test_takes_the_service_name_from_the_application_when_none_is_given(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    get(server, "/")
    [span] = sink.wait_for(1)
    name = span.resource["service.name"]
    assert name
    assert "java" not in name


def test_works_without_opentelemetry_in_the_application(shared: World, engine: Engine) -> None:
    """A finder in the application's process hides the package, as if it had never been installed."""
    sink = shared.sink(one_per_trace=True)
    env = {**sink.env, "PYTHONPATH": str(hidden(shared))}
    server = Started(shared.serve("uvicorn", "hello:app", env=env, attach=True), sink)
    reply, span = server.get("/x")
    assert reply.body == b"hello"
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET", 200)


def hidden(world: World) -> os.PathLike[str]:
    """A folder whose ``opentelemetry`` raises what a missing package raises."""
    folder = world.folder / "hidden"
    package = folder / "opentelemetry"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'opentelemetry'\", name='opentelemetry')\n")
    return folder
