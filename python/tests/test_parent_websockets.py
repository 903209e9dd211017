# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A request that begins in the context of a WebSocket: below it while that is open."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from asgi import Server, websocket_scope
from siblings import ALICE, Seen, is_below, is_root, now, request
from spangard import OpenTelemetryMiddleware

pytestmark = pytest.mark.usefixtures("_sampler")


def test_a_running_websocket_is_a_parent_and_a_closed_one_is_not(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await seen.ask()
            is_below(seen, now())

        made: Any = OpenTelemetryMiddleware(app, profile=profile)
        server = Server({"type": "websocket.connect"})
        await made(websocket_scope(headers=[*ALICE]), server.receive, server.send)

    asyncio.run(main())


@pytest.mark.parametrize("exclude_spans", [None, ["receive", "send"]])
def test_a_closed_websocket_is_no_parent(exclude_spans: Any) -> None:
    seen = Seen()

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            first = now()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close"})
            await seen.ask_in(contextvars.copy_context())
            is_root(seen, first)

        made: Any = OpenTelemetryMiddleware(app, exclude_spans=exclude_spans)
        await made(websocket_scope(headers=[*ALICE]), Server().receive, Server().send)

    asyncio.run(main())


def test_a_websocket_in_a_stale_context_is_a_root(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        left: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            left.append((contextvars.copy_context(), now()))

        await request(app, profile)
        await seen.ask_in(left[0][0], websocket_scope())
        is_root(seen, left[0][1])

    asyncio.run(main())
