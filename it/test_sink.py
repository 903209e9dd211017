# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The sink against the exporters of opentelemetry-sdk, so that what it says about ours can be believed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult

from otlp_sink import Certificates, Sink


@pytest.fixture
def span() -> Iterator[ReadableSpan]:
    provider = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
    with provider.get_tracer("tester").start_as_current_span("GET /", kind=trace.SpanKind.SERVER, attributes={"n": 1, "list": ["a"]}) as span:
        span.add_event("packed", {"boxes": 2})
    yield span
    provider.shutdown()


def post(sink: Sink, span: ReadableSpan, timeout: float = 10) -> SpanExportResult:
    exporter = HttpExporter(f"{sink.endpoint}/v1/traces", headers={"key": "a b"}, compression=Compression.Gzip, timeout=timeout)
    try:
        return exporter.export([span])
    finally:
        exporter.shutdown()


def test_decodes_what_came_by_http_with_gzip(span: ReadableSpan) -> None:
    with Sink() as sink:
        assert post(sink, span) is SpanExportResult.SUCCESS
        [got] = sink.wait_for(1)
        [request] = sink.requests
    assert (got.name, got.kind, got.resource["service.name"], got.scope) == ("GET /", 2, "shop", "tester")
    assert got.attributes == {"n": 1, "list": ["a"]}
    assert got.event("packed").attributes == {"boxes": 2}
    assert (got.trace_id, got.span_id) == (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}")
    assert request.headers["content-encoding"] == "gzip"
    assert request.headers["key"] == "a b"


def test_decodes_what_came_by_grpc_with_a_client_certificate(span: ReadableSpan, tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    credentials = grpc.ssl_channel_credentials(certificates.ca.read_bytes(), certificates.client_key.read_bytes(), certificates.client_certificate.read_bytes())
    with Sink("grpc", certificates, want_client=True) as sink:
        exporter = GrpcExporter(sink.endpoint, credentials=credentials)
        assert exporter.export([span]) is SpanExportResult.SUCCESS
        exporter.shutdown()
        [got] = sink.spans()
        [request] = sink.requests
    assert got.name == "GET /"
    assert request.peer_certificate


def test_refuses_a_peer_without_the_client_certificate(span: ReadableSpan, tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    with Sink(certificates=certificates, want_client=True) as sink:
        exporter = HttpExporter(f"{sink.endpoint}/v1/traces", certificate_file=str(certificates.ca), timeout=1)
        assert exporter.export([span]) is SpanExportResult.FAILURE
        exporter.shutdown()
        assert sink.spans() == []
        assert sink.turned_away > 0


def test_holds_requests_at_a_gate(span: ReadableSpan) -> None:
    with Sink() as sink:
        gate = sink.hold()
        exporting = threading.Thread(target=post, args=(sink, span))
        exporting.start()
        gate.wait_for_arrivals(1)
        assert sink.span_count == 0
        sink.heal()
        sink.wait_for(1)
        exporting.join()


def test_fails_refuses_and_heals(span: ReadableSpan) -> None:
    with Sink() as sink:
        sink.fail(400)
        assert post(sink, span) is SpanExportResult.FAILURE
        sink.heal()
        sink.refuse()
        assert post(sink, span, timeout=0.5) is SpanExportResult.FAILURE
        sink.listen()
        assert post(sink, span) is SpanExportResult.SUCCESS
        assert sink.span_count == 1


def test_keeps_the_newest_point_of_each_series() -> None:
    with Sink() as sink:
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{sink.endpoint}/v1/metrics"), export_interval_millis=3_600_000)
        provider = MeterProvider([reader], shutdown_on_exit=False)
        duration = provider.get_meter("tester").create_histogram("duration", "s", explicit_bucket_boundaries_advisory=[1, 2])
        for n in range(3):
            duration.record(1.5, {"route": "/"})
            duration.record(n, {"route": "/n"})
            provider.force_flush()
        provider.shutdown()
        assert sink.count("duration") == 6
        [root] = [p for p in sink.points("duration") if p.attributes["route"] == "/"]
    assert (root.count, root.sum, root.bounds, root.buckets) == (3, 4.5, (1, 2), (0, 3, 0))


def test_notes_what_does_not_decode() -> None:
    with Sink() as sink:
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=10)
        connection.request("POST", "/v1/traces", b"\xff\xff", {"content-type": "application/x-protobuf"})
        assert connection.getresponse().status == 400
        connection.close()
        assert len(sink.errors) == 1
