# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Servers and event loops beside uvicorn with uvloop: hypercorn on asyncio, uvloop, trio and with HTTP/2; granian; plain asyncio; a Unix socket."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from pathlib import Path

import httpx
import pytest
import trustme
from websockets.sync.client import connect

from kit.engine import Engine
from kit.http1 import get
from kit.load import load
from kit.process import poll
from kit.traces import Trace
from kit.world import Server, World
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
    shared.recorded_exactly(sink, 20, websockets=1)


def test_records_all_workers_of_granian_as_one_service(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("granian", "shop:app", "--workers", "2", env=sink.env, attach=True)
    assert load(server.port, 4_000).statuses == {200: 4_000}
    server.stop()
    shared.recorded_exactly(sink, 4_000)
    assert len({repr(sorted(span.resource.items())) for span in sink.spans()}) == 1


@pytest.mark.parametrize("secure", [False, True])
def test_records_http_2_under_hypercorn(shared: World, engine: Engine, tmp_path: Path, secure: bool) -> None:
    """In plain text by prior knowledge, or over TLS by ALPN; streams of one connection at a time."""
    sink = shared.sink(one_per_trace=True)
    flags, verify = (), True
    if secure:
        authority = trustme.CA()
        files = [str(tmp_path / name) for name in ("certificate.pem", "key.pem", "authority.pem")]
        issued = authority.issue_cert("127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(files[0])
        issued.private_key_pem.write_to_path(files[1])
        flags = ("--certfile", files[0], "--keyfile", files[1])
        verify = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    server = shared.serve("hypercorn", "shop:app", *flags, env=sink.env, attach=True)
    scheme = "https" if secure else "http"
    traces = [Trace() for _ in range(20)]

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=f"{scheme}://127.0.0.1:{server.port}", http1=False, http2=True, verify=verify, timeout=20) as client:
            return await asyncio.gather(*(client.get(f"/stream/{n + 1}", headers=[trace.header]) for n, trace in enumerate(traces)))

    replies = asyncio.run(ask())
    assert {(reply.status_code, reply.http_version) for reply in replies} == {(200, "HTTP/2")}
    for n, trace in enumerate(traces):
        span = trace.span(sink)
        said = span.attributes
        assert (span.name, said["network.protocol.version"], said["url.scheme"]) == ("GET /stream/{chunks}", "2", scheme)
        assert (said["http.response.body.size"], said["server.port"]) == (4 * (n + 1), server.port)
    assert len({trace.span(sink).attributes["network.peer.port"] for trace in traces}) == 1, "one connection"
    server.stop()
    shared.recorded_exactly(sink, 20)


def test_keeps_counting_when_gunicorn_replaces_workers_of_its_own(shared: World, engine: Engine) -> None:
    sink = shared.sink()
    server = shared.serve("gunicorn", "shop:app", "-w", "1", "-k", "asgi", "--max-requests", "50", env=sink.env, attach=True)
    for n in range(160):
        poll(lambda n=n: answers(server, f"/items/{n}"), 20, server.process.describe)
    shared.recorded_exactly(sink, 160)
    assert len({repr(sorted(span.resource.items())) for span in sink.spans()}) == 1


def answers(server: Server, path: str) -> bool:
    """A connection that the leaving worker had accepted and not read is reset: ask again, as any client would."""
    try:
        return get(server, path).status == 200
    except OSError:
        return False


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


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn", "daphne"])
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
