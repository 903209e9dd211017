# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Bytes that no browser sends, over a socket, to uvicorn with both of its parsers."""

from __future__ import annotations

import pytest

from kit.engine import Engine
from kit.http1 import head, send
from kit.pair import Pair
from kit.traces import Trace
from kit.world import World
from otlp_sink.model import SERVER

MEGABYTE = 1_000_000

HEADERS: dict[str, list[tuple[bytes | str, bytes | str]]] = {
    "invalid UTF-8 and a backslash": [("X-A", b"\xff\\x")],
    "the same in every header that is read": [
        ("User-Agent", b"\xff\\x"),
        ("tracestate", b"\xff\\x"),
        ("X-Forwarded-For", b"\xff\\x"),
        ("Forwarded", b"for=\xff\\x"),
        ("baggage", b"\xff\\x"),
    ],
    "escapes that Python would undo": [("User-Agent", r"\n\u0041\x1b[31m")],
    "a megabyte": [("X-A", b"a" * MEGABYTE)],
    "a megabyte of user agent": [("User-Agent", b"a" * MEGABYTE)],
    "a megabyte of tracestate": [("tracestate", b"a=" + b"b" * MEGABYTE)],
    "a megabyte of baggage": [("baggage", b"a=" + b"b" * MEGABYTE)],
    "a tab": [("User-Agent", b"a\tb")],
    "control characters": [("User-Agent", b"a\x01\x02\x1b[31mb\x7f")],
    "a NUL": [("User-Agent", b"a\x00b")],
    "an empty value": [("User-Agent", b"")],
    "a thousand headers": [(f"X-{n}", "v") for n in range(1000)],
    "the same name twice": [("User-Agent", "one"), ("User-Agent", "two")],
    "a length that is no number": [("X-Length", "abc"), ("Accept", "\xe9")],
}

TARGETS: dict[str, bytes] = {
    "query bytes that are not UTF-8": b"/plain?q=\xff\xfe",
    "escaped bytes that are not UTF-8": b"/plain?q=%ff%fe&%c3%28",
    "half an escape": b"/plain?q=%f&%",
    "a secret": b"/plain?sig=secret-canary&X-Amz-Signature=secret-canary&x=1",
    "a megabyte of query": b"/plain?" + b"q" * 60_000,
    "control characters escaped": b"/plain?a=%00%0d%0aX:%20y%1b",
    "an absolute form": b"http://user:secret-canary@elsewhere.test/plain",
    "semicolons": b"/plain?a;b;;&&==&=",
}

TRACEPARENTS: dict[str, str] = {
    "zero trace id": "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "zero span id": "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "upper case": "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
    "version ff": "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "version 00 and more": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    "short": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
    "not hex": "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
    "dashes only": "-" * 55,
    "digits of another script": "00-" + "²" * 32 + "-00f067aa0ba902b7-01",
    "empty": "",
    "megabyte": "0" * MEGABYTE,
}

BIG = ("--h11-max-incomplete-event-size", "8000000")


@pytest.fixture(scope="module", params=["h11", "httptools"])
def pair(request: pytest.FixtureRequest, shared: World, engine: Engine) -> Pair:
    return Pair(shared, shared.sink(one_per_trace=True), "behaviours:app", "--http", request.param, *BIG)


def accepted(pair: Pair, request: bytes) -> bool:
    """Whether the server hands such a request to an application at all; if not, both must refuse it in the same words."""
    bare = send(pair.bare, request)
    if bare.status == 200:
        pair.bare_seen.next()
        return True
    assert send(pair.ours, request).undated == bare.undated
    return False


@pytest.mark.parametrize("case", HEADERS)
def test_takes_header_bytes(pair: Pair, case: str) -> None:
    trace = Trace()
    request = head(target="/plain", headers=[trace.header, *HEADERS[case]])
    if not accepted(pair, request):
        return
    pair.send(request)
    span = trace.span(pair.sink)
    assert span.kind == SERVER
    assert span.attributes["http.response.status_code"] == 200
    assert all(len(v) <= 8192 for v in span.attributes.values() if isinstance(v, str))
    assert len(span.trace_state) <= 8192


@pytest.mark.parametrize("case", TARGETS)
def test_takes_target_bytes(pair: Pair, case: str) -> None:
    trace = Trace()
    request = head(target=TARGETS[case], headers=[trace.header])
    if not accepted(pair, request):
        return
    pair.send(request)
    span = trace.span(pair.sink)
    assert "secret-canary" not in repr(span)
    assert span.attributes["http.response.status_code"] == 200


@pytest.mark.parametrize("case", TRACEPARENTS)
def test_starts_a_trace_of_its_own_for_a_bad_traceparent(pair: Pair, case: str) -> None:
    value = TRACEPARENTS[case].encode()
    mark = Trace().trace_id
    request = head(target=f"/plain?{mark}", headers=[("traceparent", value), ("tracestate", "a=b")])
    if not accepted(pair, request):
        return
    pair.send(request)
    [span] = pair.sink.wait_until(lambda: [s for s in pair.sink.spans() if s.attributes.get("url.query") == mark])
    assert span.parent_span_id == ""
    assert span.trace_id.encode() not in value.lower()
    assert span.trace_state == ""


def test_reads_a_traceparent_of_a_later_version(pair: Pair) -> None:
    trace = Trace()
    value = trace.header[1].replace("00-", "cc-", 1) + "-what-the-future-brings"
    pair.send(head(target="/plain", headers=[("traceparent", value)]))
    trace.span(pair.sink)


def test_reads_host_bytes_that_no_host_has(pair: Pair) -> None:
    for host in (b"\xff\\x", b"[::1", b"a:b:c", b"user:secret-canary@x.test", b"x.test:99999", b"", b"x" * 100_000):
        trace = Trace()
        request = b"GET /plain HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\ntraceparent: " + trace.header[1].encode() + b"\r\n\r\n"
        if not accepted(pair, request):
            continue
        pair.send(request)
        said = trace.span(pair.sink).attributes
        assert "secret-canary" not in repr(said)
        assert 0 < said.get("server.port", 80) < 65536


def test_both_parsers_accept_most_of_this(pair: Pair) -> None:
    """Keeps the tests above from passing because everything was refused."""
    requests = [head(target="/plain", headers=h) for h in HEADERS.values()] + [head(target=t) for t in TARGETS.values()]
    assert sum(accepted(pair, request) for request in requests) >= len(requests) - 4
