# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import falcon
import falcon.asgi
import pytest
from recorded import recorded


class Item:
    async def on_get(self, req: Any, resp: Any, **params: Any) -> None:
        resp.media = params

    async def on_get_all(self, req: Any, resp: Any) -> None:
        resp.text = "all"

    async def on_put(self, req: Any, resp: Any, **params: Any) -> None:
        raise falcon.HTTPConflict

    async def on_delete(self, req: Any, resp: Any, **params: Any) -> None:
        raise RuntimeError("no")

    async def on_websocket(self, req: Any, ws: Any, **params: Any) -> None:
        await ws.accept()


async def sink(req: Any, resp: Any, **params: Any) -> None:
    resp.text = "sink"


def application(prefix: str = "") -> Any:
    app = falcon.asgi.App()
    app.add_route(prefix + "/items/{id:int}", Item())
    app.add_route(prefix + "/items", Item(), suffix="all")
    app.add_route(prefix + "/users/{user}/pets/{pet}", Item())
    app.add_sink(sink, "/sink")
    return app


@pytest.mark.parametrize(
    ("method", "path", "template", "status"),
    [
        ("GET", "/items/7", "/items/{id:int}", 200),
        ("GET", "/items", "/items", 200),
        ("GET", "/users/ann/pets/rex", "/users/{user}/pets/{pet}", 200),
        ("PUT", "/items/7", "/items/{id:int}", 409),
        ("DELETE", "/items/7", "/items/{id:int}", 500),
        ("POST", "/items/7", "/items/{id:int}", 405),
        ("GET", "/items/seven", None, 404),
        ("GET", "/nowhere", None, 404),
        ("GET", "/sink/x", None, 200),
    ],
)
def test_template_is_the_one_of_the_resource(method: str, path: str, template: str | None, status: int) -> None:
    assert recorded(application(), path, method=method) == (template, status)


def test_root_path_is_there_once() -> None:
    whole = "/root/items/{id:int}"
    assert recorded(application("/root"), "/root/items/7", root_path="/root") == (whole, 200)
    # behind a proxy that cuts it off
    assert recorded(application(), "/items/7", root_path="/root") == (whole, 200)


def test_websockets_have_routes() -> None:
    assert recorded(application(), "/items/7", websocket=True) == ("/items/{id:int}", 101)
