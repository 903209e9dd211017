# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""One mode: every scenario through both middlewares, and what each exported, normalised."""

from __future__ import annotations

import base64
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from kit.process import Process, poll
from kit.world import World
from otlp_sink import Sink, Span, decode
from otlp_sink.model import Point

from . import normal
from .differences import expected
from .exported import Exported

IT = Path(__file__).parent.parent
SECONDS = 300
SETTLE_SECONDS = 30.0
EXPORT_MS = "3000"
"""Seldom, since so many services export at once."""


def run(mode: str) -> tuple[dict[str, Exported], dict[str, Exported]]:
    """Upstream's and ours, each by scenario, for a value of OTEL_SEMCONV_STABILITY_OPT_IN."""
    world = World()
    try:
        sink = world.sink()
        engine = world.engine()
        opt_in = {"OTEL_SEMCONV_STABILITY_OPT_IN": mode} if mode else {}
        ours = {**sink.env, "OTEL_METRIC_EXPORT_INTERVAL": EXPORT_MS, "SPANGARD_PROFILE": "upstream"}
        started = [_start(world, "ours", opt_in | ours), _start(world, "upstream", opt_in)]
        for process, _ in started:
            assert process.wait(SECONDS) == 0, process.describe()
        from_ours, from_upstream = (_files(folder) for _, folder in started)
        upstream = {name: _upstream(wrote) for name, wrote in from_upstream.items()}
        _settle(sink, upstream)
        engine.stop()
        sent = _by_service(sink)
        return upstream, {name: _ours(wrote, *sent.get(name, ([], []))) for name, wrote in from_ours.items()}
    finally:
        world.close()


def _settle(sink: Sink, upstream: dict[str, Exported]) -> None:
    """Until the sink has what ours is to export, or for a while: what is missing then is for the tests to say."""
    wanted = {name: expected(name, upstream)[0].counts for name in upstream}

    def settled() -> bool:
        got: dict[str, Counter[str]] = {name: Counter() for name in upstream}
        for name, (spans, points) in _by_service(sink).items():
            got[name]["spans"] = len(spans)
            for point in points:
                got[name][point.name] += point.count
        return all(got[name][what] >= count for name, counts in wanted.items() for what, count in counts.items())

    try:
        poll(settled, SETTLE_SECONDS, str)
    except AssertionError:
        pass


def _start(world: World, kind: str, env: dict[str, str]) -> tuple[Process, Path]:
    folder = world.folder / kind
    folder.mkdir()
    command = [sys.executable, "-m", "parity.child", kind, str(folder)]
    return world.run(command, kind, {**env, "PYTHONPATH": str(IT), "OTEL_SERVICE_NAME": kind}, cwd=IT), folder


def _files(folder: Path) -> dict[str, dict[str, Any]]:
    return {file.stem: json.loads(file.read_text()) for file in folder.iterdir()}


def _by_service(sink: Sink) -> dict[str, tuple[list[Span], list[Point]]]:
    result: dict[str, tuple[list[Span], list[Point]]] = {}
    for span in sink.spans():
        result.setdefault(_scenario(span), ([], []))[0].append(span)
    for point in sink.points():
        if point.name.startswith(normal.OF_THE_SDK) or point.scope == "spangard.engine":
            continue
        result.setdefault(_scenario(point), ([], []))[1].append(point)
    return result


def _scenario(item: Span | Point) -> str:
    return str(item.resource["service.name"]).split()[1]


def _own_spans(wrote: dict[str, Any]) -> list[Span]:
    return list(decode.spans(ExportTraceServiceRequest.FromString(base64.b64decode(wrote["spans"]))))


def _upstream(wrote: dict[str, Any]) -> Exported:
    points = decode.points(ExportMetricsServiceRequest.FromString(base64.b64decode(wrote["metrics"])))
    return _exported(wrote, _own_spans(wrote), points)


def _ours(wrote: dict[str, Any], spans: list[Span], points: list[Point]) -> Exported:
    return _exported(wrote, _own_spans(wrote) + spans, points)


def _exported(wrote: dict[str, Any], spans: list[Span], points: Iterable[Point]) -> Exported:
    calls = [{"sent": normal.without_ids(call["sent"], spans), "raised": call["raised"], "bytes": call["bytes"]} for call in wrote["calls"]]
    return Exported(calls, normal.without_ids(wrote["notes"], spans), normal.spans(spans), normal.metrics(points, spans))
