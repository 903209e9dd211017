# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Exceptions of the application and of the server, at every moment."""

from __future__ import annotations

import asyncio
from typing import Any

from ..applications import Receive, Send, body, plain, start
from ..scopes import http
from ..side import BODY, Side, scenario


class Broken(Exception):
    pass


def raises(error: BaseException, *before: Any) -> Any:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        for message in before:
            await send(message)
        raise error

    return app


@scenario
async def raises_before_the_response(side: Side) -> None:
    await side.call(raises(ValueError("boom")), http())


@scenario
async def raises_its_own_exception(side: Side) -> None:
    await side.call(raises(Broken("mine")), http())


@scenario
async def raises_without_a_message(side: Side) -> None:
    await side.call(raises(ValueError()), http())


@scenario
async def raises_after_the_start(side: Side) -> None:
    await side.call(raises(ValueError("boom"), start()), http())


@scenario
async def raises_after_a_start_with_500(side: Side) -> None:
    await side.call(raises(ValueError("boom"), start(500)), http())


@scenario
async def raises_in_the_body(side: Side) -> None:
    await side.call(raises(ValueError("boom"), start(), body(b"a", True)), http())


@scenario
async def raises_after_the_response(side: Side) -> None:
    await side.call(raises(ValueError("late"), start(), body()), http())


@scenario
async def is_cancelled(side: Side) -> None:
    await side.call(raises(asyncio.CancelledError()), http())


@scenario
async def is_cancelled_after_the_start(side: Side) -> None:
    await side.call(raises(asyncio.CancelledError("stop"), start()), http())


@scenario
async def exits(side: Side) -> None:
    await side.call(raises(GeneratorExit()), http())


@scenario
async def is_cancelled_while_it_receives(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await send(start())
        await send(body())

    await side.call(app, http(), [BODY, asyncio.Event().wait])


@scenario
async def receive_raises(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await receive()

    await side.call(app, http(), [OSError("reset")])


@scenario
async def receive_raises_and_the_application_answers(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        try:
            await receive()
        except OSError:
            await send(start(400))
            await send(body())

    await side.call(app, http(), [OSError("reset")])


@scenario
async def send_raises(side: Side) -> None:
    await side.serve(side.middleware(plain), http(), fails_at=1)


@scenario
async def send_raises_and_the_application_goes_on(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        await send(start())
        try:
            await send(body())
        except OSError:
            side.note("gone")

    await side.serve(side.middleware(app), http(), fails_at=1)


@scenario
async def scopes_of_other_types(side: Side) -> None:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        side.note(scope["type"])

    for kind in ("lifespan", "other"):
        await side.call(app, {"type": kind})
