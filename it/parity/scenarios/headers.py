# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Captured headers."""

from __future__ import annotations

from typing import Any

from ..applications import body, plain, responds, says, start
from ..scopes import http
from ..side import Side, scenario

SENT = ((b"x-first", b"1"), (b"x-second-one", b"2"), (b"x-first", b"3"), (b"authorization", b"secret"), (b"accept", b"text/html, */*"))
BACK = [(b"content-type", b"text/plain"), (b"x-answer", b"a"), (b"x-answer", b"b"), (b"set-cookie", b"secret")]


async def _request(side: Side, *headers: Any, **arguments: Any) -> None:
    await side.call(plain, http("GET", "/", *headers), **arguments)


@scenario
async def captures_request_headers(side: Side) -> None:
    await _request(side, *SENT, http_capture_headers_server_request=["x-first", "accept"])


@scenario
async def captures_request_headers_by_expression(side: Side) -> None:
    await _request(side, *SENT, http_capture_headers_server_request=["x-.*"])


@scenario
async def captures_whole_names_only(side: Side) -> None:
    await _request(side, *SENT, http_capture_headers_server_request=["x-fir", "second"])


@scenario
async def captures_in_any_case(side: Side) -> None:
    await _request(side, (b"X-Upper", b"1"), http_capture_headers_server_request=["x-UPPER"])


@scenario
async def captures_and_hides(side: Side) -> None:
    await _request(side, *SENT, http_capture_headers_server_request=[".*"], http_capture_headers_sanitize_fields=["author", "COOKIE"])


@scenario
async def captures_nothing_for_an_empty_list(side: Side) -> None:
    await _request(side, *SENT, http_capture_headers_server_request=[], http_capture_headers_server_response=[])


@scenario
async def captures_a_header_that_is_not_ascii(side: Side) -> None:
    await _request(side, ("x-moto-z²".encode(), "Z²".encode()), http_capture_headers_server_request=["x-moto.*"])


@scenario
async def captures_names_that_become_one(side: Side) -> None:
    await _request(side, (b"X-A", b"1"), (b"x-a", b"2"), (b"x_a", b"3"), http_capture_headers_server_request=["x.a"])


@scenario
async def captures_response_headers(side: Side) -> None:
    await side.call(responds(200, BACK), http(), http_capture_headers_server_response=["x-answer", "content-type"])


@scenario
async def captures_response_headers_and_hides(side: Side) -> None:
    await side.call(responds(200, BACK), http(), http_capture_headers_server_response=[".*"], http_capture_headers_sanitize_fields=["set-cookie"])


@scenario
async def captures_headers_without_children(side: Side) -> None:
    arguments = {"http_capture_headers_server_request": ["x-first"], "http_capture_headers_server_response": ["x-answer"]}
    await side.call(responds(200, BACK), http("GET", "/", *SENT), exclude_spans=["receive", "send"], **arguments)


@scenario
async def captures_no_headers_below_an_active_span(side: Side) -> None:
    with side.tracer.start_as_current_span("outer"):
        await side.call(
            responds(200, BACK),
            http("GET", "/", *SENT),
            http_capture_headers_server_request=["x-first"],
            http_capture_headers_server_response=["x-answer"],
        )


@scenario
async def captures_headers_of_trailers(side: Side) -> None:
    end = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": False}
    await side.call(says(start(headers=[(b"x-answer", b"a")], trailers=True), body(), end), http(), http_capture_headers_server_response=["x-.*"])


@scenario
async def captures_response_headers_as_tuples(side: Side) -> None:
    await side.call(says(start(headers=((b"x-answer", b"a"),)), body()), http(), http_capture_headers_server_response=["x-answer"])
