# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""The three hooks and default_span_details."""

from __future__ import annotations

from typing import Any

from opentelemetry.trace import Status, StatusCode

from ..applications import body, echo, plain, responds, says, start
from ..scopes import CONNECT, TRACEPARENT, http, text, websocket
from ..side import Side, scenario


@scenario
async def span_details(side: Side) -> None:
    def details(scope: Any) -> tuple[str, dict[str, Any]]:
        return f"my {scope['method']}", {"custom": 1, "http.method": "MINE", "http.request.method": "MINE"}

    await side.call(plain, http(), default_span_details=details)


@scenario
async def span_details_with_a_route(side: Side) -> None:
    await side.call(plain, http(), default_span_details=lambda scope: ("GET /items/{id}", {"http.route": "/items/{id}"}))


@scenario
async def span_details_with_an_error_after(side: Side) -> None:
    await side.call(responds(500), http(), default_span_details=lambda scope: ("named", {"http.route": "/r"}))


@scenario
async def request_hook_sets_attributes(side: Side) -> None:
    def hook(span: Any, scope: Any) -> None:
        side.note(f"{scope['path']} {span.is_recording()}")
        span.set_attribute("from.hook", "yes")
        span.set_attribute("several", [1, 2])
        span.add_event("hooked", {"n": 1})

    await side.call(plain, http(), server_request_hook=hook)


@scenario
async def request_hook_renames(side: Side) -> None:
    await side.call(plain, http(), server_request_hook=lambda span, scope: span.update_name("renamed"))


@scenario
async def request_hook_overrides(side: Side) -> None:
    def hook(span: Any, scope: Any) -> None:
        for key in ("http.method", "http.request.method", "http.scheme", "url.scheme"):
            span.set_attribute(key, "hooked")

    await side.call(plain, http(), server_request_hook=hook)


@scenario
async def request_hook_sets_status(side: Side) -> None:
    await side.call(responds(500), http(), server_request_hook=lambda span, scope: span.set_status(Status(StatusCode.OK)))
    await side.call(responds(200), http(), server_request_hook=lambda span, scope: span.set_status(Status(StatusCode.ERROR, "hooked")))
    await side.call(responds(500), http(), server_request_hook=lambda span, scope: span.set_status(Status(StatusCode.ERROR, "hooked")))


@scenario
async def message_hooks(side: Side) -> None:
    def on_receive(span: Any, scope: Any, message: Any) -> None:
        side.note(f"received {message['type']} {scope['path']} {span.name if side.upstream else ''}".split(" GET")[0].strip())
        span.set_attribute("heard", message["type"])

    def on_send(span: Any, scope: Any, message: Any) -> None:
        side.note(f"sent {message['type']} {len(side.calls[-1]['sent'])}")
        span.set_attribute("said", message["type"])

    await side.call(says(start(), body(b"a", True), body(b"b")), http(), client_request_hook=on_receive, client_response_hook=on_send)


@scenario
async def message_hooks_rename_their_spans(side: Side) -> None:
    def hook(span: Any, scope: Any, message: Any) -> None:
        span.update_name("my " + message["type"])

    await side.call(plain, http(), client_request_hook=hook, client_response_hook=hook)


@scenario
async def message_hooks_set_what_is_set_after_them(side: Side) -> None:
    def hook(span: Any, scope: Any, message: Any) -> None:
        span.set_attribute("asgi.event.type", "hooked")
        span.set_attribute("http.status_code", 1)

    await side.call(plain, http(), client_request_hook=hook, client_response_hook=hook)


@scenario
async def hooks_that_raise(side: Side) -> None:
    def hook(span: Any, scope: Any, message: Any = None) -> None:
        raise ValueError("hook")

    await side.call(plain, http(), server_request_hook=hook, client_request_hook=hook, client_response_hook=hook)


@scenario
async def message_hooks_of_excluded_spans(side: Side) -> None:
    def hook(span: Any, scope: Any, message: Any) -> None:
        side.note(message["type"])

    for excluded in (["receive"], ["send"], ["receive", "send"]):
        await side.call(plain, http(), client_request_hook=hook, client_response_hook=hook, exclude_spans=excluded)


@scenario
async def response_hook_changes_the_message(side: Side) -> None:
    def hook(span: Any, scope: Any, message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-hook", b"1")]

    await side.call(plain, http(), client_response_hook=hook, http_capture_headers_server_response=["x-hook"])


@scenario
async def hooks_of_a_websocket(side: Side) -> None:
    def hook(span: Any, scope: Any, message: Any = None) -> None:
        side.note(f"{scope['path']} {message and message['type']}")
        span.set_attribute("hooked", True)

    await side.call(echo, websocket(), [CONNECT, text("a")], server_request_hook=hook, client_request_hook=hook, client_response_hook=hook)


@scenario
async def request_hook_sees_the_span_context(side: Side) -> None:
    def hook(span: Any, scope: Any) -> None:
        context = span.get_span_context()
        side.note(f"{context.trace_id:032x} {context.trace_flags:02x} {context.is_remote}")

    await side.call(plain, http("GET", "/", TRACEPARENT), server_request_hook=hook)
