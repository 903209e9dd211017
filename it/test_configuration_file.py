# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""OTEL_CONFIG_FILE decides in the recorder and in the engine, under attach and with the application wrapped in its code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kit.engine import Engine
from kit.http1 import get
from kit.traces import Trace
from kit.world import World

FILE = """
file_format: "1.0"
resource:
  attributes:
    - {{name: service.name, value: from-the-file}}
propagator:
  composite: [{{tracecontext: }}, {{b3: }}]
tracer_provider:
  processors:
    - batch:
        schedule_delay: 50
        exporter: {{otlp_http: {{endpoint: "{endpoint}/v1/traces", headers: [{{name: x-key, value: "${{KEY:-none}}"}}]}}}}
  sampler: {{parent_based: {{root: {{always_off: }}}}}}
meter_provider:
  readers:
    - periodic: {{interval: 200, exporter: {{otlp_http: {{endpoint: "{endpoint}/v1/metrics"}}}}}}
instrumentation/development:
  general: {{http: {{server: {{request_captured_headers: [x-shop]}}}}}}
"""


@pytest.mark.parametrize("attach", [True, False])
def test_the_file_is_the_configuration(shared: World, engine: Engine, tmp_path: Path, attach: bool) -> None:
    sink = shared.sink(one_per_trace=True)
    (tmp_path / "otel.yaml").write_text(FILE.format(endpoint=sink.endpoint))
    # What the environment says beside it does not count
    env = {"OTEL_CONFIG_FILE": str(tmp_path / "otel.yaml"), "OTEL_TRACES_SAMPLER": "always_on", "OTEL_TRACES_EXPORTER": "console", "KEY": "k"}
    server = shared.serve("uvicorn", "shop:app" if attach else "wrapped_shop:app", env=env, attach=attach)
    assert get(server, "/items/1").status == 200
    trace = Trace()
    assert get(server, "/items/2", ("b3", f"{trace.trace_id}-{trace.span_id}-1"), ("x-shop", "corner"), ("x-other", "no")).status == 200
    span = trace.span(sink)
    assert span.resource["service.name"] == "from-the-file"
    assert span.attributes["http.request.header.x-shop"] == ["corner"]
    assert "http.request.header.x-other" not in span.attributes
    server.stop()
    sink.wait_for_count("http.server.request.duration", 2)
    assert sink.span_count == 1, "the other one had no parent, and of those none is kept"


def test_a_file_that_is_none_ends_attach_and_is_a_warning_in_the_recorder(shared: World, engine: Engine, tmp_path: Path) -> None:
    sink = shared.sink(one_per_trace=True)
    file = tmp_path / "otel.yaml"
    file.write_text("file_format: [")
    env = {**sink.env, "OTEL_CONFIG_FILE": str(file)}

    process = shared.run([sys.executable, "-m", "spangard", "attach", "--", "true"], env=env)
    assert process.wait() == 3
    assert process.err.splitlines() == [f"spangard: OTEL_CONFIG_FILE={file} is not YAML: line 1"]
    server = shared.serve("uvicorn", "wrapped_shop:app", env=env)
    trace = Trace()
    assert get(server, "/items/2", trace.header).status == 200
    assert trace.span(sink).name == "GET /items/{item_id}"
    assert server.process.err.count(f"spangard: OTEL_CONFIG_FILE={file} is not YAML: line 1; the environment is used") == 1
