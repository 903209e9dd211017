# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Lists in variables: an element that is empty is nothing, in every one of them (PARITY B14)."""

from __future__ import annotations

import pytest

from kit.engine import Engine
from kit.http1 import Reply, head, send
from kit.profiles import PROFILES
from kit.traces import Trace
from kit.world import World
from otlp_sink.model import SERVER, Span

HEADERS = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_"
LISTS = {
    "OTEL_PYTHON_EXCLUDED_URLS": "health",
    HEADERS + "SERVER_REQUEST": "x-first",
    HEADERS + "SERVER_RESPONSE": "content-length",
    HEADERS + "SANITIZE_FIELDS": "x-second",
    "OTEL_PROPAGATORS": "tracecontext,baggage",
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_METRICS_EXPORTER": "otlp",
    "OTEL_RESOURCE_ATTRIBUTES": "team=shop",
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup",
    "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS": "GET,HEAD",
}
TIMES = ("spangard.response.time_to_first_byte", "network.peer.port", "net.peer.port", "client.port")


def said(world: World, lists: dict[str, str], profile: str) -> tuple[list[object], set[str]]:
    """What a server with these variables says of one request, and which other requests it records."""
    sink = world.sink()
    server = world.serve("uvicorn", "hello:app", attach=True, env={**sink.env, **PROFILES[profile], **lists})
    trace, excluded, other = Trace(), Trace(), Trace()

    def request(target: str, trace: Trace) -> Reply:
        return send(server, head(target=target, headers=[trace.header, ("X-First", "1"), ("X-Second", "2")]))

    for target, one in (("/health", excluded), ("/items", trace), ("/last", other)):
        assert request(target, one).status == 200
    sink.wait_until(lambda: [s for s in other.all(sink) if s.kind == SERVER])
    sink.wait_for_count("http.server.request.duration", 2)
    server.stop()
    [span] = [s for s in trace.all(sink) if s.kind == SERVER]
    return facts(span, server.port), {s.attributes.get("url.path", "") for s in sink.spans()}


def facts(span: Span, port: int) -> list[object]:
    """All that two servers say alike: the port of each is its own."""
    attributes = {key: str(value).replace(str(port), "PORT") for key, value in span.attributes.items() if key not in TIMES}
    resource = {key: value for key, value in span.resource.items() if key != "service.instance.id"}
    return [span.name, span.parent_span_id != "", attributes, resource]


@pytest.mark.parametrize("profile", PROFILES)
def test_empty_elements_of_lists_are_nothing(shared: World, engine: Engine, profile: str) -> None:
    plain, recorded = said(shared, LISTS, profile)
    assert "/health" not in recorded
    assert {"/items", "/last"} <= recorded
    for odd in ({name: value + "," for name, value in LISTS.items()}, {name: f" ,, {value} , ," for name, value in LISTS.items()}):
        assert said(shared, odd, profile) == (plain, recorded)


@pytest.mark.parametrize("value", ["false", "FALSE", "0", ""])
def test_capturing_all_methods_can_be_said_to_be_false(shared: World, engine: Engine, value: str) -> None:
    sink = shared.sink()
    env = {**sink.env, "OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS": value}
    server = shared.serve("uvicorn", "hello:app", attach=True, env=env)
    trace = Trace()
    assert send(server, head("PROPFIND", "/", [trace.header])).status == 200
    assert trace.span(sink).attributes["http.request.method"] == "_OTHER"
