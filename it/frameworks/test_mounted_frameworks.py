# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Frameworks inside one another: the route is the whole way, with no part of a concrete path in it."""

from __future__ import annotations

from typing import Any

import pytest
import test_falcon_routes
import test_litestar_routes
import test_quart_routes
from asgi_call import call
from django_site import application as django_application
from litestar import Litestar, asgi
from recorded import recorded
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from spangard.frameworks import RouteNames

pytestmark = test_litestar_routes.pytestmark


async def page(request: Any) -> PlainTextResponse:
    return PlainTextResponse("ok")


def application() -> Starlette:
    return Starlette(
        routes=[
            Route("/page/{name}", page),
            Mount("/dj/{tenant}", django_application),
            Mount("/quart/{tenant}", test_quart_routes.application()),
            Mount("/star/{tenant}", test_litestar_routes.application()),
        ]
    )


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/page/x", "/page/{name}"),
        ("/dj/acme/items/7/", "/dj/{tenant}/items/<int:pk>/"),
        ("/quart/acme/users/7", "/quart/{tenant}/users/<int:user_id>"),
        ("/star/acme/users/7", "/star/{tenant}/users/{user_id}"),
    ],
)
@pytest.mark.parametrize("root", ["", "/root"])
def test_template_goes_through_a_mount_of_starlette(path: str, template: str, root: str) -> None:
    assert recorded(application(), root + path, root_path=root) == (root + template, 200)


def test_falcon_in_a_mount_of_starlette_has_matched_the_whole_path() -> None:
    app = Starlette(routes=[Mount("/falcon", test_falcon_routes.application("/falcon"))])
    assert recorded(app, "/falcon/items/7") == ("/falcon/items/{id:int}", 200)


def test_application_of_starlette_in_a_mount_of_litestar() -> None:
    inner = Starlette(routes=[Route("/page/{name}/", page)])

    @asgi("/mounted", is_mount=True)
    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)

    route, status = recorded(Litestar([mounted]), "/mounted/page/x")
    assert (route, status) == ("/mounted/page/{name}/", 200)


def test_application_without_a_framework_has_no_route_beside_others() -> None:
    async def plain(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("plain")(scope, receive, send)

    assert recorded(plain, "/x") == (None, 200)


def test_names_of_starlette_are_the_same_with_and_without_the_others() -> None:
    app = application()
    scope, _ = call(app, "/page/x")
    assert RouteNames().name(scope) == recorded(app, "/page/x")[0] == "/page/{name}"
