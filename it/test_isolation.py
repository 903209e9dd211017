# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Two applications in one engine, each with secrets of its own: nothing of one is in a byte or a header that the other's collector gets."""

from __future__ import annotations

from kit.http1 import get
from kit.world import World

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
