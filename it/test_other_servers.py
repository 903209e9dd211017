# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Servers and event loops beside uvicorn with uvloop: hypercorn on asyncio, uvloop and trio; granian; uvicorn on plain asyncio and a Unix socket."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from websockets.sync.client import connect

from kit.engine import Engine
from kit.http1 import get
from kit.load import load
from kit.traces import Trace
from kit.world import World
from otlp_sink.model import SERVER


@pytest.mark.parametrize("loop", ["asyncio", "uvloop", "trio"])
@pytest.mark.parametrize("app", ["hello:app", "shop:app"])
def test_records_under_hypercorn(shared: World, engine: Engine, loop: str, app: str) -> None:
    sink = shared.sink(one_per_trace=True)
    server = shared.serve("hypercorn", app, "-k", loop, env=sink.env, attach=True)
    traces = [Trace() for _ in range(20)]
    for n, trace in enumerate(traces):
        assert get(server, f"/items/{n}", trace.header).status == 200
    name = "GET" if app == "hello:app" else "GET /items/{item_id}"
    for trace in traces:
        span = trace.span(sink)
        assert (span.name, span.kind, span.attributes["http.response.status_code"]) == (name, SERVER, 200)
    server.stop()
    assert "Traceback" not in server.process.err, server.process.err
    shared.recorded_exactly(sink, 20)


@pytest.mark.parametrize("flags", [(), ("--interface", "asginl")])
def test_records_under_granian(shared: World, engine: Engine, flags: tuple[str, ...]) -> None:
    sink = shared.sink(one_per_trace=True)
    server = shared.serve("granian", "shop:app", *flags, env=sink.env, attach=True)
    traces = [Trace() for _ in range(20)]
    for n, trace in enumerate(traces):
        assert get(server, f"/items/{n}", trace.header).status == 200
    for trace in traces:
        span = trace.span(sink)
        assert (span.name, span.kind, span.attributes["http.response.status_code"]) == ("GET /items/{item_id}", SERVER, 200)
    trace = Trace()
    with connect(f"ws://127.0.0.1:{server.port}/rooms/blue", additional_headers=dict([trace.header]), open_timeout=20) as socket:
        socket.send("hello")
        assert socket.recv(timeout=20) == "hello"
    span = trace.span(sink)
    assert (span.name, span.attributes["http.response.status_code"]) == ("GET /rooms/{room}", 101)
    assert server.stop() == 0
    assert "Traceback" not in server.process.err, server.process.err
    shared.recorded_exactly(sink, 21)


def test_records_all_workers_of_granian_as_one_service(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("granian", "shop:app", "--workers", "2", env=sink.env, attach=True)
    assert load(server.port, 4_000).statuses == {200: 4_000}
    server.stop()
    shared.recorded_exactly(sink, 4_000)
    assert len({repr(sorted(span.resource.items())) for span in sink.spans()}) == 1


@pytest.mark.parametrize("kind", ["uvicorn", "granian"])
def test_names_routes_of_a_framework_that_leaves_none_in_the_scope(shared: World, engine: Engine, kind: str) -> None:
    sink = shared.sink(one_per_trace=True)
    server = shared.serve(kind, "django_site:application", env=sink.env, attach=True, cwd=Path(__file__).parent / "frameworks")
    trace = Trace()
    assert get(server, "/items/7/", trace.header).status == 200
    assert trace.span(sink).name == "GET /items/<int:pk>/"


@pytest.mark.parametrize("flags", [("--loop", "asyncio", "--http", "h11"), ("--loop", "uvloop", "--http", "httptools"), ("--lifespan", "off")])
def test_records_under_each_loop_and_parser_of_uvicorn(shared: World, engine: Engine, flags: tuple[str, ...]) -> None:
    sink = shared.sink()
    server = shared.serve("uvicorn", "hello:app", *flags, env=sink.env, attach=True)
    assert load(server.port, 2_000).statuses == {200: 2_000}
    server.stop()
    shared.recorded_exactly(sink, 2_000)


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn"])
def test_records_a_server_on_a_unix_socket(shared: World, engine: Engine, kind: str) -> None:
    sink = shared.sink(one_per_trace=True)
    server = shared.serve(kind, "shop:app", env=sink.env, attach=True, uds=True)
    trace = Trace()
    assert get(server, "/items/3", trace.header).status == 200
    said = trace.span(sink).attributes
    assert said["server.address"] == "shop.test"
    assert not {"network.peer.port", "client.port"} & said.keys()
    assert "None" not in repr(sorted(said.items()))


def test_flushes_at_the_end_of_a_short_life(shared: World, engine: Engine) -> None:
    """Five requests and SIGTERM at once: the last of them are written before the process ends."""
    sink = shared.sink()
    for round_ in range(1, 4):
        server = shared.serve("uvicorn", "shop:app", env=sink.env, attach=True)
        for n in range(5):
            get(server, f"/items/{n}")
        server.stop()
        sink.wait_for(5 * round_)
    assert Counter(s.name for s in sink.spans()) == {"GET /items/{item_id}": 15}
