# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Metrics: sizes by Content-Length, routes, what is counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ..applications import Receive, Send, body, plain, responds, says, start
from ..scopes import UNSAMPLED, http, part
from ..side import Side, scenario


def _length(value: bytes) -> tuple[bytes, bytes]:
    return b"content-length", value


@scenario
async def sizes_of_both(side: Side) -> None:
    await side.call(responds(200, [_length(b"5")]), http("POST", "/", _length(b"3")), [part(b"abc")])


@scenario
async def sizes_of_many(side: Side) -> None:
    middleware = side.middleware(responds(200, [_length(b"5")]))
    for _ in range(10):
        await side.serve(middleware, http("POST", "/", _length(b"3")), [part(b"abc")])


@scenario
async def size_of_the_request_is_zero(side: Side) -> None:
    await side.call(plain, http("POST", "/", _length(b"0")), [part()])


@scenario
async def size_of_the_request_is_no_number(side: Side) -> None:
    for value in (b"abc", b"", b"1.5"):
        await side.call(plain, http("POST", "/", _length(value)))


@scenario
async def size_of_the_request_is_negative(side: Side) -> None:
    await side.call(plain, http("POST", "/", _length(b"-1")))


@scenario
async def size_of_the_response_is_zero(side: Side) -> None:
    await side.call(responds(204, [_length(b"0")], b""), http())


@scenario
async def size_of_the_response_is_no_number(side: Side) -> None:
    await side.call(responds(200, [_length(b"abc")]), http())


@scenario
async def size_unknown_after_a_known_one(side: Side) -> None:
    lengths = [[_length(b"1024")], [], []]

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await send(start(headers=lengths.pop(0)))
        await send(body(b"x" * 1024))

    middleware = side.middleware(app)
    for _ in range(3):
        await side.serve(middleware, http())


@scenario
async def size_of_a_streamed_response(side: Side) -> None:
    await side.call(says(start(headers=[]), body(b"a" * 100, True), body(b"b" * 50)), http())


@scenario
async def size_to_head(side: Side) -> None:
    await side.call(responds(200, [_length(b"500")], b""), http("HEAD"))


@scenario
async def route_in_the_scope(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        scope["route"] = SimpleNamespace(path_format="/items/{id}", path="/items/{id}")
        await send(start(headers=[_length(b"5")]))
        await send(body())

    await side.call(app, http("GET", "/items/7", _length(b"0")))
    await side.call(app, http("GET", "/shop/items/7", root_path="/shop"))


@scenario
async def route_in_the_scope_without_a_template(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        scope["route"] = SimpleNamespace(path="/items/{id}")
        await send(start())
        await send(body())

    await side.call(app, http("GET", "/items/7"))


@scenario
async def series_by_status_and_host(side: Side) -> None:
    for status in (200, 200, 404, 500):
        for host in (b"a.test", b"b.test"):
            await side.call(responds(status), http(headers=[(b"host", host)]))


@scenario
async def measured_without_being_sampled(side: Side) -> None:
    for status in (200, 503):
        await side.call(responds(status, [_length(b"5")]), http("POST", "/", UNSAMPLED, _length(b"3")), [part(b"abc")])


@scenario
async def measured_without_being_sampled_and_failing(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        raise ValueError("boom")

    await side.call(app, http("GET", "/", UNSAMPLED))
