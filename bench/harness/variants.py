# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What may be wrapped around an application: nothing, the upstream package, or spangard.

The upstream package reads ``OTEL_SEMCONV_STABILITY_OPT_IN`` once a process and spangard reads its settings from the environment of
its process, so every variant runs in a process of its own, with `ENVIRONMENT` added to its environment.
"""

from __future__ import annotations

import functools
import os
from typing import Any, Callable

EXCLUDED = ["receive", "send"]
ONE_PERCENT = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}

ENVIRONMENT: dict[str, dict[str, str]] = {
    "bare": {},
    "upstream": {},
    "upstream-stable": {"OTEL_SEMCONV_STABILITY_OPT_IN": "http"},
    "upstream-excluded": {},
    "upstream-1%": ONE_PERCENT,
    "spangard": {},
    "spangard-excluded": {},
    "spangard-1%": ONE_PERCENT,
    "spangard-headers": {f"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_{end}": ".*" for end in ("REQUEST", "RESPONSE")},
    "spangard-upstream": {"SPANGARD_PROFILE": "upstream"},
}

MEANING = {
    "bare": "the application alone",
    "upstream": "opentelemetry-instrumentation-asgi, SDK, all defaults",
    "upstream-stable": "the same with OTEL_SEMCONV_STABILITY_OPT_IN=http",
    "upstream-excluded": 'the same as upstream with exclude_spans=["receive", "send"]',
    "upstream-1%": "the same as upstream with parentbased_traceidratio 0.01",
    "spangard": "spangard's recorder, all defaults: every event noted, OpenTelemetry context set",
    "spangard-excluded": 'the same with exclude_spans=["receive", "send"]',
    "spangard-1%": "the same as spangard with parentbased_traceidratio 0.01",
    "spangard-headers": "the same as spangard with all headers captured, of requests and responses",
    "spangard-upstream": "spangard's recorder in the upstream profile: a child span per message",
}


OURS = ("spangard", "before")
"""What the names of our variants begin with; ``before`` is that of an older revision (``against.py``)."""


def slow_down(times: int) -> None:
    """Makes the recorder's intervals as much longer, for a process that valgrind runs."""
    from spangard import _buffer

    for name in ("TICK_S", "FLUSH_INTERVAL_S", "SLOW_TICK_S", "OPEN_AFTER_S", "LATE_S"):
        if hasattr(_buffer, name):  # not each revision has all
            setattr(_buffer, name, times * getattr(_buffer, name))


def wrap(variant: str, app: Any, *, export: bool) -> Any:
    """The application as `variant` has it.

    :param export: upstream sends to the OTLP endpoint of the environment; otherwise its exporters succeed at once, in the process, so
        that instrumentation and SDK are all that is counted for it.
    """
    if variant == "bare":
        return app
    options = {"exclude_spans": EXCLUDED} if variant.endswith("-excluded") else {}
    if variant.startswith(OURS):
        from spangard import OpenTelemetryMiddleware as Recorder

        slow_down(int(os.environ.get("BENCH_SLOWER", "1")))
        return Recorder(app, **options)
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

    tracers, meters = _sdk(export)
    # Given, not set globally: nothing else in the process may record.
    return OpenTelemetryMiddleware(app, tracer_provider=tracers, meter_provider=meters, **options)


def settler(variant: str) -> Callable[[], object]:
    """What has upstream export what it holds, to be called in the time measured: a span that does not fit its queue costs it nothing."""
    return _sdk(False)[0].force_flush if variant.startswith("upstream") else lambda: None


@functools.cache
def _sdk(export: bool) -> tuple[Any, Any]:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Accepts(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    reader: Any
    exporter: Any
    if export:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter, reader = OTLPSpanExporter(), PeriodicExportingMetricReader(OTLPMetricExporter())
    else:
        exporter, reader = Accepts(), InMemoryMetricReader()
    resource = Resource.create({"service.name": "bench"})
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(exporter))
    return tracers, MeterProvider(metric_readers=[reader], resource=resource)
