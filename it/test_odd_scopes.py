# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Scopes as odd servers and middlewares make them: missing keys, wrong types, one-shot iterators, a megabyte of anything."""

from __future__ import annotations

import pytest

from kit.engine import Engine
from kit.http1 import head
from kit.names import odd_scopes
from kit.pair import Pair
from kit.traces import Trace
from kit.world import World
from otlp_sink import Span
from otlp_sink.model import ERROR, SERVER

# the change takes away or spoils what our trace id comes in
HEADERS_GONE = {"headers_missing", "headers_none", "headers_text", "headers_triples", "headers_numbers", "headers_upper"}


@pytest.fixture(scope="module")
def pair(shared: World, engine: Engine) -> Pair:
    return Pair(shared, shared.sink(one_per_trace=True), "odd_scopes:app")


@pytest.mark.parametrize("change", odd_scopes())
def test_changes_nothing_and_makes_one_span(pair: Pair, change: str) -> None:
    trace = Trace()
    before = len(pair.sink.spans())
    reply, seen = pair.send(head(target=f"/odd?{change}", headers=[trace.header, ("User-Agent", "odd")]))
    if change in HEADERS_GONE:
        [span] = pair.sink.wait_until(lambda: pair.sink.spans()[before:])
    else:
        span = trace.span(pair.sink)
    assert span.kind == SERVER
    assert (span.status == ERROR) == bool(seen["outside"]["raised"])
    if reply.status:
        assert span.attributes["http.response.status_code"] == reply.status
    check(change, span)


def check(change: str, span: Span) -> None:
    """What can be said of the odd value, and nothing false."""
    said = span.attributes
    match change:
        case "client_none" | "client_empty" | "client_missing" | "client_text":
            assert not {"client.address", "network.peer.address", "network.peer.port"} & said.keys()
        case "client_list":
            assert (said["network.peer.address"], said["network.peer.port"]) == ("192.0.2.7", 5000)
        case "client_one":
            assert "network.peer.port" not in said
        case "client_unix":
            assert "network.peer.port" not in said
        case "method_unknown":
            assert (said["http.request.method"], said["http.request.method_original"]) == ("_OTHER", "BREW")
            assert span.name == "HTTP"
        case "method_lower":
            assert said["http.request.method_original"] == "get"
        case "method_member" | "method_subclass":
            assert said["http.request.method"] == "GET"
        case "path_subclass" | "path_bytes":
            assert said["url.path"] == "/odd"
        case "path_megabyte" | "query_megabyte" | "client_huge" | "method_megabyte":
            assert all(len(v) <= 8192 for v in said.values() if isinstance(v, str))
        case "query_missing" | "query_none":
            assert "url.query" not in said
        case "query_bytes":
            assert said["url.query"].startswith("q=")
        case "server_none" | "server_missing" | "server_empty" | "server_unix":
            assert (said["server.address"], said["server.port"]) == ("shop.test", 8080)  # of the Host header
        case "http_version_missing" | "http_version_none":
            assert "network.protocol.version" not in said


def test_keeps_one_shot_headers_for_the_application(pair: Pair) -> None:
    for change in ("headers_iterator", "headers_generator", "headers_map"):
        reply, _ = pair.send(head(target=f"/odd?{change}", headers=[Trace().header, ("X-Mine", "here")]))
        assert b"(b'x-mine', b'here')" in reply.body
