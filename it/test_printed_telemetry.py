# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Telemetry on the application's own output: JSON as Python prints it, or a line a request on a terminal."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from opentelemetry import trace as api
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from kit.engine import Engine
from kit.http1 import get
from kit.process import poll
from kit.traces import Trace
from kit.world import World


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
