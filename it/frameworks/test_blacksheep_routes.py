# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

import pytest
from asgi_call import call
from blacksheep import Application, Request, Router, WebSocket, text
from django_site import application as django_application
from recorded import recorded


def application() -> Application:
    router = Router()
    app = Application(router=router)

    @router.get("/")
    async def index(request: Request) -> Any:
        return text("index")

    @router.get("/users/{int:user_id}")
    async def user(user_id: int) -> Any:
        return text(str(user_id))

    @router.get("/old/:key")
    async def old(request: Request) -> Any:
        return text(request.route_values["key"])

    @router.get("/fail")
    async def fail() -> Any:
        raise RuntimeError("no")

    @router.ws("/live/{room}")
    async def live(websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        await websocket.close()

    return app


@cache
def cuts_root_path() -> bool:
    """Later versions; before, a root path worked only behind a proxy that cuts it off."""
    return call(application(), "/root/users/7", root_path="/root")[1] == 200


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/", "/", 200),
        ("/users/7", "/users/{int:user_id}", 200),
        ("/old/x", "/old/:key", 200),
        ("/fail", "/fail", 500),
        ("/nowhere", None, 404),
        ("/users/seven", None, 404),
    ],
)
@pytest.mark.parametrize("root", ["", "/root"])
def test_template_is_as_it_was_written_below_the_root_path(path: str, template: str | None, status: int, root: str) -> None:
    expected = None if template is None else root + template
    server_path = root + path if cuts_root_path() else path
    assert recorded(application(), server_path, root_path=root) == (expected, status)


def test_method_without_a_handler_has_no_route() -> None:
    assert recorded(application(), "/users/7", method="DELETE") == (None, 404)


def test_websockets_have_routes() -> None:
    app = application()
    asyncio.run(app.start())
    assert recorded(app, "/live/lobby", websocket=True) == ("/live/{room}", 101)


def test_a_websocket_before_the_application_has_started_is_answered_as_ever() -> None:
    def before_and_after(serve: Any) -> list[int]:
        app = application()
        before = serve(app, "/live/lobby", websocket=True)[1]
        asyncio.run(app.start())
        return [before, call(app, "/live/lobby", websocket=True)[1]]

    assert before_and_after(recorded) == before_and_after(call), "its router remembers what it has found"


def test_templates_go_through_mounts() -> None:
    app = application()
    app.mount("/outer", application())
    app.mount("/dj", django_application)
    assert recorded(app, "/outer/users/7") == ("/outer/users/{int:user_id}", 200)
    assert recorded(app, "/dj/items/7/") == ("/dj/items/<int:pk>/", 200)
    assert recorded(app, "/dj/nowhere") == ("/dj/{path}", 404)
    assert recorded(app, "/users/7") == ("/users/{int:user_id}", 200)


def test_unrecorded_request_is_answered_as_ever() -> None:
    app = application()
    assert recorded(app, "/users/7")[1] == 200
    assert call(app, "/users/7")[1] == 200
