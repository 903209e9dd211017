# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Applications that send what none should, one a path: headers, statuses, bodies, and messages that nobody knows."""

from http import HTTPStatus

from behaviour import Text, behaviour, body, start


@behaviour
async def tuple_headers(scope, receive, send):
    await send(start(headers=((b"x-a", b"1"), (b"x-b", b"2"), (b"content-length", b"4"))))
    await send(body())


@behaviour
async def list_headers(scope, receive, send):
    await send(start(headers=[[b"x-a", b"1"], [b"x-b", b"2"], [b"content-length", b"4"]]))
    await send(body())


@behaviour
async def iterator_headers(scope, receive, send):
    await send(start(headers=iter([(b"x-a", b"1"), (b"x-b", b"2"), (b"content-length", b"4")])))
    await send(body())


@behaviour
async def generator_headers(scope, receive, send):
    await send(start(headers=((b"x-%d" % n, b"v") for n in range(3))))
    await send(body())


@behaviour
async def missing_headers(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})


@behaviour
async def odd_header_bytes(scope, receive, send):
    await send(start(headers=[(b"x-a", b"\xff\\x"), (b"x-b", b"\\u0041\\n"), (b"content-length", b"4")]))
    await send(body())


@behaviour
async def text_headers(scope, receive, send):
    await send(start(headers=[("x-a", "1")]))
    await send(body())


@behaviour
async def many_headers(scope, receive, send):
    await send(start(headers=[(b"x-%d" % n, b"v" * 100) for n in range(200)]))
    await send(body())


@behaviour
async def megabyte_header(scope, receive, send):
    await send(start(headers=[(b"x-a", b"v" * 1_000_000)]))
    await send(body())


@behaviour
async def false_content_length(scope, receive, send):
    await send(start(headers=[(b"content-length", b"abc")]))
    await send(body())


@behaviour
async def status_member(scope, receive, send):
    await send(start(HTTPStatus.CREATED))
    await send(body())


@behaviour
async def status_member_of_an_error(scope, receive, send):
    await send(start(HTTPStatus.SERVICE_UNAVAILABLE))
    await send(body())


@behaviour
async def status_text(scope, receive, send):
    await send(start("200"))
    await send(body())


@behaviour
async def status_99(scope, receive, send):
    await send(start(99))
    await send(body())


@behaviour
async def status_beyond_32_bits(scope, receive, send):
    await send(start(10**12))
    await send(body())


@behaviour
async def status_none(scope, receive, send):
    await send(start(None))
    await send(body())


@behaviour
async def no_status(scope, receive, send):
    await send({"type": "http.response.start"})
    await send(body())


@behaviour
async def unknown_message(scope, receive, send):
    await send({"type": "http.response.debugging"})


@behaviour
async def message_without_type(scope, receive, send):
    await send({})


@behaviour
async def message_is_none(scope, receive, send):
    await send(None)


@behaviour
async def text_body(scope, receive, send):
    await send(start())
    await send(body("text"))


@behaviour
async def bytearray_body(scope, receive, send):
    await send(start())
    await send(body(bytearray(b"bytes")))


@behaviour
async def memoryview_body(scope, receive, send):
    await send(start())
    await send(body(memoryview(b"bytes")))


@behaviour
async def subclass_of_str(scope, receive, send):
    await send({"type": Text("http.response.start"), "status": 200, "headers": []})
    await send({"type": Text("http.response.body"), "body": b"body"})
