# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from litestar import Controller, Litestar, Router, asgi, get, post, websocket
from litestar.connection import WebSocket
from litestar.exceptions import HTTPException
from opentelemetry import trace
from recorded import TRACE_ID, TRACEPARENT, recorded

# Current versions want other ways to declare parameters and mounts than 2.4 understands.
pytestmark = pytest.mark.filterwarnings("ignore:.*declared using deprecated", "ignore:.*copy_scope")

seen: list[str] = []


def look() -> None:
    seen.append(f"{trace.get_current_span().get_span_context().trace_id:032x}")


class Pets(Controller):
    path = "/pets"

    @get(["/", "/{name:str}"])
    async def pets(self, name: str = "") -> str:
        return name

    @post("/{name:str}")
    async def adopt(self, name: str) -> str:
        return name


@get("/")
async def index() -> str:
    return "index"


@get("/{user_id:int}")
async def user(user_id: int) -> int:
    look()
    return user_id


@get("/{user_id:int}/sync", sync_to_thread=True)
def sync(user_id: int) -> int:
    look()
    return user_id


@get("/fail")
async def fail() -> None:
    raise RuntimeError("no")


@get("/teapot")
async def teapot() -> None:
    raise HTTPException(status_code=418)


@get("/files/{rest:path}")
async def files(rest: Any) -> str:
    return str(rest)


@websocket("/{user_id:int}/live")
async def live(socket: WebSocket[Any, Any, Any], user_id: int) -> None:
    look()
    await socket.accept()
    await socket.close()


@asgi("/mounted", is_mount=True)
async def mounted(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@cache
def application() -> Litestar:
    users = Router("/users", route_handlers=[user, sync, live, Pets])
    return Litestar([index, fail, teapot, files, mounted, users])


@cache
def cuts_root_path() -> bool:
    """Later versions; before, a root path worked only behind a proxy that cuts it off."""
    return recorded(application(), "/root/users/7", root_path="/root")[1] == 200


@pytest.mark.parametrize(
    ("method", "path", "template", "status"),
    [
        ("GET", "/", "/", 200),
        ("GET", "/users/7", "/users/{user_id}", 200),
        ("GET", "/users/pets", "/users/pets", 200),
        ("GET", "/users/pets/rex", "/users/pets/{name}", 200),
        ("POST", "/users/pets/rex", "/users/pets/{name}", 201),
        ("GET", "/fail", "/fail", 500),
        ("GET", "/teapot", "/teapot", 418),
        ("GET", "/files/a/b", "/files/{rest}", 200),
        ("GET", "/mounted/a/b", "/mounted/{path}", 200),
        ("GET", "/nowhere", None, 404),
        ("DELETE", "/users/7", None, 405),
    ],
)
@pytest.mark.parametrize("root", ["", "/root"])
def test_template_is_the_one_of_the_handler_below_the_root_path(method: str, path: str, template: str | None, status: int, root: str) -> None:
    expected = None if template is None else root + template
    server_path = root + path if cuts_root_path() else path
    assert recorded(application(), server_path, method=method, root_path=root) == (expected, status)


def test_websockets_have_routes() -> None:
    assert recorded(application(), "/users/7/live", websocket=True) == ("/users/{user_id}/live", 101)


@pytest.mark.parametrize(("path", "is_websocket"), [("7", False), ("7/sync", False), ("7/live", True)])
def test_handlers_see_the_current_span(path: str, is_websocket: bool) -> None:
    del seen[:]
    recorded(application(), "/users/" + path, websocket=is_websocket, headers=(TRACEPARENT,))
    assert seen == [TRACE_ID]
