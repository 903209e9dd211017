# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Statuses, chunks, trailers, and what ends a response."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from ..applications import Receive, Send, body, plain, responds, says, start
from ..scopes import http, part
from ..side import Side, scenario


@scenario
async def statuses_that_are_no_error(side: Side) -> None:
    for status in (100, 200, 204, 301, 404, 499):
        await side.call(responds(status), http())


@scenario
async def statuses_that_are_errors(side: Side) -> None:
    for status in (500, 503, 599, 600):
        await side.call(responds(status), http())


@scenario
async def status_below_100(side: Side) -> None:
    await side.call(responds(99), http())


@scenario
async def status_negative(side: Side) -> None:
    await side.call(responds(-5), http())


@scenario
async def status_zero_or_none(side: Side) -> None:
    for status in (0, None):
        await side.call(responds(status), http())


@scenario
async def status_as_text(side: Side) -> None:
    await side.call(responds("201"), http())


@scenario
async def status_as_text_that_is_no_number(side: Side) -> None:
    await side.call(responds("teapot"), http())


@scenario
async def status_as_member(side: Side) -> None:
    await side.call(responds(HTTPStatus.CREATED), http())
    await side.call(responds(HTTPStatus.INTERNAL_SERVER_ERROR), http())


@scenario
async def status_as_float(side: Side) -> None:
    await side.call(responds(200.7), http())


@scenario
async def several_chunks(side: Side) -> None:
    await side.call(says(start(), body(b"a", True), body(b"b", True), body(b"")), http())


@scenario
async def body_without_content(side: Side) -> None:
    await side.call(says(start(204), {"type": "http.response.body"}), http())


@scenario
async def trailers(side: Side) -> None:
    end = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": False}
    await side.call(says(start(trailers=True), body(), end), http())


@scenario
async def trailers_in_two(side: Side) -> None:
    first = {"type": "http.response.trailers", "headers": [], "more_trailers": True}
    await side.call(says(start(trailers=True), body(b"a", True), body(b"b"), first, {"type": "http.response.trailers", "headers": []}), http())


@scenario
async def pathsend(side: Side) -> None:
    await side.call(says(start(), {"type": "http.response.pathsend", "path": "/tmp/file"}), http())


@scenario
async def zerocopysend(side: Side) -> None:
    await side.call(says(start(), {"type": "http.response.zerocopysend", "file": 1, "count": 5}), http())


@scenario
async def early_hints_and_push(side: Side) -> None:
    hint = {"type": "http.response.early_hint", "links": []}
    push = {"type": "http.response.push", "path": "/style.css", "headers": []}
    await side.call(says(hint, push, start(), body()), http())


@scenario
async def debug_message(side: Side) -> None:
    await side.call(says({"type": "http.response.debug", "info": {}}, start(), body()), http())


@scenario
async def nothing_sent(side: Side) -> None:
    await side.call(says(hears=0), http())


@scenario
async def started_only(side: Side) -> None:
    await side.call(says(start()), http())


@scenario
async def never_finished(side: Side) -> None:
    await side.call(says(start(), body(b"a", True)), http())


@scenario
async def request_body_in_chunks(side: Side) -> None:
    await side.call(says(start(), body(), hears=3), http("POST"), [part(b"a", True), part(b"b", True), part(b"c")])


@scenario
async def disconnect_after_the_request(side: Side) -> None:
    await side.call(says(start(), body(), hears=2), http())


@scenario
async def disconnect_after_the_response(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await receive()
        await send(start())
        await send(body())
        await receive()

    await side.call(app, http())


@scenario
async def work_after_the_response(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await send(start())
        await send(body())
        await asyncio.sleep(0.01)
        with side.tracer.start_as_current_span("background"):
            pass

    await side.call(app, http())


@scenario
async def a_second_response_start(side: Side) -> None:
    await side.call(says(start(200), start(500), body()), http())


@scenario
async def concurrent_requests(side: Side) -> None:
    middleware = side.middleware(plain)
    await asyncio.gather(*[side.serve(middleware, http(path=f"/{n}")) for n in range(20)])
