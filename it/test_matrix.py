# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Every framework under every server, one server process each; docs/telemetry.md shows what runs here as a table."""

from __future__ import annotations

import re
from http.client import HTTPConnection
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

from kit.engine import Engine
from kit.matrix import FRAMEWORKS, SERVERS, Framework, lacks, table
from kit.traces import Trace
from kit.world import APPS, Server, World
from otlp_sink import Sink
from otlp_sink.model import ERROR, SERVER, UNSET

DOCUMENT = Path(__file__).parent.parent / "docs" / "telemetry.md"


@pytest.fixture(scope="module")
def sink(shared: World) -> Sink:
    """One for all cells: they are told apart by their traces."""
    return shared.sink(one_per_trace=True)


def ask(server: Server, path: str) -> tuple[Trace, int, str]:
    """One request. Reads its response and no further: a server may keep the connection until the background work is done."""
    trace = Trace()
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request("GET", path, headers=dict([trace.header]))
        response = connection.getresponse()
        return trace, response.status, response.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_records(shared: World, engine: Engine, sink: Sink, framework: str, server: str) -> None:
    has = FRAMEWORKS[framework]
    kind, *flags = SERVERS[server]
    running = shared.serve(kind, f"{has.module}:app", *flags, env=sink.env, attach=True, cwd=APPS / "matrix")
    expected = [CHECKS[letter](running, has) for letter in CHECKS if letter not in lacks(framework, server)]
    for check in expected:
        check(sink)
    running.stop()


def route(server: Server, has: Framework):
    trace, status, body = ask(server, "/items/7")
    assert (status, body) == (200, trace.trace_id), "an asynchronous view sees the current span, too"

    def check(sink: Sink) -> None:
        span = trace.span(sink)
        assert (span.name, span.kind, span.status) == (f"GET {has.item}" if has.item else "GET", SERVER, UNSET)
        assert span.attributes.get("http.route") == has.item
        assert span.attributes["http.response.status_code"] == 200

    return check


def websocket(server: Server, has: Framework):
    trace = Trace()
    with connect(f"ws://127.0.0.1:{server.port}/rooms/blue", additional_headers=dict([trace.header]), open_timeout=20, compression=None) as socket:
        socket.send("hello")
        assert socket.recv(timeout=20) == "hello"
        with pytest.raises(ConnectionClosedOK):  # the application closes: a client that left now would be another case
            socket.recv(timeout=20)

    def check(sink: Sink) -> None:
        span = trace.span(sink)
        assert (span.name, span.kind, span.status) == (f"GET {has.room}" if has.room else "GET", SERVER, UNSET)
        said = span.attributes
        assert (said["http.response.status_code"], said["network.protocol.name"]) == (101, "websocket")
        assert (said["spangard.websocket.messages.received"], said["spangard.websocket.messages.sent"]) == (1, 1)

    return check


def exception(server: Server, has: Framework):
    trace, status, _ = ask(server, "/fail")
    assert status == 500

    def check(sink: Sink) -> None:
        span = trace.span(sink)
        assert (span.status, span.attributes["http.response.status_code"], span.attributes["error.type"]) == (ERROR, 500, "RuntimeError")
        assert span.event("exception").attributes["exception.message"] == "no"

    return check


def stream(server: Server, has: Framework):
    trace, status, body = ask(server, "/stream")
    assert (status, body) == (200, "one,two,three")

    def check(sink: Sink) -> None:
        span = trace.span(sink)
        assert span.attributes["http.response.body.size"] == len("one,two,three")
        assert span.attributes["spangard.response.chunks"] in (3, 4), "some frameworks end with an empty one"

    return check


def background(server: Server, has: Framework):
    """The work goes on until the second request has come: were it in the first one's time, the two would overlap."""
    trace, status, _ = ask(server, "/background")
    release, released, seen = ask(server, "/release")
    assert (status, released, seen) == (200, 200, trace.trace_id)

    def check(sink: Sink) -> None:
        assert trace.span(sink).end_ns < release.span(sink).start_ns

    return check


def sync_view(server: Server, has: Framework):
    trace, status, body = ask(server, "/sync/7")
    assert (status, body) == (200, trace.trace_id)
    return trace.span


CHECKS = {"R": route, "W": websocket, "E": exception, "S": stream, "B": background, "C": sync_view}


def test_the_documentation_has_the_table_of_what_runs_here() -> None:
    shown = re.search(r"## Frameworks and servers\n\n(.*?)\n\n## ", DOCUMENT.read_text(), re.DOTALL)
    assert shown is not None
    assert table() in shown[1], f"docs/telemetry.md should have\n{table()}"
