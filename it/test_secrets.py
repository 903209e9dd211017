# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""A secret of a client is in nothing that leaves the application: no span, no metric, no log."""

from __future__ import annotations

import json

import pytest

from kit.engine import Engine
from kit.http1 import get, send
from kit.process import poll
from kit.profiles import PROFILES
from kit.world import World

CANARY = b"secret-canary"
KEYS = (b"X-Amz-Signature", b"X-Amz-Credential", b"X-Amz-Security-Token", b"AWSAccessKeyId", b"Signature", b"sig", b"X-Goog-Signature")
QUERY = b"&".join(key + b"=" + CANARY for key in KEYS)
HEADERS = b"Cookie: session=" + CANARY + b"\r\nAuthorization: Bearer " + CANARY + b"\r\nProxy-Authorization: Basic " + CANARY + b"\r\n"
CAPTURE = {
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": ".*",
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE": ".*",
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS": ".*authorization,cookie,host",
}


def request(target: bytes, host: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n" + HEADERS + b"\r\n"


@pytest.mark.parametrize("captures", [False, True])
@pytest.mark.parametrize("profile", PROFILES)
def test_keeps_a_secret(world: World, profile: str, captures: bool) -> None:
    sink = world.sink(keep_bytes=True)
    engine = world.engine("--log-level", "debug")
    env = {**sink.env, **PROFILES[profile], **(CAPTURE if captures else {})}
    servers = [world.serve("uvicorn", "hello:app", "--http", parser, attach=True, env=env) for parser in ("h11", "httptools")]
    requests = [
        request(b"/a?x=1&" + QUERY + b"&y=2", b"shop.test"),
        request(b"/b?" + QUERY.replace(b"=", b"=%20"), b"user:" + CANARY + b"@shop.test"),
        request(b"http://user:" + CANARY + b"@shop.test/c?" + QUERY, b"user:" + CANARY + b"@shop.test"),
        request(b"/d?%73ig=" + CANARY + b"&sig=" + CANARY + b"%26sig%3D" + CANARY, b"shop.test"),
    ]
    for server in servers:
        for one in requests:
            assert send(server, one).status == 200
        get(server, "/last", ("User-Agent", f"agent-of-{server.port}"))
    sink.wait_until(lambda: all(b"agent-of-%d" % server.port in sink.bytes for server in servers))
    assert b"REDACTED" in sink.bytes
    scraped = engine.scrape().encode() + engine.scrape("application/openmetrics-text").encode()
    for server in servers:
        server.stop()
    engine.stop()
    assert sum(p.count for p in sink.points() if p.name == "http.server.request.duration") == len(servers) * (len(requests) + 1)
    for place, text in {
        "export": sink.bytes,
        "scrape": scraped,
        "engine's log": (engine.process.out + engine.process.err).encode(),
        "application's output": "".join(server.process.out + server.process.err for server in servers).encode(),
    }.items():
        assert CANARY not in text, place


def test_the_sink_keeps_what_is_no_secret(shared: World, engine: Engine) -> None:
    """Keeps the test above from passing because nothing is looked at."""
    sink = shared.sink(keep_bytes=True)
    server = shared.serve("uvicorn", "hello:app", attach=True, env=sink.env)
    get(server, b"/a?open=" + CANARY)
    sink.wait_until(lambda: CANARY in sink.bytes)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_log_keeps_the_secrets_of_an_exporter(world: World, log_format: str) -> None:
    """A collector that is down, one that refuses, one that is none: whatever is said of them says no password and no header."""
    canary = CANARY.decode()
    engine = world.engine("--log-level", "debug", "--log-format", log_format)
    well, away = world.sink(), world.sink()
    well.fail(401)
    away.refuse()
    env = {**well.env, "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer {canary},x-api-key={canary}", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    endpoints = [f"http://user:{canary}@localhost:{sink.port}" for sink in (well, away)] + [f"htp://user:{canary}@localhost"]
    servers = [world.serve("uvicorn", "hello:app", attach=True, env={**env, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}) for endpoint in endpoints]
    for server in servers:
        assert get(server, "/").status == 200
    poll(lambda: engine.process.err.count("xport") >= 2, 40, lambda: engine.process.err)
    for server in servers:
        server.stop()
    assert engine.stop() == 0
    log = engine.process.err
    assert canary not in log + engine.process.out
    assert canary not in "".join(server.process.out + server.process.err for server in servers)
    if log_format == "json":
        lines = [json.loads(line) for line in log.splitlines()]
        assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
        assert any(line["message"] == "engine ends" for line in lines)
