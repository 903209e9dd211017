# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Where telemetry goes: OTLP over HTTP and gRPC, plain, TLS and mutual TLS; nowhere; Prometheus."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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
