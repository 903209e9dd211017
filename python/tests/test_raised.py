# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What an exception that leaves the application says of the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from asgi import run, websocket_scope
from responses import SUMS
from spangard import OpenTelemetryMiddleware
from spangard._endings import CANCELLED, CLIENT_LEFT, FAILED, said_by

if TYPE_CHECKING:
    from engine import FakeEngine


def kind(name: str, module: str, base: type = Exception) -> Any:
    return type(name, (base,), {"__module__": module})


DISCONNECT = kind("WebSocketDisconnect", "starlette.websockets")


def group(*exceptions: BaseException) -> BaseException:
    """As Python 3.11's and the package exceptiongroup's, on every version."""
    error: Any = kind("BaseExceptionGroup", "builtins")()
    error.exceptions = exceptions
    return error  # type: ignore[no-any-return]


MANY = group(*[asyncio.CancelledError()] * 100)
DEEP: BaseException = asyncio.CancelledError()
for _ in range(100):
    DEEP = group(DEEP)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError(), FAILED),
        (OSError(), FAILED),
        (asyncio.CancelledError(), CANCELLED),
        (GeneratorExit(), CANCELLED),
        (kind("Mine", "shop", asyncio.CancelledError)(), CANCELLED),
        (kind("Cancelled", "trio")(), CANCELLED),
        (DISCONNECT(), CLIENT_LEFT),
        (kind("Mine", "shop", DISCONNECT)(), CLIENT_LEFT),
        (kind("ClientDisconnect", "starlette.requests")(), CLIENT_LEFT),
        (kind("WebSocketDisconnect", "litestar.exceptions.websocket_exceptions")(), CLIENT_LEFT),
        (kind("WebSocketDisconnected", "falcon.errors")(), CLIENT_LEFT),
        (kind("ClientDisconnected", "uvicorn.protocols.utils", OSError)(), CLIENT_LEFT),
        (kind("WebSocketDisconnect", "shop.sockets")(), FAILED),
        (kind("WebSocketDisconnected", "starlette.websockets")(), FAILED),
        (group(asyncio.CancelledError(), DISCONNECT()), CANCELLED),
        (group(DISCONNECT(), group(DISCONNECT())), CLIENT_LEFT),
        (group(DISCONNECT(), ValueError()), FAILED),
        (group(), FAILED),
        (MANY, FAILED),
        (DEEP, FAILED),
    ],
)
def test_an_exception_says_what_its_class_says(error: BaseException, says: int) -> None:
    assert said_by(error) == says


def test_a_websocket_that_is_not_heard_is_told_what_the_exception_says_of_its_end(engine: FakeEngine) -> None:
    gone = DISCONNECT()
    gone.code = 1001

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        raise gone

    with pytest.raises(DISCONNECT):
        run(OpenTelemetryMiddleware(app, exclude_spans=SUMS), websocket_scope())
    record = engine.request()
    assert record["events"][3:] == [21, 0.0, 0.0, 1001]
    assert record["failure"][3] == CLIENT_LEFT
