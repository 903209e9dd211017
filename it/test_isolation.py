# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Two applications in one engine, each with secrets of its own: nothing of one is in a byte or a header that the other's collector gets, and what one leaves behind is let go."""

from __future__ import annotations

from pathlib import Path

from kit.engine import Engine
from kit.http1 import get
from kit.process import poll
from kit.world import World
from otlp_sink import Sink

DURATION = "http.server.request.duration"


def secrets(who: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer {who}-token,x-{who}-tenant={who}-tenant",
        "OTEL_RESOURCE_ATTRIBUTES": f"deployment.environment.name={who}-place,{who}.attribute={who}-value",
        "OTEL_SERVICE_NAME": f"{who}-service",
        "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": f"x-{who}-header",
    }


def test_nothing_of_one_application_reaches_another_s_collector(world: World) -> None:
    world.engine()
    sinks = {who: world.sink(keep_bytes=True) for who in ("canary", "magpie")}
    servers = {who: world.serve("uvicorn", "shop:app", env={**sink.env, **secrets(who)}, attach=True) for who, sink in sinks.items()}
    for n in range(20):  # interleaved: both are busy in the engine at once
        for who, server in servers.items():
            headers = (("x-canary-header", f"{who}-header-value"), ("x-magpie-header", f"{who}-header-value"))
            assert get(server, f"/items/{n}?who={who}-query", *headers).status == 200
    for sink in sinks.values():
        sink.wait_for(20)
        sink.wait_for_count(DURATION, 20)
    for server in servers.values():
        server.stop()
    for who, other in (("canary", "magpie"), ("magpie", "canary")):
        sink = sinks[who]
        received = sink.bytes
        assert f"{who}-service".encode() in received
        assert f"{who}-header-value".encode() in received
        assert f"{who}-query".encode() in received
        assert other.encode() not in received.replace(b"x-%s-header" % other.encode(), b"")
        for request in sink.requests:
            assert request.headers["authorization"] == f"Bearer {who}-token"
            assert request.headers[f"x-{who}-tenant"] == f"{who}-tenant"
            assert other not in repr(request.headers)


def name_of(task: Path) -> str:
    """Of a thread; empty if it has just ended."""
    try:
        return (task / "comm").read_text().strip()
    except OSError:
        return ""


def kept(engine: Engine, sink: Sink) -> tuple[int, int]:
    """Exporter threads of the engine, and its connections to the collector."""
    process = Path(f"/proc/{engine.process.pid}")
    threads = [name for task in (process / "task").iterdir() if (name := name_of(task))]
    tcp = [line.split() for table in ("tcp", "tcp6") for line in (process / "net" / table).read_text().splitlines()[1:]]
    inodes = {line[9] for line in tcp if int(line[2].rpartition(":")[2], 16) == sink.port}
    held = 0
    for descriptor in (process / "fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        held += target.startswith("socket:[") and target[8:-1] in inodes
    return sum(name.startswith("spangard-otlp") for name in threads), held


def test_a_service_that_leaves_leaves_no_thread_and_no_descriptor(world: World) -> None:
    engine = world.engine()
    sink = world.sink()
    server = world.serve("uvicorn", "shop:app", env=sink.env, attach=True)
    assert get(server, "/items/1").status == 200
    sink.wait_for(1)
    sink.wait_for_count(DURATION, 1)
    threads, connections = kept(engine, sink)
    assert threads == 1
    assert connections > 0
    server.stop()
    poll(lambda: kept(engine, sink) == (0, 0), 60, lambda: f"{kept(engine, sink)}\n{engine.process.describe()}")
    assert engine.total("spangard_requests_exported_total") == 1
