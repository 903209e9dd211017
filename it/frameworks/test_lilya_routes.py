# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from django_site import application as django_application
from lilya.apps import ChildLilya, Lilya
from lilya.routing import Include, Path, WebSocketPath
from lilya.websockets import WebSocket
from recorded import recorded
from starlette.applications import Starlette
from starlette.routing import Mount


async def page() -> str:
    return "ok"


async def user(user_id: int) -> str:
    return str(user_id)


async def fail() -> str:
    raise RuntimeError("no")


async def live(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


def application() -> Lilya:
    users = [Path("/{user_id:int}", user), Path("/", page), WebSocketPath("/{user_id:int}/live", live)]
    child = ChildLilya(routes=[Include("/users", routes=users), Path("/files/{path:path}", page)])
    return Lilya(
        routes=[
            Path("/", page),
            Path("/fail", fail),
            Include("/users", routes=users),
            Include("/tenants/{tenant}", app=child),
            Include("/tenants/{tenant}/more", routes=[Path("/late", page)]),
            Include("/dj", app=django_application),
        ]
    )


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/", "/", 200),
        ("/users/7", "/users/{user_id}", 200),
        ("/fail", "/fail", 500),
        ("/tenants/acme/users/7", "/tenants/{tenant}/users/{user_id}", 200),
        ("/tenants/acme/files/a/b", "/tenants/{tenant}/files/{path}", 200),
        ("/dj/items/7/", "/dj/items/<int:pk>/", 200),
        ("/nowhere", None, 404),
        ("/users/seven", None, 404),
    ],
)
@pytest.mark.parametrize("root", ["", "/root"])
def test_template_is_the_whole_way_below_the_root_path(path: str, template: str | None, status: int, root: str) -> None:
    expected = None if template is None else root + template
    if status == 500:
        with pytest.raises(RuntimeError):  # as Starlette: answered, and passed on
            recorded(application(), root + path, root_path=root)
    else:
        assert recorded(application(), root + path, root_path=root) == (expected, status)


def test_method_without_a_handler_keeps_the_route() -> None:
    assert recorded(application(), "/users/7", method="DELETE") == ("/users/{user_id}", 405)


def test_websockets_have_routes() -> None:
    route = recorded(application(), "/tenants/acme/users/7/live", websocket=True)
    assert route == ("/tenants/{tenant}/users/{user_id}/live", 101)


def test_application_with_one_route_has_it() -> None:
    assert recorded(Lilya(routes=[Path("/users/{user_id:int}", user)]), "/users/7") == ("/users/{user_id}", 200)


def test_lilya_in_a_mount_of_starlette() -> None:
    app = Starlette(routes=[Mount("/shop/{shop}", application())])
    assert recorded(app, "/shop/acme/users/7") == ("/shop/{shop}/users/{user_id}", 200)
    assert recorded(app, "/shop/acme/tenants/t/users/7") == ("/shop/{shop}/tenants/{tenant}/users/{user_id}", 200)
