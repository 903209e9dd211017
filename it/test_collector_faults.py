# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""A collector that is ill in each way there is: what it did not take is tried again or counted, to the last request, and nothing else waits for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from kit.engine import Engine
from kit.load import load
from kit.process import poll
from kit.world import Server, World
from otlp_sink import Certificates, Sink


def serving(world: World, sink: Sink, **env: str) -> tuple[Engine, Server]:
    engine = world.engine()
    return engine, world.serve("uvicorn", "shop:app", env={**sink.env, **env}, attach=True)


def drops(engine: Engine) -> dict[str, float]:
    return {dict(labels)["reason"]: n for labels, n in engine.values("spangard_requests_dropped_total").items() if n}


def seen(engine: Engine, requests: int) -> None:
    engine.wait_for_total("spangard_requests_seen_total", requests)


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_what_a_collector_rejects_is_dropped_exactly(world: World, protocol: str) -> None:
    sink = world.sink(protocol)
    engine, server = serving(world, sink)
    sink.reject(3)
    assert load(server.port, 500).statuses == {200: 500}
    seen(engine, 500)
    poll(lambda: engine.total("spangard_requests_queued") == 0, 20, lambda: engine.told("spangard_"))
    batches = sum(r.signal == "traces" for r in sink.requests)
    assert 0 < drops(engine)["rejected"] <= 3 * batches
    assert drops(engine).keys() == {"rejected"}
    assert engine.total("spangard_requests_exported_total") == 500 - drops(engine)["rejected"]
    assert engine.total("spangard_exporter_spans_total", outcome="rejected") == drops(engine)["rejected"]


FAULTS: dict[str, Callable[[Sink], object]] = {
    "unavailable": lambda sink: sink.fail(503),
    "busy": lambda sink: sink.fail(429, retry_after=1),
    "resetting": lambda sink: sink.reset(),
    "refused": lambda sink: sink.refuse(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_loses_nothing(world: World, fault: str) -> None:
    sink = world.sink()
    engine, server = serving(world, sink)
    FAULTS[fault](sink)
    assert load(server.port, 300).statuses == {200: 300}
    seen(engine, 300)
    poll(lambda: "trying again" in engine.process.err, 20, engine.process.describe)
    assert engine.total("spangard_requests_queued", place="engine") == 300
    if fault == "refused":
        sink.listen()
    sink.heal()
    sink.wait_for(300, 40)
    poll(lambda: engine.total("spangard_requests_exported_total") == 300, 20, lambda: engine.told("spangard_"))
    assert drops(engine) == {}
    assert "spans are exported again" in engine.process.err


def test_one_collector_s_trouble_is_not_another_s(world: World) -> None:
    ill, well = world.sink(), world.sink()
    engine, first = serving(world, ill)
    second = world.serve("uvicorn", "shop:app", env={**well.env, "OTEL_SERVICE_NAME": "well"}, attach=True)
    gate = ill.hold()
    assert load(first.port, 200).statuses == {200: 200}
    gate.wait_for_arrivals(1)
    assert load(second.port, 200).statuses == {200: 200}
    well.wait_for(200)
    assert ill.span_count == 0
    ill.heal()
    ill.wait_for(200)
    seen(engine, 400)


def test_a_client_certificate_that_expired_is_its_service_s_trouble_alone(world: World) -> None:
    """What its queue does not hold is counted; another service of the same engine notices nothing."""
    certificates = Certificates(world.folder)
    sink, well = world.sink(certificates=certificates, want_client=True), world.sink()
    tls = {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(certificates.ca), "OTEL_BSP_MAX_QUEUE_SIZE": "64"}
    expired = {
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": str(certificates.expired_client_certificate),
        "OTEL_EXPORTER_OTLP_CLIENT_KEY": str(certificates.expired_client_key),
    }
    engine, first = serving(world, sink, **tls, **expired)
    second = world.serve("uvicorn", "shop:app", env={**well.env, "OTEL_SERVICE_NAME": "well"}, attach=True)
    assert load(first.port, 300).statuses == {200: 300}
    seen(engine, 300)
    poll(lambda: sink.turned_away > 0 and "trying again" in engine.process.err, 30, engine.process.describe)
    assert load(second.port, 200).statuses == {200: 200}
    well.wait_for(200)
    poll(lambda: engine.total("spangard_requests_queued") + sum(drops(engine).values()) == 300, 20, lambda: engine.told("spangard_"))
    assert drops(engine).keys() == {"queue"}
    assert (sink.span_count, sink.requests) == (0, [])


def test_measurements_outlive_the_spans(world: World) -> None:
    """A queue of one, and nobody takes it: every request is measured all the same."""
    sink = world.sink()
    engine, server = serving(world, sink, OTEL_BSP_MAX_QUEUE_SIZE="1")
    sink.refuse()
    assert load(server.port, 500).statuses == {200: 500}
    seen(engine, 500)
    engine.wait_for_total("http_server_request_duration_seconds_count", 500)
    assert drops(engine).keys() == {"queue"}
    assert drops(engine)["queue"] > 400
    sink.listen()
    sink.wait_for_count("http.server.request.duration", 500, 40)


def test_series_beyond_the_limit_are_one_and_counted(world: World) -> None:
    sink = world.sink()
    engine, server = serving(world, sink, SPANGARD_METRIC_CARDINALITY_LIMIT="3")
    for path, requests in (("/items/7", 10), ("/", 20)):
        assert load(server.port, requests, path=path).answered == requests
    seen(engine, 30)
    assert engine.values("spangard_metric_overflow_measurements_total") == {}
    assert load(server.port, 40, path="/no/such/path").statuses == {404: 40}
    assert load(server.port, 50, path="/items/404").answered == 50
    engine.wait_for_total("spangard_metric_overflow_measurements_total", 90, instrument="http_server_request_duration_seconds")
    assert engine.total("http_server_request_duration_seconds_count") == 120
    assert engine.total("http_server_request_duration_seconds_count", otel_metric_overflow="true") == 90
    sink.wait_for_count("http.server.request.duration", 120)
    assert {p.count for p in sink.points("http.server.request.duration") if p.attributes.get("otel.metric.overflow")} == {90}
    poll(lambda: "has exceeded the maximum allowed cardinality" in engine.process.err, 20, engine.process.describe)


def test_what_the_wrong_protocol_refuses_is_counted(world: World) -> None:
    """gRPC to a port of HTTP/1.1: no fault that passes."""
    sink = world.sink()
    engine, server = serving(world, sink, OTEL_EXPORTER_OTLP_PROTOCOL="grpc", OTEL_EXPORTER_OTLP_TIMEOUT="2")
    assert load(server.port, 20).statuses == {200: 20}
    seen(engine, 20)
    poll(lambda: "spans are not exported" in engine.process.err, 30, engine.process.describe)
    assert engine.stop() == 0
    engine.restart()
    assert load(server.port, 1).statuses == {200: 1}
    seen(engine, 21)
    told = drops(engine)
    assert sum(told.values()) >= 20, told
    assert told.keys() <= {"export", "shutdown", "unconfirmed"}


def test_metrics_that_a_collector_does_not_take_are_told_as_spans_are(world: World) -> None:
    """Whose, where to, why, once; and when it is over. Not in the SDK's words, which say nothing of that."""
    sink = world.sink()
    engine, server = serving(world, sink, OTEL_METRIC_EXPORT_INTERVAL="200", OTEL_SERVICE_NAME="shop")
    sink.fail(404)
    assert load(server.port, 5).answered == 5
    title = f"shop, otlp to {sink.endpoint}/v1/metrics: metrics"
    poll(lambda: f"{title} are not exported: the collector answers 404" in engine.process.err, 30, engine.process.describe)
    sink.heal()
    poll(lambda: f"{title} are exported again" in engine.process.err, 30, engine.process.describe)
    assert engine.process.err.count(f"{title} are not exported") == 1
    assert "Failed to export" not in engine.process.err
    assert "Exporter failed" not in engine.process.err


class Elsewhere(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(404)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_what_no_collector_answers_is_dropped_at_once(world: World) -> None:
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        thread = Thread(target=elsewhere.serve_forever)
        thread.start()
        try:
            env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{elsewhere.server_port}", "OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRICS_EXPORTER": "none"}
            engine = world.engine()
            server = world.serve("uvicorn", "shop:app", env=env, attach=True)
            assert load(server.port, 100).statuses == {200: 100}
            poll(lambda: drops(engine) == {"export": 100}, 20, lambda: engine.told("spangard_"))
            assert engine.process.err.count("spans are not exported: the collector answers 404") == 1
            poll(lambda: "losing requests" in engine.process.err, 20, engine.process.describe)
        finally:
            elsewhere.shutdown()
            thread.join()


def test_the_end_says_what_it_could_not_export(world: World) -> None:
    sink = world.sink()
    engine, server = serving(world, sink)
    sink.fail(503)
    assert load(server.port, 300).statuses == {200: 300}
    seen(engine, 300)
    assert engine.stop() == 0
    said = re.search(r"at the end exported 0 spans, abandoned (\d+), (\d+) without an answer", engine.process.err)
    assert said, engine.process.describe()
    abandoned, unanswered = int(said[1]), int(said[2])
    assert abandoned + unanswered == 300
    sink.heal()
    engine.restart()
    assert load(server.port, 50).statuses == {200: 50}
    poll(lambda: engine.total("spangard_requests_exported_total") == 50, 20, lambda: engine.told("spangard_"))
    told = drops(engine)
    assert told.get("shutdown", 0) == abandoned
    # the last try may have been under way when the time was over
    assert told.keys() <= {"shutdown", "unconfirmed", "export"}
    assert sum(told.values()) == 300
    seen(engine, 350)
