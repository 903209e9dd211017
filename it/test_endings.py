# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What each server makes of the end of a response or a WebSocket, and that the telemetry says the same; docs/telemetry.md shows it as a table."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from kit.engine import Engine
from kit.http1 import get, head, read
from kit.traces import Trace
from kit.world import APPS, Server, World
from otlp_sink import Sink
from otlp_sink.model import ERROR, UNSET

DURATION = "http.server.request.duration"
SIZE = "http.server.response.body.size"
CLOSE = "spangard.websocket.close"


@dataclass(frozen=True)
class Ways:
    """Statuses of a WebSocket's handshake, None for none; the code of a close without one, and of a client that vanishes."""

    command: tuple[str, ...]
    raises: int = 500
    returns: int | None = 500
    denies: int | None = 429
    answers: int | None = 500
    codes: bool = True
    none: int | None = 1005
    vanished: int | None = 1005
    app: str = "endings:app"

    @property
    def attach(self) -> bool:
        return self.app == "endings:app"


SERVERS = {
    "uvicorn": Ways(("uvicorn",)),
    "uvicorn, websockets": Ways(("uvicorn", "--ws", "websockets"), vanished=1006),
    "uvicorn, wsproto": Ways(("uvicorn", "--ws", "wsproto")),
    "gunicorn, uvicorn-worker": Ways(("gunicorn", "-k", "uvicorn_worker.UvicornWorker")),
    "gunicorn, asgi": Ways(("gunicorn", "-k", "asgi"), 500, 403, 403, 403, vanished=1006),
    "hypercorn": Ways(("hypercorn",), codes=False, none=None, vanished=None),
    "hypercorn, by import": Ways(("hypercorn",), codes=False, none=None, vanished=None, app="endings:wrapped"),
    "daphne": Ways(("daphne",), 500, None, None, None, vanished=1006),
    "granian": Ways(("granian",), 403, 403, 429, 404),
    "granian, by import": Ways(("granian",), 403, 403, 429, 404, app="endings:wrapped"),
}


@pytest.fixture(scope="module")
def sink(shared: World) -> Sink:
    return shared.sink(one_per_trace=True)


@pytest.fixture(params=SERVERS, scope="module")
def served(request: pytest.FixtureRequest, shared: World, engine: Engine, sink: Sink):
    ways = SERVERS[request.param]
    kind, *flags = ways.command
    server = shared.serve(kind, ways.app, *flags, env=sink.env, attach=ways.attach)
    yield ways, server
    server.stop()


def handshake(server: Server, path: str, trace: Trace) -> int | None:
    """The status that the server answers; None if it closes the connection without one."""
    key = base64.b64encode(os.urandom(16)).decode()
    headers = [trace.header, ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", key), ("Sec-WebSocket-Version", "13")]
    with server.connect() as connection:
        connection.sendall(head(target=path, headers=headers))
        try:
            line = connection.makefile("rb").readline().split()
        except OSError:
            return None
    return int(line[1]) if line else None


@pytest.mark.parametrize("way", ["raises", "returns", "denies", "answers", "closes"])
def test_a_websocket_that_was_not_accepted_has_the_status_that_went_over_the_wire(served: tuple[Ways, Server], sink: Sink, way: str) -> None:
    ways, server = served
    trace = Trace()
    status = handshake(server, f"/{way}", trace)
    assert status == (403 if way == "closes" else getattr(ways, way))
    said = trace.span(sink)
    assert said.attributes.get("http.response.status_code") == status
    failed = way == "raises" or status in (500, None)
    assert said.status == (ERROR if failed else UNSET)
    body = {"denies": 5, "answers": 2}.get(way) if status in (429, 404) else None
    assert said.attributes.get("http.response.body.size") == body
    assert not [name for name in said.attributes if name.startswith("spangard.websocket")]


@pytest.mark.parametrize("path", ["/listens", "/echo"])
@pytest.mark.parametrize("code", [1000, 1001, 4001, None])
def test_a_websocket_that_its_client_closes_has_the_code_that_the_server_tells(served: tuple[Ways, Server], sink: Sink, path: str, code: int | None) -> None:
    ways, server = served
    trace = Trace()
    with connect(f"ws://127.0.0.1:{server.port}{path}", additional_headers=dict([trace.header]), open_timeout=20, compression=None) as socket:
        socket.send("heard")
        assert socket.recv(timeout=20) == "heard"
        if code is not None:
            socket.close(code, "bye")
        else:
            socket.protocol.send_close()
            for data in socket.protocol.data_to_send():
                socket.socket.sendall(data)
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=20)
    said = trace.span(sink)
    told = (code if ways.codes else None) if code is not None else ways.none
    assert said.attributes[f"{CLOSE}.by"] == "client"
    assert said.attributes.get(f"{CLOSE}.code") == told
    odd = told == 4001 and path == "/echo"
    assert (said.status, said.attributes.get("error.type")) == ((ERROR, "starlette.websockets.WebSocketDisconnect") if odd else (UNSET, None))
    assert len(said.events) == odd


def test_a_websocket_whose_client_vanishes_is_an_error_where_the_server_can_tell(served: tuple[Ways, Server], sink: Sink) -> None:
    ways, server = served
    trace = Trace()
    socket = connect(f"ws://127.0.0.1:{server.port}/echo", additional_headers=dict([trace.header]), open_timeout=20, compression=None, legacy=True)
    socket.send("heard")
    assert socket.recv(timeout=20) == "heard"
    socket.socket.shutdown(2)
    said = trace.span(sink)
    assert said.attributes.get(f"{CLOSE}.code") == ways.vanished
    error = "client_disconnected" if ways.vanished == 1006 else None
    assert (said.status, said.attributes.get("error.type")) == ((ERROR if error else UNSET), error)


def leave(server: Server, path: str, trace: Trace, size: int) -> None:
    """Asks, reads so many bytes of the body, and leaves."""
    with server.connect() as connection:
        connection.sendall(head(target=path, headers=[trace.header]))
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < size:
            part = connection.recv(65536)
            assert part, got
            got += part


def test_a_client_that_has_all_that_was_promised_did_not_leave(served: tuple[Ways, Server], sink: Sink) -> None:
    trace = Trace()
    leave(served[1], "/promised", trace, 20_000)
    said = trace.span(sink)
    assert (said.status, said.attributes.get("error.type")) == (UNSET, None)
    assert said.attributes["http.response.body.size"] == 20_000
    assert "spangard.client.disconnected" not in said.attributes


def test_a_client_that_leaves_an_event_stream_is_no_error(served: tuple[Ways, Server], sink: Sink) -> None:
    trace = Trace()
    leave(served[1], "/events", trace, 9)
    said = trace.span(sink)
    assert (said.status, said.attributes.get("error.type")) == (UNSET, None)
    assert said.attributes["spangard.client.disconnected"] is True


def test_a_client_that_leaves_any_other_response_is_an_error(served: tuple[Ways, Server], sink: Sink) -> None:
    trace = Trace()
    leave(served[1], "/unpromised", trace, 5000)
    said = trace.span(sink)
    assert (said.status, said.attributes.get("error.type")) == (ERROR, "client_disconnected")
    assert said.attributes["spangard.client.disconnected"] is True


@pytest.mark.parametrize(("method", "path", "size"), [("GET", "/", 300), ("HEAD", "/", 0), ("GET", "/empty", 0)])
def test_a_body_has_the_bytes_that_went_over_the_wire(served: tuple[Ways, Server], sink: Sink, method: str, path: str, size: int) -> None:
    trace = Trace()
    with served[1].connect() as connection:
        connection.sendall(head(method, path, [trace.header, ("Connection", "close")]))
        assert len(read(connection).body) == size
    assert trace.span(sink).attributes["http.response.body.size"] == size


def test_a_file_has_the_size_that_went_over_the_wire(served: tuple[Ways, Server], sink: Sink) -> None:
    """granian sends it by its path; its size is in the histogram, too, where nothing else of this test is as large."""
    trace = Trace()
    size = (APPS / "endings.py").stat().st_size
    assert len(get(served[1], "/file", trace.header).body) == size
    assert trace.span(sink).attributes["http.response.body.size"] == size


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn", "granian"])
def test_what_is_not_sampled_is_measured_alike(shared: World, engine: Engine, kind: str) -> None:
    sink = shared.sink()
    server = shared.serve(kind, "endings:app", env={**sink.env, "OTEL_TRACES_SAMPLER": "always_off"}, attach=True)
    with server.connect() as connection:
        connection.sendall(head("HEAD", "/", [("Connection", "close")]))
        assert not read(connection).body
    leave(server, "/promised", Trace(), 20_000)
    leave(server, "/events", Trace(), 9)
    size = (APPS / "endings.py").stat().st_size
    assert len(get(server, "/file").body) == size
    leave(server, "/unpromised", Trace(), 5000)
    sink.wait_for_count(DURATION, 5, 40)
    assert sum(point.sum for point in sink.points(SIZE)) == 20_000 + 9 + size + 5000
    assert sum(point.count for point in sink.points(DURATION) if "error.type" in point.attributes) == 1
