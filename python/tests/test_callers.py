# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A request that begins while another one runs: below it if that made the call, else on its own."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from typing import Any

import pytest
from opentelemetry import context, trace

from asgi import Server, hello, http_scope
from siblings import Seen, in_context, is_below, is_root, now, request
from spangard import _parents

pytestmark = pytest.mark.usefixtures("_sampler")


def _awaited(do: Any) -> Any:
    return do()


def _gathered(do: Any) -> Any:
    return asyncio.gather(do())


async def _in_a_thread(do: Any) -> None:
    """As a synchronous handler with a test client: a loop of its own in another thread."""
    copied = contextvars.copy_context()
    await asyncio.get_running_loop().run_in_executor(None, lambda: copied.run(asyncio.run, do()))


@pytest.mark.parametrize("way", [_awaited, _gathered, _in_a_thread])
def test_a_call_that_the_application_makes_is_below_it(profile: str, way: Any) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await way(seen.ask)
            is_below(seen, now())
            await hello(scope, receive, send)

        await request(app, profile)

    asyncio.run(main())


@pytest.mark.parametrize("way", [_awaited, _gathered, _in_a_thread])
def test_calls_are_told_from_siblings_several_deep(profile: str, way: Any) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def middle(scope: Any, receive: Any, send: Any) -> None:
            await way(seen.ask)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await way(lambda: request(middle, profile, headers=[]))
            is_below(seen, now())

        await request(app, profile)

    asyncio.run(main())


def test_a_stream_of_the_same_http2_connection_is_a_root_while_the_other_runs(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await seen.ask_in(contextvars.copy_context(), http_scope(http_version="2"))
            is_root(seen, now())

        await request(app, profile, http_version="2")

    asyncio.run(main())


def test_a_call_from_an_http2_request_is_below_it(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await seen.ask(http_scope(http_version="2"))
            is_below(seen, now())

        await request(app, profile, http_version="2")

    asyncio.run(main())


def _bound(server: Server) -> tuple[Any, Any]:
    """As uvicorn's."""
    return server.receive, server.send


def _send_only(server: Server) -> tuple[Any, Any]:
    """As hypercorn's."""
    return asyncio.Queue[Any]().get, server.send


def _receive_only(server: Server) -> tuple[Any, Any]:
    return server.receive, asyncio.Queue[Any]().put


def _partial(server: Server) -> tuple[Any, Any]:
    """As daphne's."""
    return asyncio.Queue[Any]().get, functools.partial(server.send)


@pytest.mark.parametrize("calls", [_bound, _send_only, _receive_only, _partial])
def test_a_request_that_a_server_serves_came_over_the_network(
    profile: str, monkeypatch: pytest.MonkeyPatch, calls: Any
) -> None:
    """Whatever its connection's context is: the application may have started the server."""
    monkeypatch.setattr(_parents, "SERVERS", {Server.__module__})
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await in_context(contextvars.copy_context(), lambda: seen.app(http_scope(), *calls(Server())))
            is_root(seen, now())

        await request(app, profile)

    asyncio.run(main())


def test_a_stream_is_a_root_also_where_nothing_but_the_others_span_is_in_the_context(profile: str) -> None:
    seen = Seen(profile)

    async def main() -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            token = context.attach(trace.set_span_in_context(trace.get_current_span(), context.Context()))
            await seen.ask_in(contextvars.copy_context(), http_scope(http_version="2"))
            context.detach(token)
            is_root(seen, now())

        await request(app, profile, http_version="2")

    asyncio.run(main())
