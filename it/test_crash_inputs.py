# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What fails a request under upstream's middleware (PARITY B8) is answered, and has its span, in both profiles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit.engine import Engine
from kit.http1 import head, send
from kit.profiles import PROFILES, STATUS
from kit.traces import Trace
from kit.world import Server, World
from otlp_sink import Sink
from otlp_sink.model import SERVER

INPUTS: dict[str, tuple[str, bytes, list[tuple[str, bytes]]]] = {
    "a user agent of a bad byte and half an escape": ("hello:app", b"/", [("User-Agent", b"\xff\\x")]),
    "a host of these": ("hello:app", b"/", [("Host", b"\xff\\x")]),
    "any header of these": ("hello:app", b"/", [("X-Any", b"\xff\\u12")]),
    # servers refuse such bytes themselves today, so it is put into the scope
    "a query that is not UTF-8": ("odd_scopes:app", b"/odd?query_bytes", []),
    "a client of no elements": ("odd_scopes:app", b"/odd?client_empty", []),
    "a server without a host": ("odd_scopes:app", b"/odd?server_none_host", []),
}


@pytest.fixture(scope="module", params=[(p, h) for p in PROFILES for h in ("h11", "httptools")], ids="-".join)
def served(request: pytest.FixtureRequest, shared: World, engine: Engine) -> tuple[Callable[[str], Server], Sink]:
    profile, http = request.param
    sink = shared.sink()
    servers: dict[str, Server] = {}
    env = {
        **sink.env,
        **PROFILES[profile],
        "RECORD": "1",
        "WITNESS": "/dev/null",
        "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": ".*",
    }

    def server(app: str) -> Server:
        if app not in servers:
            servers[app] = shared.serve("uvicorn", app, "--http", http, attach=app == "hello:app", env=env)
        return servers[app]

    return server, sink


@pytest.mark.parametrize("case", INPUTS)
def test_answers_what_fails_upstream(served: tuple[Callable[[str], Server], Sink], case: str) -> None:
    server, sink = served
    app, target, headers = INPUTS[case]
    trace = Trace()
    hosts = [name for name, _ in headers if name == "Host"]
    request = head(target=target, headers=[trace.header, *headers], host="" if hosts else "shop.test")
    assert send(server(app), request).status == 200
    [span] = sink.wait_until(lambda: [s for s in trace.all(sink) if s.kind == SERVER], what=f"a span of {case}")
    assert span.parent_span_id == trace.span_id
    assert {span.attributes.get(key) for key in STATUS} <= {200, None}
    assert any(key in span.attributes for key in STATUS)
