# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Applications that misbehave: client, server and application see what they would have seen bare, and one true span results."""

from __future__ import annotations

import pytest

from kit.engine import Engine
from kit.http1 import Reply, head
from kit.names import behaviours
from kit.pair import Pair
from kit.traces import Trace
from kit.world import World
from otlp_sink import Span
from otlp_sink.model import ERROR, SERVER, UNSET

INCOMPLETE = {"/no_response", "/only_starts", "/leaves_more_to_come"}


@pytest.fixture(scope="module", params=["h11", "httptools"])
def pair(request: pytest.FixtureRequest, shared: World, engine: Engine) -> Pair:
    return Pair(shared, shared.sink(one_per_trace=True), "behaviours:app", "--http", request.param)


@pytest.mark.parametrize("path", behaviours())
def test_changes_nothing_and_tells_the_truth(pair: Pair, path: str) -> None:
    trace = Trace()
    reply, seen = pair.send(head(target=path, headers=[trace.header]))
    span = trace.span(pair.sink)
    assert span.kind == SERVER
    assert span.name == "GET"
    assert span.attributes["url.path"] == path
    check_outcome(path, reply, seen["outside"]["raised"], span)


def check_outcome(path: str, reply: Reply, raised: list[str] | None, span: Span) -> None:
    if raised and raised[0] == "asyncio.exceptions.CancelledError":
        # what a server answers then is its own affair: it may have been the one that cancelled
        assert span.attributes["error.type"] == "cancelled"
        assert span.status == ERROR
        assert span.attributes.get("http.response.status_code", reply.status) == reply.status
        return
    if reply.status:
        assert span.attributes["http.response.status_code"] == reply.status
    if raised:
        assert span.attributes["error.type"] == raised[0]
        assert span.status == ERROR
        check_exception(raised, span)
    elif path in INCOMPLETE:
        assert span.attributes["error.type"]
        assert span.status == ERROR
    elif reply.status >= 500:
        assert span.attributes["error.type"] == str(reply.status)
        assert span.status == ERROR
    else:
        assert "error.type" not in span.attributes
        assert span.status == UNSET


def check_exception(raised: list[str], span: Span) -> None:
    event = span.event("exception").attributes
    assert event["exception.type"] == raised[0]
    assert event["exception.stacktrace"]
    if not raised[1].startswith("str: "):
        # a lone surrogate is no Unicode text: OTLP can only carry a replacement
        assert event["exception.message"][:100] == raised[1].replace("\udcff", "\ufffd")[:100]


def test_counts_bytes_whatever_they_are_made_of(pair: Pair) -> None:
    for path, size in [("/plain", 4), ("/bytearray_body", 5), ("/memoryview_body", 5), ("/missing_headers", 0)]:
        trace = Trace()
        pair.send(head(target=path, headers=[trace.header]))
        assert trace.span(pair.sink).attributes.get("http.response.body.size", 0) == size


def test_goes_on_after_all_this(pair: Pair) -> None:
    trace = Trace()
    body = b"x" * 100_000
    reply, _ = pair.send(head("POST", "/echo", [trace.header, ("Content-Length", str(len(body)))]) + body)
    assert reply.body == body
    assert trace.span(pair.sink).attributes["http.request.method"] == "POST"
