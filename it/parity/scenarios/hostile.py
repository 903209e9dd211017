# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What fails a request under upstream's middleware, or is recorded as what it is not."""

from __future__ import annotations

from typing import Any

from ..applications import Receive, Send, body, plain, start
from ..scopes import HOST, http
from ..side import Side, scenario

HARMLESS = (b"x-any", b"1")


@scenario
async def harmless(side: Side) -> None:
    """What others are compared with that upstream does not survive."""
    await side.call(plain, http("GET", "/", HARMLESS))


@scenario
async def nothing_odd(side: Side) -> None:
    """As ``harmless``."""
    await side.call(plain, http())


@scenario
async def user_agent_of_half_an_escape(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"user-agent", b"\xff\\x")))


@scenario
async def user_agent_of_half_an_escape_in_utf_8(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"user-agent", "\xff\\x".encode())))


@scenario
async def captured_header_of_half_an_escape(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"x-any", b"\xff\\x")), http_capture_headers_server_request=["x-any"])


@scenario
async def captured_header_of_half_an_escape_in_utf_8(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"x-any", "\xff\\x".encode())), http_capture_headers_server_request=["x-any"])


@scenario
async def header_name_of_half_an_escape(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"\xff\\x", b"1")))


@scenario
async def header_with_a_backslash(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"user-agent", rb"a\n\u0041\x1b")))


@scenario
async def user_agent_of_latin_1(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"user-agent", b"Moto Z\xb2")))


@scenario
async def user_agent_of_latin_1_with_a_backslash(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"user-agent", b"Moto Z\xb2 " + rb"\n")))


@scenario
async def user_agent_of_utf_8_with_a_backslash(side: Side) -> None:
    await side.call(plain, http("GET", "/", (b"user-agent", "Moto Z² ".encode() + rb"\n")))


@scenario
async def query_that_is_not_utf_8(side: Side) -> None:
    await side.call(plain, http(query_string=b"q=\xff"))


@scenario
async def query_of_latin_1(side: Side) -> None:
    """As which ours reads the one before."""
    await side.call(plain, http(query_string="q=ÿ".encode()))


@scenario
async def query_with_an_escape_that_is_not_utf_8(side: Side) -> None:
    await side.call(plain, http(query_string=b"q=%ff"))


@scenario
async def client_of_no_elements(side: Side) -> None:
    await side.call(plain, http(client=[]))


@scenario
async def client_none(side: Side) -> None:
    await side.call(plain, http(client=None))


@scenario
async def server_without_a_host(side: Side) -> None:
    await side.call(plain, http(server=(None, 8000)))


@scenario
async def server_none(side: Side) -> None:
    await side.call(plain, http(server=None))


@scenario
async def headers_as_text(side: Side) -> None:
    await side.call(plain, http(headers=[("host", "shop.test:8080"), ("x-any", "1")]))


@scenario
async def headers_empty(side: Side) -> None:
    await side.call(plain, http(headers=[]))


@scenario
async def span_details_that_raise(side: Side) -> None:
    def details(scope: Any) -> Any:
        raise ValueError("details")

    await side.call(plain, http(), default_span_details=details)


@scenario
async def span_details_without_attributes(side: Side) -> None:
    await side.call(plain, http(), default_span_details=lambda scope: ("named", None))


@scenario
async def span_details_with_a_name_alone(side: Side) -> None:
    await side.call(plain, http(), default_span_details=lambda scope: ("named", {}))


@scenario
async def host_of_a_bad_address_and_a_secret(side: Side) -> None:
    await side.call(plain, http(headers=[(b"host", b"[::1")], query_string=b"sig=1"))


async def _answers_with(side: Side, headers: Any) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await send(start(headers=headers))
        await send(body())

    await side.call(app, http())


@scenario
async def response_headers_from_an_iterator(side: Side) -> None:
    await _answers_with(side, iter([(b"x-answer", b"a")]))


@scenario
async def response_headers_from_a_list(side: Side) -> None:
    await _answers_with(side, [(b"x-answer", b"a")])


async def _asks_with(side: Side, headers: Any) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        side.note(list(scope["headers"]))
        await send(start())
        await send(body())

    await side.call(app, http(headers=headers))


@scenario
async def request_headers_from_an_iterator(side: Side) -> None:
    await _asks_with(side, iter([HOST, HARMLESS]))


@scenario
async def request_headers_from_a_list(side: Side) -> None:
    await _asks_with(side, [HOST, HARMLESS])


@scenario
async def application_that_is_no_coroutine_function(side: Side) -> None:
    """As one compiled, that returns what can be awaited."""

    class Native:
        def __call__(self, scope: Any, receive: Receive, send: Send) -> Any:
            return plain(scope, receive, send)

    await side.call(Native(), http("GET", "/", HARMLESS))
