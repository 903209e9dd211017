# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Requests of one connection have nothing of one another: not the trace, not its sampling decision, not the baggage of another user."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest

from kit.world import Server, World

PARENT = "aaaabbbbccccddddaaaabbbbccccdddd"
UPLOAD = 300_000
"""Bytes: more than the servers hold before the application reads, so that they stop reading from the connection and go on in its context."""

ON_UVICORN = [("uvicorn", ["--loop", loop, "--http", http]) for loop in ("asyncio", "uvloop") for http in ("h11", "httptools")]
SERVERS = [*ON_UVICORN, ("daphne", []), ("hypercorn", []), ("granian", []), ("gunicorn", ["-k", "asgi"])]
UPSTREAM = {"SPANGARD_PROFILE": "upstream"}
OFF = {"OTEL_TRACES_SAMPLER": "parentbased_always_off"}
SETTINGS: list[tuple[str, list[str], dict[str, str]]] = [
    *[(kind, flags, {}) for kind, flags in SERVERS],
    *[("uvicorn", flags, env) for _, flags in ON_UVICORN[:2] for env in (UPSTREAM, OFF, {**UPSTREAM, **OFF})],
]


class Connection:
    """One kept-alive connection; answers are read as many as were asked for."""

    def __init__(self, server: Server) -> None:
        self._socket: socket.socket = server.connect()
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, *requests: bytes) -> list[dict[str, Any]]:
        self._socket.sendall(b"".join(requests))
        return [self._answer() for _ in requests]

    def _answer(self) -> dict[str, Any]:
        length = 0
        assert b" 200 " in self._file.readline()
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self._file.read(length))


def get(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: h", *lines, "", ""]).encode()


def upload(*lines: str) -> bytes:
    return "\r\n".join(["POST /upload HTTP/1.1", "Host: h", f"Content-Length: {UPLOAD}", *lines, "", ""]).encode() + b"x" * UPLOAD


@pytest.mark.parametrize(("kind", "flags", "env"), SETTINGS, ids=lambda value: " ".join(value) if isinstance(value, (list, dict)) else value)
def test_no_request_has_anything_of_an_earlier_one(world: World, kind: str, flags: list[str], env: dict[str, str]) -> None:
    server = world.serve(kind, "found:app", *flags, env=env, attach=True)
    own = [f"traceparent: 00-{PARENT}-aaaabbbbccccdddd-01", "baggage: user=bob"]
    with Connection(server) as connection:
        alice, nobody, bob = [
            *connection.ask(upload("baggage: user=alice,token=secret")),
            *connection.ask(get("/")),
            *connection.ask(get("/", *own)),
        ]
    assert alice["baggage"] == {"user": "alice", "token": "secret"}
    assert nobody["baggage"] == {}
    assert (bob["trace"], bob["sampled"], bob["baggage"]) == (PARENT, 1, {"user": "bob"})
    with Connection(server) as connection:
        first, second, third = connection.ask(
            get("/1", "baggage: user=carol", f"traceparent: 00-{PARENT[::-1]}-aaaabbbbccccdddd-01"), get("/2"), get("/3", *own)
        )
    assert (first["trace"], first["baggage"]) == (PARENT[::-1], {"user": "carol"})
    assert second["baggage"] == {}
    assert second["sampled"] == nobody["sampled"] == ("OTEL_TRACES_SAMPLER" not in env), "nothing of the parent's decision"
    assert (third["trace"], third["baggage"]) == (PARENT, {"user": "bob"})
    assert len({r["trace"] for r in (alice, nobody, bob, first, second)}) == 5


@pytest.mark.parametrize("env", [{}, UPSTREAM, OFF], ids=["", "upstream", "off"])
@pytest.mark.parametrize(("kind", "flags"), [("hypercorn", []), ("hypercorn", ["-k", "uvloop"]), ("granian", ["--http", "2"])], ids=lambda v: "".join(v))
def test_no_stream_has_anything_of_another_that_still_runs(world: World, kind: str, flags: list[str], env: dict[str, str]) -> None:
    server = world.serve(kind, "found:app", *flags, env=env, attach=True)

    async def main() -> tuple[dict[str, Any], ...]:
        async with httpx.AsyncClient(http1=False, http2=True, trust_env=False, timeout=20) as client:
            url = f"http://127.0.0.1:{server.port}"
            await client.get(f"{url}/", headers={"baggage": "user=nobody"})
            alice = {"baggage": "user=alice", "content-length": str(UPLOAD)}
            async with client.stream("POST", f"{url}/hold", content=b"x" * UPLOAD, headers=alice) as holding:
                chunks = holding.aiter_bytes()
                await anext(chunks)  # it runs
                between = (await client.get(f"{url}/")).json()
                released = (await client.get(f"{url}/release")).json()
                held = json.loads(b"".join([chunk async for chunk in chunks]))
            return held, between, released

    held, between, released = asyncio.run(main())
    assert held["baggage"] == {"user": "alice"}
    assert between["baggage"] == released["baggage"] == {}
    assert len({held["trace"], between["trace"], released["trace"]}) == 3
