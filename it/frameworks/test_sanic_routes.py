# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

import pytest
from asgi_call import call
from recorded import recorded
from sanic import Blueprint, Sanic, response
from sanic.exceptions import NotFound


async def index(request: Any) -> Any:
    return response.text("index")


async def user(request: Any, user_id: int) -> Any:
    return response.text(str(user_id))


def sync(request: Any, user_id: int) -> Any:
    return response.text(str(user_id))


async def fail(request: Any) -> Any:
    raise RuntimeError("no")


async def gone(request: Any, name: str) -> Any:
    raise NotFound(name)


async def stream(request: Any) -> None:
    answer = await request.respond()
    await answer.send("a")
    await answer.eof()


async def live(request: Any, ws: Any, room: str) -> None:
    await ws.send(room)


@cache
def application() -> Any:
    """One in a process, since starting it changes Sanic's own classes; before that it has no routes."""
    app = Sanic("spangard")
    users = Blueprint("users", url_prefix="/users", version=1)
    users.add_route(user, "/<user_id:int>")
    users.add_route(sync, "/<user_id:int>/sync")
    app.blueprint(users)
    app.add_route(index, "/")
    app.add_route(fail, "/fail")
    app.add_route(user, "/root/users/<user_id:int>", name="below_root")
    app.add_route(gone, "/gone/<name>")
    app.add_route(stream, "/stream")
    app.add_websocket_route(live, "/live/<room>")

    async def start() -> None:
        asked: asyncio.Queue[Any] = asyncio.Queue()
        told: asyncio.Queue[Any] = asyncio.Queue()
        lifespan = asyncio.create_task(app({"type": "lifespan"}, asked.get, told.put))
        await asked.put({"type": "lifespan.startup"})
        assert await told.get() == {"type": "lifespan.startup.complete"}
        lifespan.cancel()

    asyncio.run(start())
    return app


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/", "/", 200),
        ("/v1/users/7", "/v1/users/<user_id:int>", 200),
        ("/v1/users/7/sync", "/v1/users/<user_id:int>/sync", 200),
        ("/fail", "/fail", 500),
        ("/gone/x", "/gone/<name:str>", 404),
        ("/stream", "/stream", 200),
        ("/nowhere", None, 404),
        ("/v1/users/seven", None, 404),
    ],
)
def test_template_is_the_one_of_the_route(path: str, template: str | None, status: int) -> None:
    assert recorded(application(), path) == (template, status)


def test_method_without_a_handler_has_no_route() -> None:
    assert recorded(application(), "/v1/users/7", method="DELETE") == (None, 405)


def test_root_path_is_there_once() -> None:
    assert recorded(application(), "/root/users/7", root_path="/root") == ("/root/users/<user_id:int>", 200)
    # behind a proxy that cuts it off
    assert recorded(application(), "/v1/users/7", root_path="/root") == ("/root/v1/users/<user_id:int>", 200)


def test_websockets_have_routes() -> None:
    assert recorded(application(), "/live/lobby", websocket=True) == ("/live/<room:str>", 101)


def test_unrecorded_request_is_answered_as_ever() -> None:
    assert call(application(), "/v1/users/7")[1] == 200
