# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""WebSockets: spans of each message, no metrics."""

from __future__ import annotations

from typing import Any

from ..applications import ACCEPT, Receive, Send, body, echo, says
from ..scopes import CONNECT, TRACEPARENT, UNSAMPLED, data, http, text, websocket
from ..side import Side, scenario

CLOSE = {"type": "websocket.close", "code": 1000}


@scenario
async def websocket_of_texts(side: Side) -> None:
    await side.call(echo, websocket(), [CONNECT, text("a"), text("é")])


@scenario
async def websocket_of_bytes(side: Side) -> None:
    await side.call(echo, websocket(), [CONNECT, data(b"a"), data(b"bb")])


@scenario
async def websocket_that_names_a_method(side: Side) -> None:
    await side.call(echo, websocket(method="GET"), [CONNECT, text("a")])


@scenario
async def websocket_without_messages(side: Side) -> None:
    await side.call(echo, websocket(), [CONNECT])


@scenario
async def websocket_closed_by_the_application(side: Side) -> None:
    await side.call(says(ACCEPT, {"type": "websocket.send", "text": "bye"}, CLOSE), websocket(), [CONNECT])


@scenario
async def websocket_closed_by_the_application_after_an_error(side: Side) -> None:
    await side.call(says(ACCEPT, {"type": "websocket.close", "code": 1011, "reason": "oops"}), websocket(), [CONNECT])


@scenario
async def websocket_refused(side: Side) -> None:
    await side.call(says(CLOSE), websocket(), [CONNECT])


@scenario
async def websocket_denied(side: Side) -> None:
    denial = {"type": "websocket.http.response.start", "status": 401, "headers": [(b"x-why", b"no")]}
    end = {"type": "websocket.http.response.body", "body": b"no", "more_body": False}
    await side.call(says(denial, end), websocket(), [CONNECT])


@scenario
async def websocket_denied_before_a_request(side: Side) -> None:
    denial = {"type": "websocket.http.response.start", "status": 401, "headers": [(b"content-length", b"777")]}
    end = {"type": "websocket.http.response.body", "body": b"no"}

    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await receive()
        for message in (denial, end) if scope["type"] == "websocket" else ({"type": "http.response.start", "status": 200, "headers": []}, body()):
            await send(dict(message))

    middleware = side.middleware(app)
    await side.serve(middleware, websocket(), [CONNECT])
    await side.serve(middleware, http())


@scenario
async def websocket_that_raises(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await receive()
        await send(dict(ACCEPT))
        raise ValueError("boom")

    await side.call(app, websocket(), [CONNECT])


@scenario
async def websocket_with_a_parent_of_the_client(side: Side) -> None:
    await side.call(echo, websocket("/ws", TRACEPARENT), [CONNECT, text("a")])


@scenario
async def websocket_that_is_not_sampled(side: Side) -> None:
    await side.call(echo, websocket("/ws", UNSAMPLED), [CONNECT, text("a")])


@scenario
async def websocket_without_children(side: Side) -> None:
    await side.call(echo, websocket(), [CONNECT, text("a")], exclude_spans=["receive", "send"])


@scenario
async def websocket_of_which_only_one_half_is_excluded(side: Side) -> None:
    for excluded in (["receive"], ["send"]):
        await side.call(echo, websocket(), [CONNECT, text("a")], exclude_spans=excluded)


@scenario
async def websocket_with_captured_headers(side: Side) -> None:
    accept = {"type": "websocket.accept", "headers": [(b"x-answer", b"a")]}
    await side.call(
        says(accept, CLOSE),
        websocket("/ws", (b"x-first", b"1")),
        [CONNECT],
        http_capture_headers_server_request=["x-first"],
        http_capture_headers_server_response=["x-answer"],
    )


@scenario
async def websocket_with_a_query(side: Side) -> None:
    await side.call(echo, websocket(query_string=b"room=1", scheme="wss", http_version="2"), [CONNECT])


@scenario
async def websocket_of_many_messages(side: Side) -> None:
    await side.call(echo, websocket(), [CONNECT, *[text(str(n)) for n in range(300)]])
