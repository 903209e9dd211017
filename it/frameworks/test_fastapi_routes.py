# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import fastapi.routing
import pytest
from asgi_call import call
from fastapi import APIRouter, FastAPI, HTTPException, WebSocket
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from spangard.frameworks import RouteNames

KEEPS_INCLUDED_ROUTERS = hasattr(fastapi.routing, "_IncludedRouter")
"""FastAPI 0.137 and later; before, include_router copied the routes and ignored mounts."""
HAS_FRONTENDS = hasattr(FastAPI, "frontend")


def item(item_id: int) -> dict[str, int]:
    return {"id": item_id}


def everything() -> FastAPI:
    users = APIRouter(prefix="/users")

    @users.get("/{user_id}")
    async def user(user_id: int) -> dict[str, int]:
        return {"id": user_id}

    @users.get("")
    async def all_users() -> list[str]:
        return []

    @users.websocket("/{user_id}/live")
    async def live(websocket: WebSocket, user_id: int) -> None:
        await websocket.accept()
        await websocket.close()

    users.add_api_route("/{item_id}/item", item, methods=["GET"])

    api = APIRouter(prefix="/api")
    api.include_router(users, prefix="/v1")
    api.include_router(users, prefix="/v2/{region}")

    sub = FastAPI()

    @sub.get("/things/{thing}")
    async def read_thing(thing: str) -> str:
        return thing

    sub.include_router(users)

    app = FastAPI()

    @app.get("/")
    async def index() -> str:
        return "index"

    @app.get("/twice/{item_id}")
    @app.get("/again/{item_id}")
    async def both(item_id: int) -> int:
        return item_id

    @app.get("/error")
    async def error() -> None:
        raise HTTPException(418)

    @app.get("/files/{path:path}")
    async def files(path: str) -> str:
        return path

    @app.get("/key/{key}")
    @app.post("/key/special")
    async def overlapping() -> str:
        return "ok"

    app.add_api_route("/items/{item_id}", item)
    app.include_router(api)
    app.include_router(users, prefix="/direct")
    app.mount("/sub", sub)
    app.mount("/tenant/{tenant}", sub)
    app.mount("/static", StaticFiles(directory=".", check_dir=False))
    return app


def named(app: Any, path: str, **how: Any) -> tuple[str | None, int]:
    names = RouteNames()
    scope, status = call(app, path, **how)
    first = names.name(scope)
    assert names.name(scope) == first, "the second look goes through the table"
    return first, status


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/", "/", 200),
        ("/items/7", "/items/{item_id}", 200),
        ("/items/seven", "/items/{item_id}", 422),
        ("/twice/1", "/twice/{item_id}", 200),
        ("/again/1", "/again/{item_id}", 200),
        ("/error", "/error", 418),
        ("/files/a/b", "/files/{path}", 200),
        ("/api/v1/users", "/api/v1/users", 200),
        ("/api/v1/users/5", "/api/v1/users/{user_id}", 200),
        ("/api/v1/users/5/item", "/api/v1/users/{item_id}/item", 200),
        ("/api/v2/eu/users/5", "/api/v2/{region}/users/{user_id}", 200),
        ("/direct/users/5", "/direct/users/{user_id}", 200),
        ("/sub/things/x", "/sub/things/{thing}", 200),
        ("/sub/users/5", "/sub/users/{user_id}", 200),
        ("/sub/docs", "/sub/docs", 200),
        ("/tenant/acme/things/x", "/tenant/{tenant}/things/{thing}", 200),
        ("/tenant/acme/users/5", "/tenant/{tenant}/users/{user_id}", 200),
        ("/tenant/acme/openapi.json", "/tenant/{tenant}/openapi.json", 200),
        ("/static/x.css", "/static/{path}", 404),
        ("/docs", "/docs", 200),
        ("/openapi.json", "/openapi.json", 200),
        ("/nowhere", None, 404),
        ("/sub/nowhere", None, 404),
        ("/api/v1/nowhere", None, 404),
        ("/items/7/", None, 307),
        ("/api/v1/users/", None, 307),
    ],
)
@pytest.mark.parametrize("names_before", [(), ("/sub/things/x", "/nowhere")])
def test_template_is_what_the_client_sees(path: str, template: str | None, status: int, names_before: tuple[str, ...]) -> None:
    app, names = everything(), RouteNames()
    for before in names_before:
        names.name(call(app, before)[0])
    scope, got = call(app, path)
    assert (names.name(scope), got) == (template, status)


@pytest.mark.parametrize(
    ("method", "path", "template", "status"),
    [
        ("HEAD", "/items/7", "/items/{item_id}", 405),
        ("POST", "/items/7", "/items/{item_id}", 405),
        ("DELETE", "/api/v1/users/5", "/api/v1/users/{user_id}", 405),
        ("DELETE", "/api/v2/eu/users/5", "/api/v2/{region}/users/{user_id}", 405),
        ("POST", "/key/special", "/key/special", 200),
        ("GET", "/key/special", "/key/{key}", 200),
        ("HEAD", "/docs", "/docs", 200),
    ],
)
def test_method_decides_between_routes_and_a_wrong_one_keeps_the_route(method: str, path: str, template: str, status: int) -> None:
    assert named(everything(), path, method=method) == (template, status)


@pytest.mark.parametrize(("prefix", "template"), [("/direct", "/direct"), ("/sub", "/sub"), ("/tenant/acme", "/tenant/{tenant}")])
def test_websockets_have_routes(prefix: str, template: str) -> None:
    assert named(everything(), f"{prefix}/users/4/live", websocket=True) == (f"{template}/users/{{user_id}}/live", 101)


def cuts_root_path() -> bool:
    async def page(request: Any) -> PlainTextResponse:
        return PlainTextResponse("ok")

    return call(fastapi.routing.APIRouter(routes=[Route("/x", page)]), "/r/x", root_path="/r")[1] == 200


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/items/7", "/items/{item_id}"),
        ("/api/v1/users/5", "/api/v1/users/{user_id}"),
        ("/sub/things/x", "/sub/things/{thing}"),
        ("/tenant/acme/users/5", "/tenant/{tenant}/users/{user_id}"),
        ("/nowhere", None),
    ],
)
def test_root_path_is_there_once(path: str, template: str | None) -> None:
    expected = None if template is None else "/root" + template
    server_path = "/root" + path if cuts_root_path() else path
    assert named(everything(), server_path, root_path="/root")[0] == expected

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = FastAPI(root_path="/root")
    app.router.routes.extend(everything().router.routes)
    assert named(app, server_path)[0] == expected
    assert named(app, server_path, root_path="/root")[0] == expected
    if template is not None and "/sub" not in template and "/tenant" not in template:
        assert named(app, path)[0] == expected  # behind a proxy that cuts it off


def test_fastapi_mounted_in_starlette_and_the_other_way_round() -> None:
    from starlette.applications import Starlette

    app = Starlette(routes=[Mount("/outer/{o}", app=everything())])
    assert named(app, "/outer/1/items/3")[0] == "/outer/{o}/items/{item_id}"
    assert named(app, "/outer/1/docs")[0] == "/outer/{o}/docs"
    assert named(app, "/outer/1/tenant/acme/users/5")[0] == "/outer/{o}/tenant/{tenant}/users/{user_id}"
    assert named(app, "/outer/1/api/v2/eu/users/5")[0] == "/outer/{o}/api/v2/{region}/users/{user_id}"
    assert named(app, "/outer/1/nowhere") == (None, 404)


def test_routes_added_after_the_first_request_are_found() -> None:
    app, names = FastAPI(), RouteNames()
    router = APIRouter(prefix="/late")
    app.add_api_route("/items/{item_id}", item)
    app.include_router(router)
    assert names.name(call(app, "/items/1")[0]) == "/items/{item_id}"
    app.add_api_route("/more/{item_id}", item)
    assert names.name(call(app, "/more/1")[0]) == "/more/{item_id}"
    assert names.name(call(app, "/items/1")[0]) == "/items/{item_id}"


if KEEPS_INCLUDED_ROUTERS:

    def test_routes_added_to_an_included_router_are_found() -> None:
        app, names, router = FastAPI(), RouteNames(), APIRouter(prefix="/late")
        app.include_router(router, prefix="/one")
        app.include_router(router, prefix="/two")
        assert names.name(call(app, "/docs")[0]) == "/docs"
        router.add_api_route("/{item_id}", item)
        assert names.name(call(app, "/two/late/1")[0]) == "/two/late/{item_id}"
        router.add_api_route("/again/{item_id}", item)
        assert names.name(call(app, "/two/late/again/1")[0]) == "/two/late/again/{item_id}"

    def test_mounts_and_plain_routes_of_included_routers_have_their_prefix() -> None:
        async def page(request: Any) -> PlainTextResponse:
            return PlainTextResponse("ok")

        router = APIRouter()
        router.mount("/m/{m}", FastAPI())
        router.mount("/plain", PlainTextResponse("plain"))
        router.add_route("/route/{x:int}", page)
        app = FastAPI()
        app.include_router(router, prefix="/in/{p}")
        app.include_router(router, prefix="/also")
        assert named(app, "/in/1/m/2/docs") == ("/in/{p}/m/{m}/docs", 200)
        assert named(app, "/also/m/2/docs") == ("/also/m/{m}/docs", 200)
        assert named(app, "/also/plain/x") == ("/also/plain/{path}", 200)
        assert named(app, "/in/1/route/4") == ("/in/{p}/route/{x}", 200)


if HAS_FRONTENDS:

    def test_frontend_is_named_by_its_place(tmp_path: Path) -> None:
        (tmp_path / "index.html").write_text("<p>hello")
        app, inner = FastAPI(), APIRouter()
        app.frontend("/", directory=tmp_path)
        inner.frontend("/ui", directory=tmp_path)
        app.include_router(inner, prefix="/in")
        assert named(app, "/index.html") == ("/{path}", 200)
        assert named(app, "/in/ui/index.html") == ("/in/ui/{path}", 200)
        assert named(app, "/docs") == ("/docs", 200)
        assert named(app, "/root/in/ui/index.html", root_path="/root") == ("/root/in/ui/{path}", 200)

    def test_frontend_below_mounts_is_named_by_the_whole_way(tmp_path: Path) -> None:
        (tmp_path / "index.html").write_text("<p>hello")
        ui, inner = FastAPI(), APIRouter()
        ui.frontend("/front", directory=tmp_path)
        ui.add_api_route("/items/{item_id}", item)
        inner.frontend("/included", directory=tmp_path)
        ui.include_router(inner, prefix="/in")
        api = FastAPI()
        api.mount("/deep", ui)
        app = FastAPI()
        app.mount("/ui", ui)
        app.mount("/tenant/{tenant}", ui)
        app.mount("/api", api)
        assert named(app, "/ui/front/index.html") == ("/ui/front/{path}", 200)
        assert named(app, "/ui/front/no.js") == ("/ui/front/{path}", 404)
        assert named(app, "/tenant/acme/front/index.html") == ("/tenant/{tenant}/front/{path}", 200)
        assert named(app, "/tenant/acme/in/included/index.html") == ("/tenant/{tenant}/in/included/{path}", 200)
        assert named(app, "/api/deep/front/index.html") == ("/api/deep/front/{path}", 200)
        assert named(app, "/root/ui/front/index.html", root_path="/root") == ("/root/ui/front/{path}", 200)
        assert named(app, "/ui/items/7") == ("/ui/items/{item_id}", 200)
        assert named(app, "/ui/nowhere") == (None, 404)

    def test_frontend_at_the_root_of_a_mount_at_the_root(tmp_path: Path) -> None:
        (tmp_path / "index.html").write_text("<p>hello")
        ui, app = FastAPI(), FastAPI()
        ui.frontend("/", directory=tmp_path)
        app.mount("/", ui)
        assert named(app, "/index.html") == ("/{path}", 200)
