# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What lasts longer than one message: WebSockets, streams, uploads, and clients that leave in the middle."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from kit.engine import Engine
from kit.http1 import get, head, read, send
from kit.traces import Trace
from kit.world import Server, World
from otlp_sink import Sink, Span
from otlp_sink.model import ERROR, SERVER, UNSET

ACTIVE = "http.server.active_requests"
DURATION = "http.server.request.duration"


class Shop:
    def __init__(self, server: Server, sink: Sink) -> None:
        self.server = server
        self.sink = sink

    def open(self, path: str, trace: Trace) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.server.port}{path}", additional_headers=dict([trace.header]), open_timeout=20, legacy=True)


@pytest.fixture(scope="module")
def shop(shared: World, engine: Engine) -> Shop:
    sink = shared.sink(one_per_trace=True)
    return Shop(shared.serve("uvicorn", "shop:app", env=sink.env, attach=True), sink)


WEBSOCKET = "spangard.websocket"


def room(span: Span) -> None:
    assert span.kind == SERVER
    assert span.attributes["http.route"] == "/rooms/{room}"
    assert span.name == "GET /rooms/{room}"
    assert span.attributes["url.scheme"] == "ws"


def test_records_a_websocket_as_one_span(shop: Shop) -> None:
    trace = Trace()
    with shop.open("/rooms/blue", trace) as socket:
        for n in range(20):
            socket.send(f"héllo {n}")
            assert socket.recv(timeout=20) == f"héllo {n}"
    span = trace.span(shop.sink)
    room(span)
    assert span.status == UNSET
    assert span.attributes["http.response.status_code"] == 101
    assert "error.type" not in span.attributes
    size = sum(len(f"héllo {n}".encode()) for n in range(20))
    for direction in ("received", "sent"):
        assert span.attributes[f"{WEBSOCKET}.bytes.{direction}"] == size
        assert span.attributes[f"{WEBSOCKET}.messages.{direction}"] == 20
    assert closed(span) == (1000, "client")
    assert span.attributes["network.protocol.name"] == "websocket"


def closed(span: Span) -> tuple[object, object]:
    return span.attributes[f"{WEBSOCKET}.close.code"], span.attributes[f"{WEBSOCKET}.close.by"]


def test_records_the_close_code_of_the_application(shop: Shop) -> None:
    trace = Trace()
    with shop.open("/rooms/blue", trace) as socket:
        socket.send("close")
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(timeout=20)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 4001
    span = trace.span(shop.sink)
    room(span)
    assert closed(span) == (4001, "application")


def test_records_an_exception_in_a_websocket(shop: Shop) -> None:
    trace = Trace()
    with shop.open("/rooms/blue", trace) as socket:
        socket.send("raise")
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=20)
    span = trace.span(shop.sink)
    room(span)
    assert (span.status, span.attributes["error.type"]) == (ERROR, "RuntimeError")
    assert span.event("exception").attributes["exception.message"] == "websocket boom"


def test_records_a_client_that_vanishes_from_a_websocket(shop: Shop) -> None:
    trace = Trace()
    socket = shop.open("/rooms/blue", trace)
    socket.send("x")
    assert socket.recv(timeout=20) == "x"
    socket.socket.shutdown(2)
    span = trace.span(shop.sink)
    room(span)
    # uvicorn says 1005 of a connection that is lost after the handshake, and only the server can know
    assert closed(span) == (1005, "client")


def test_records_a_denied_handshake(shop: Shop) -> None:
    trace = Trace()
    with pytest.raises(InvalidStatus) as refused:
        shop.open("/denied", trace)
    assert refused.value.response.status_code == 403
    span = trace.span(shop.sink)
    assert span.attributes["http.response.status_code"] == 403
    assert span.status == UNSET


def test_counts_a_running_request_as_active(shop: Shop) -> None:
    trace = Trace()
    with shop.server.connect() as connection:
        connection.sendall(head(target="/endless", headers=[trace.header]))
        assert connection.recv(1000)
        shop.sink.wait_until(lambda: 1 in {p.value for p in shop.sink.points(ACTIVE)}, what="active request")
    span = trace.span(shop.sink)
    assert span.name == "GET /endless"
    shop.sink.wait_until(lambda: {p.value for p in shop.sink.points(ACTIVE)} == {0}, what="none active")


def test_says_that_the_client_left_in_the_middle(shop: Shop) -> None:
    trace = Trace()
    with shop.server.connect() as connection:
        connection.sendall(head(target="/endless", headers=[trace.header]))
        assert connection.recv(1000)
    span = trace.span(shop.sink)
    assert span.status == ERROR
    assert span.attributes["error.type"]
    assert span.attributes["http.response.status_code"] == 200


def test_counts_the_bytes_of_a_stream(shop: Shop) -> None:
    trace = Trace()
    reply = get(shop.server, "/stream/20", trace.header)
    assert reply.body == b"".join(b"%03d\n" % n for n in range(20))
    span = trace.span(shop.sink)
    assert span.attributes["http.response.body.size"] == 80
    assert span.status == UNSET


def test_counts_the_bytes_of_an_upload(shop: Shop) -> None:
    trace = Trace()
    body = b"u" * 3_000_000
    reply = send(shop.server, head("PUT", "/items/3", [trace.header, ("Content-Length", str(len(body)))]) + body)
    assert json.loads(reply.body) == {"id": 3, "bytes": len(body)}
    span = trace.span(shop.sink)
    assert span.attributes["http.request.body.size"] == len(body)
    assert span.attributes["http.request.method"] == "PUT"


def test_says_that_the_client_left_in_an_upload(shop: Shop) -> None:
    trace = Trace()
    with shop.server.connect() as connection:
        connection.sendall(head("PUT", "/items/3", [trace.header, ("Content-Length", "1000")]) + b"half")
        # the application has the request once it asked for the body; then we leave
        connection.shutdown(1)
        read(connection)
    span = trace.span(shop.sink)
    assert span.attributes["http.request.method"] == "PUT"
    assert span.status == ERROR or span.attributes.get("http.response.status_code") == 400


def test_sends_parts_ahead_of_a_long_websocket(shop: Shop) -> None:
    """Events of a long exchange travel in parts; bytes and close code are exact all the same."""
    trace = Trace()
    with shop.open("/rooms/long", trace) as socket:
        for _ in range(1_500):
            socket.send("0123456789")
            socket.recv(timeout=20)
    span = trace.span(shop.sink)
    for direction in ("received", "sent"):
        assert span.attributes[f"{WEBSOCKET}.bytes.{direction}"] == 15_000
        assert span.attributes[f"{WEBSOCKET}.messages.{direction}"] == 1_500
    assert closed(span) == (1000, "client")


def test_websockets_are_measured_apart_from_requests(shop: Shop) -> None:
    sink = shop.sink
    accepted = sink.wait_until(lambda: sink.points(f"{WEBSOCKET}.duration"))
    assert {p.attributes["http.response.status_code"] for p in accepted} == {101}
    denied = sink.wait_until(lambda: [p for p in sink.points(DURATION) if p.attributes["url.scheme"] == "ws"])
    assert 403 in {p.attributes["http.response.status_code"] for p in denied}
    assert 101 not in {p.attributes["http.response.status_code"] for p in denied}
    for metric in ("messages", "io"):
        directions = {p.attributes["network.io.direction"] for p in sink.points(f"{WEBSOCKET}.{metric}")}
        assert directions == {"receive", "transmit"}
