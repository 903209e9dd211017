# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Hooks get the current span, and whatever they do is survived."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import context

from asgi import hello, http_scope, run
from spangard import OpenTelemetryMiddleware

if TYPE_CHECKING:
    from engine import FakeEngine


def test_hooks_get_the_span_and_their_errors_are_events_on_it(engine: FakeEngine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await hello(scope, receive, send)

    seen: list[str] = []

    def on_send(span: Any, scope: Any, message: Any) -> None:
        seen.append(message["type"])
        raise RuntimeError("hook")

    wrapped: Any = OpenTelemetryMiddleware(
        app,
        default_span_details=lambda scope: ("named", {"detail": 1}),
        server_request_hook=lambda span, scope: span.set_attribute("hook", scope["path"]),
        client_request_hook=lambda span, scope, message: seen.append(message["type"]),
        client_response_hook=on_send,
    )
    server = run(wrapped, None, {"type": "http.request"})
    assert seen == ["http.request", "http.response.start", "http.response.body"]
    assert len(server.sent) == 2
    name, attributes, events, _, _ = engine.request()["span"]
    assert (name, attributes) == ("named", {"detail": 1, "hook": "/items/42"})
    assert [event[2]["exception.message"] for event in events] == ["hook", "hook"]


def test_a_hook_that_ends_the_process_leaves_nothing_behind(engine: FakeEngine) -> None:
    def leave(span: Any, scope: Any) -> None:
        raise SystemExit(3)

    app: Any = OpenTelemetryMiddleware(hello, server_request_hook=leave)

    async def main() -> None:
        before = context.get_current()
        with pytest.raises(SystemExit):
            await app(http_scope(), None, None)
        assert context.get_current() == before

    asyncio.run(main())
    assert not app.recorder.live
    assert engine.request()["failure"][0] == "SystemExit"


def test_hooks_of_excluded_spans_are_not_called(engine: FakeEngine) -> None:
    def never(*arguments: Any) -> None:
        raise AssertionError

    run(OpenTelemetryMiddleware(hello, client_response_hook=never, exclude_spans=["send"]))
    assert engine.request()["span"] is None
