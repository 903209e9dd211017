# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Where telemetry goes: OTLP over HTTP and gRPC, plain, TLS and mutual TLS; the console; the terminal; nowhere; Prometheus."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace as api
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from kit.engine import Engine, samples
from kit.http1 import get
from kit.process import poll
from kit.traces import Trace
from kit.world import World
from otlp_sink import Certificates, Sink

DURATION = "http.server.request.duration"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def one_request(world: World, sink: Sink, **env: str) -> Trace:
    """A server for one request; everything is exported when it has stopped."""
    server = world.serve("uvicorn", "shop:app", env={**sink.env, **env}, attach=True)
    trace = Trace()
    assert get(server, "/items/1", trace.header).status == 200
    sink.wait_for(1)
    sink.wait_for_count(DURATION, 1)
    server.stop()
    return trace


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_exports_plainly(shared: World, engine: Engine, protocol: str) -> None:
    sink = shared.sink(protocol)
    trace = one_request(shared, sink)
    assert trace.span(sink).name == "GET /items/{item_id}"


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_compresses_and_sends_headers(shared: World, engine: Engine, protocol: str) -> None:
    sink = shared.sink(protocol)
    one_request(shared, sink, OTEL_EXPORTER_OTLP_COMPRESSION="gzip", OTEL_EXPORTER_OTLP_HEADERS="api-key=canary%20key,x-tenant=7")
    for request in sink.requests:
        assert (request.headers["api-key"], request.headers["x-tenant"]) == ("canary key", "7")
        if protocol == "http/protobuf":
            assert request.headers["content-encoding"] == "gzip"
    assert {r.signal for r in sink.requests} == {"traces", "metrics"}


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_exports_over_tls(shared: World, engine: Engine, certificates: Certificates, protocol: str) -> None:
    sink = shared.sink(protocol, certificates)
    one_request(shared, sink, OTEL_EXPORTER_OTLP_CERTIFICATE=str(certificates.ca))


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
@pytest.mark.parametrize("key", ["client_key", "client_key_traditional"])
def test_exports_with_a_client_certificate(shared: World, engine: Engine, certificates: Certificates, protocol: str, key: str) -> None:
    sink = shared.sink(protocol, certificates, want_client=True)
    one_request(
        shared,
        sink,
        OTEL_EXPORTER_OTLP_CERTIFICATE=str(certificates.ca),
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=str(certificates.client_certificate),
        OTEL_EXPORTER_OTLP_CLIENT_KEY=str(getattr(certificates, key)),
    )
    assert all(r.peer_certificate for r in sink.requests)


def test_does_not_trust_an_unknown_authority(shared: World, engine: Engine, certificates: Certificates) -> None:
    sink = shared.sink(certificates=certificates)
    server = shared.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    get(server, "/")
    poll(lambda: sink.turned_away, 20, lambda: "the exporter did not try")
    server.stop()
    assert sink.requests == []


def test_sends_each_signal_to_its_own_endpoint(shared: World, engine: Engine) -> None:
    traces, metrics = shared.sink(), shared.sink()
    env = {
        **traces.env,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{traces.endpoint}/v1/traces",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{metrics.endpoint}/v1/metrics",
    }
    server = shared.serve("uvicorn", "shop:app", env=env, attach=True)
    get(server, "/")
    traces.wait_for(1)
    metrics.wait_for_count(DURATION, 1)
    assert {r.signal for r in traces.requests} == {"traces"}
    assert {r.signal for r in metrics.requests} == {"metrics"}


def test_keeps_one_application_s_telemetry_from_another_s_collector(shared: World, engine: Engine) -> None:
    sinks = [shared.sink(), shared.sink()]
    servers = [shared.serve("uvicorn", "shop:app", env={**s.env, "OTEL_SERVICE_NAME": f"shop{n}"}, attach=True) for n, s in enumerate(sinks)]
    for n, server in enumerate(servers):
        for _ in range(n + 2):
            get(server, "/")
    for n, (server, sink) in enumerate(zip(servers, sinks, strict=True)):
        shared.recorded_exactly(sink, n + 2)
        server.stop()
        assert {s.resource["service.name"] for s in sink.spans()} == {f"shop{n}"}


def test_waits_for_a_collector_that_was_away(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    sink.refuse()
    for n in range(10):
        assert get(server, f"/items/{n}").status == 200
    sink.listen()
    sink.fail(503)
    for n in range(10):
        assert get(server, f"/items/{n}").status == 200
    sink.heal()
    assert get(server, "/items/1").status == 200
    sink.wait_for_count(DURATION, 21)


def test_answers_while_the_collector_hangs(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    gate = sink.hold()
    for n in range(50):
        assert get(server, f"/items/{n}").status == 200
    gate.wait_for_arrivals(1)
    for n in range(50):
        assert get(server, f"/items/{n}").status == 200
    sink.heal()
    sink.wait_for(100)


# console


def python_span() -> dict[str, Any]:
    """What Python's ConsoleSpanExporter prints of a span like ours."""
    provider = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
    parent = api.SpanContext(1, 2, True, api.TraceFlags(1))
    context = api.set_span_in_context(api.NonRecordingSpan(parent))
    span = provider.get_tracer("t").start_span("GET /", context, api.SpanKind.SERVER, {"n": 1}, [api.Link(parent, {"a": "b"})])
    span.add_event("e", {"a": 1})
    span.set_status(api.StatusCode.ERROR, "why")
    span.end()
    result: dict[str, Any] = json.loads(span.to_json())
    provider.shutdown()
    return result


def documents(text: str) -> list[dict[str, Any]]:
    """The whole JSON objects that begin a line, in a text that may also have log lines and may end within an object."""
    decoder = json.JSONDecoder()
    found = []
    for start in re.finditer(r"^\{", text, re.MULTILINE):
        try:
            found.append(decoder.raw_decode(text, start.start())[0])
        except ValueError:
            break
    return found


@pytest.mark.parametrize("stdout", ["pipe", "file", "tty"])
def test_prints_json_in_the_shape_of_python_s_console_exporter(shared: World, engine: Engine, stdout: str) -> None:
    env = {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none", "OTEL_BSP_SCHEDULE_DELAY": "50"}
    server = shared.serve("uvicorn", "current_span:app", env=env, attach=True, stdout=stdout)
    trace = Trace()
    get(server, "/write/x", trace.header, ("tracestate", "a=b"))
    [span] = poll(lambda: documents(server.process.out), 20, lambda: server.process.describe())
    theirs = python_span()
    assert span.keys() == theirs.keys()
    assert span["context"].keys() == theirs["context"].keys()
    assert span["resource"].keys() == theirs["resource"].keys()
    assert span["events"][0].keys() == theirs["events"][0].keys()
    assert span["links"][0].keys() == theirs["links"][0].keys()
    assert span["links"][0]["context"].keys() == theirs["links"][0]["context"].keys()
    assert span["status"].keys() <= theirs["status"].keys()
    assert (span["name"], span["kind"]) == ("write x", "SpanKind.SERVER")
    assert span["context"]["trace_id"] == f"0x{trace.trace_id}"
    assert re.fullmatch(r"0x[0-9a-f]{16}", span["context"]["span_id"])
    assert span["context"]["trace_state"] == "['a=b']" or "a" in span["context"]["trace_state"]
    assert span["parent_id"] == f"0x{trace.span_id}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", span["start_time"])
    assert span["attributes"]["http.route"] == "/write/{name}"
    assert span["status"]["status_code"] == "UNSET"
    assert re.search(r'^    "name": "write x"', server.process.out.replace("\r", ""), re.MULTILINE), "four spaces of indent, as theirs"


def test_lets_go_of_the_application_s_output_when_that_ends(shared: World, engine: Engine) -> None:
    """Otherwise ``spangard attach -- … | tee log`` would hang as long as the engine lives."""
    env = {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none", "OTEL_BSP_SCHEDULE_DELAY": "50"}
    server = shared.serve("uvicorn", "shop:app", env=env, attach=True, stdout="pipe")
    get(server, "/")
    poll(lambda: documents(server.process.out), 20, lambda: server.process.describe())
    server.stop()
    server.process.wait_for_end_of_output()


def test_leaves_the_application_s_own_output_whole(shared: World, engine: Engine) -> None:
    """The access log and the spans share a file that the shell opened with ``>``: nobody writes over the other."""
    env = {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none", "OTEL_BSP_SCHEDULE_DELAY": "20"}
    server = shared.serve("uvicorn", "shop:app", "--access-log", env=env, attach=True, stdout="file")
    for n in range(40):
        get(server, f"/items/{n}")
        poll(lambda n=n: len(documents(server.process.out)) >= n, 20, lambda: server.process.describe())
    poll(lambda: len(documents(server.process.out)) == 40, 20, lambda: server.process.describe())
    server.stop()
    for n in range(40):
        assert f'"GET /items/{n} HTTP/1.1" 200 OK' in server.process.out


def test_prints_a_line_on_a_terminal_when_nothing_is_configured(shared: World, engine: Engine) -> None:
    server = shared.serve("uvicorn", "shop:app", attach=True, stdout="tty")
    trace = Trace()
    get(server, "/items/7", trace.header)
    get(server, "/boom/x")
    poll(lambda: server.process.out.count("/boom/{kind}") >= 1, 20, lambda: server.process.describe())
    [line] = [line for line in server.process.out.splitlines() if trace.trace_id in line]
    for part in ("GET", "/items/{item_id}", "200"):
        assert part in line
    assert re.search(r"\d(\.\d+)? ?(ms|µs|s)\b", line)
    [failed] = [line for line in server.process.out.splitlines() if "/boom/{kind}" in line]
    assert "500" in failed
    assert "RuntimeError" in failed


def test_a_hostile_path_can_not_write_on_the_terminal(shared: World, engine: Engine) -> None:
    server = shared.serve("uvicorn", "shop:app", attach=True, stdout="tty")
    get(server, "/x%1b]0;canary%07%0d%0aspoofed%20line")
    get(server, "/items/7", (b"User-Agent", b"\xff\\x"))
    poll(lambda: "/items/{item_id}" in server.process.out, 20, lambda: server.process.describe())
    assert "\x1b]0;canary" not in server.process.out
    assert "\nspoofed" not in server.process.out


def test_is_quiet_without_terminal_and_configuration(shared: World, engine: Engine) -> None:
    server = shared.serve("uvicorn", "shop:app", attach=True, stdout="pipe")
    before = engine.total("spangard_requests_seen_total")
    get(server, "/items/7")
    server.stop()
    poll(lambda: engine.total("spangard_requests_seen_total") > before, 20, lambda: engine.told("spangard_"))
    assert server.process.out == ""


def test_exports_nothing_to_none(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    env = {**sink.env, "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
    server = shared.serve("uvicorn", "shop:app", env=env, attach=True, stdout="pipe")
    get(server, "/items/7")
    server.stop()
    assert server.process.out == ""
    assert sink.requests == []


def test_shows_metrics_to_prometheus_with_exemplars(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    env = {**sink.env, "OTEL_METRICS_EXPORTER": "prometheus", "OTEL_SERVICE_NAME": "scraped"}
    server = shared.serve("uvicorn", "shop:app", env=env, attach=True)
    for n in range(5):
        get(server, f"/items/{n}")
    spans = sink.wait_for(5)
    name = "http_server_request_duration_seconds"
    exemplars: set[str] = set()

    def counted() -> bool:
        # the SDK gives an exemplar in the first collection after its measurement only, so none of the scrapes may be thrown away
        text = engine.scrape("application/openmetrics-text; version=1.0.0")
        assert text.rstrip().endswith("# EOF")
        exemplars.update(re.findall(r'# \{[^}]*trace_id="([0-9a-f]{32})"', text))
        wanted = {("http_route", "/items/{item_id}"), ("service_name", "scraped")}
        return sum(n for labels, n in samples(text).get(f"{name}_count", {}).items() if wanted <= set(labels)) == 5

    poll(counted, 20, lambda: engine.told(f"{name}_count"))
    assert exemplars & {s.trace_id for s in spans}


def test_the_admin_endpoint_answers_probes(engine: Engine) -> None:
    assert engine.status("/livez") == 200
    assert engine.status("/readyz") == 200
    assert engine.status("/nothing-here") == 404


def test_bad_exporter_settings_do_not_hurt(shared: World, engine: Engine) -> None:
    for env in (
        {"OTEL_TRACES_EXPORTER": "carrier-pigeon"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "not a url"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_CERTIFICATE": str(Path("/nowhere.pem"))},
        {"OTEL_BSP_SCHEDULE_DELAY": "soon", "OTEL_METRIC_EXPORT_INTERVAL": "-1"},
    ):
        server = shared.serve("uvicorn", "shop:app", env=env, attach=True)
        assert get(server, "/items/1").status == 200
        assert server.stop() in (0, -15)
    sink = shared.sink()
    one_request(shared, sink)
