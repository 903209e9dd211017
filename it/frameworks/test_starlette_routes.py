# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from asgi_call import call
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles

from spangard.frameworks import RouteNames
from spangard.frameworks.starlette import MAX_ROUTERS, StarletteRoutes


async def page(request: Any) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def other(request: Any) -> PlainTextResponse:
    return PlainTextResponse("other")


async def missing(request: Any) -> PlainTextResponse:
    raise HTTPException(404)


async def socket(websocket: Any) -> None:
    await websocket.accept()
    await websocket.close()


class View(HTTPEndpoint):
    async def get(self, request: Any) -> PlainTextResponse:
        return PlainTextResponse("view")


async def plain(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("plain")(scope, receive, send)


class Wordy(Convertor[str]):
    regex = "(a|b)+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("wordy", Wordy())


def named(app: Any, path: str, **how: Any) -> tuple[str | None, int]:
    names = RouteNames()
    scope, status = call(app, path, **how)
    first = names.name(scope)
    assert names.name(scope) == first, "the second look goes through the table"
    return first, status


def everything() -> Starlette:
    team = Starlette(routes=[Route("/", page), Route("/users/{user:int}", page), Route("/own", other)])
    guarded = Router([Route("/x/{id}", page)])
    return Starlette(
        routes=[
            Route("/", page),
            Route("/items/{id:int}", other, methods=["GET", "POST"]),
            Route("/files/{path:path}", page),
            Route("/gone", missing),
            Route("/view/{id}", View),
            Route("/partial", partial(page)),
            Route("/method", Holder().method),
            WebSocketRoute("/echo/{room}", socket),
            Mount("/nested", routes=[Mount("/deep/{level:int}", routes=[Route("/leaf/{id}", page)])]),
            Mount("/a/{x}", app=Mount("/n/{y}", app=Router([Route("/leaf/{i}", View)]))),
            Mount("/team/{team}", app=team),
            Mount("/copy", app=team),
            Mount("/ws", routes=[WebSocketRoute("/{room}", socket)]),
            Mount("/guarded", app=CORSMiddleware(GZipMiddleware(guarded), allow_origins=["*"])),
            Mount("/plain", app=plain),
            Mount("/tenant/{tenant}", app=plain),
            Mount("/static", app=StaticFiles(directory=".", check_dir=False)),
            Host("{sub}.example.org", app=Router([Route("/hosted/{id}", page)])),
        ]
    )


class Holder:
    async def method(self, request: Any) -> PlainTextResponse:
        return PlainTextResponse("method")


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/", "/", 200),
        ("/items/7", "/items/{id}", 200),
        ("/files/a/b/c", "/files/{path}", 200),
        ("/gone", "/gone", 404),
        ("/view/3", "/view/{id}", 200),
        ("/partial", "/partial", 200),
        ("/method", "/method", 200),
        ("/nested/deep/2/leaf/x", "/nested/deep/{level}/leaf/{id}", 200),
        ("/a/1/n/2/leaf/3", "/a/{x}/n/{y}/leaf/{i}", 200),
        ("/team/red/", "/team/{team}/", 200),
        ("/team/red/users/5", "/team/{team}/users/{user}", 200),
        ("/team/red/own", "/team/{team}/own", 200),
        ("/copy/users/5", "/copy/users/{user}", 200),
        ("/copy/own", "/copy/own", 200),
        ("/guarded/x/1", "/guarded/x/{id}", 200),
        ("/plain/a/b", "/plain/{path}", 200),
        ("/tenant/acme/a", "/tenant/{tenant}/{path}", 200),
        ("/static/nothing.css", "/static/{path}", 404),
        ("/nowhere", None, 404),
        ("/nested/nowhere", None, 404),
        ("/team/red/nowhere", None, 404),
        ("/guarded/nowhere", None, 404),
        ("/items/7/", None, 307),
        ("/copy/own/", None, 307),
    ],
)
@pytest.mark.parametrize("root_path", ["", "/api", "/api/v1/"])
def test_template_is_what_the_client_sees(path: str, template: str | None, status: int, root_path: str) -> None:
    server_path = root_path.rstrip("/") + path  # servers put the root path in front of the path
    app: Any = everything()
    if root_path.endswith("/"):
        app, server_path = stripped(app, root_path.rstrip("/")), server_path
        root_path = root_path.rstrip("/")
    elif not CUTS_ROOT_PATH and root_path:
        server_path = path
    expected = None if template is None else root_path + template
    assert named(app, server_path, root_path=root_path) == (expected, status)


def probe_cuts_root_path() -> bool:
    """Before 0.33 Starlette took scope["path"] as it came, and servers did not put the root path into it."""
    return call(Router([Route("/x", page)]), "/r/x", root_path="/r")[1] == 200


CUTS_ROOT_PATH = probe_cuts_root_path()


def stripped(app: Any, root_path: str) -> Any:
    """A server that learns its root path from a proxy, which has cut it off or not, as this Starlette wants it."""

    async def server(scope: Any, receive: Any, send: Any) -> None:
        scope["root_path"] = root_path
        if not CUTS_ROOT_PATH:
            scope["path"] = scope["path"][len(root_path) :]
        await app(scope, receive, send)

    return server


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE"])
def test_head_and_wrong_method_keep_the_route(method: str) -> None:
    status = {"HEAD": 200, "POST": 200, "DELETE": 405}[method]
    assert named(everything(), "/items/7", method=method) == ("/items/{id}", status)


@pytest.mark.parametrize(("path", "template"), [("/echo/red", "/echo/{room}"), ("/ws/blue", "/ws/{room}"), ("/nothing", None)])
def test_websockets_have_routes(path: str, template: str | None) -> None:
    assert named(everything(), path, websocket=True) == (template, 101 if template else 403)


def test_host_route_is_named_by_its_path() -> None:
    assert named(everything(), "/hosted/4", host="eu.example.org") == ("/hosted/{id}", 200)
    assert named(everything(), "/other", host="eu.example.org") == (None, 404)


def test_one_endpoint_under_several_routes_is_told_apart() -> None:
    shop = Router([Route("/list", page), Route("/{key}", page), Route("/w/{word:wordy}/{n}", page)])
    app = Starlette(routes=[Route("/a", page), Mount("/one", app=shop), Mount("/two/{shop}", app=shop)])
    assert named(app, "/a")[0] == "/a"
    assert named(app, "/one/list")[0] == "/one/list"
    assert named(app, "/one/thing")[0] == "/one/{key}"
    assert named(app, "/two/eu/list")[0] == "/two/{shop}/list"
    assert named(app, "/two/eu/thing")[0] == "/two/{shop}/{key}"
    assert named(app, "/two/eu/w/abba/3")[0] == "/two/{shop}/w/{word}/{n}"
    assert named(app, "/two/eu/w/none/3") == (None, 404)


def test_mount_repeating_its_own_name_is_told_apart() -> None:
    shop = Router([Route("/a/b", page), Route("/b", page)])
    app = Starlette(routes=[Mount("/a/a", app=shop), Mount("/a", app=shop)])
    assert named(app, "/a/a/a/b")[0] == "/a/a/a/b"
    assert named(app, "/a/a/b")[0] == "/a/a/b"
    assert named(app, "/a/b")[0] == "/a/b"


class Recording:
    """Stands where OpenTelemetryMiddleware would: names the route of the scope it was called with, after the call."""

    def __init__(self, app: Any, found: list[str | None]) -> None:
        self.app = app
        self.names = RouteNames()
        self.found = found

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)
        self.found.append(self.names.name(scope))


@pytest.mark.parametrize("path", ["/team/red/users/5", "/items/1"])
def test_works_as_added_middleware_and_within_base_http_middleware(path: str) -> None:
    app = everything()
    found: list[str | None] = []
    app.add_middleware(Recording, found=found)

    async def pass_on(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    call(app, path)
    assert found == ["/team/{team}/users/{user}" if path.startswith("/team") else "/items/{id}"]


def test_middleware_of_a_mounted_application_names_the_whole_route() -> None:
    found: list[str | None] = []
    inner = Starlette(routes=[Route("/x/{id}", page)], middleware=[Middleware(Recording, found=found)])
    call(Starlette(routes=[Mount("/in/{side}", app=inner)]), "/in/left/x/1")
    assert found == ["/in/{side}/x/{id}"]


def test_routes_added_after_the_first_request_are_found() -> None:
    app = Starlette(routes=[Route("/a", page), Mount("/m", routes=[])])
    names = RouteNames()
    assert names.name(call(app, "/a")[0]) == "/a"
    app.router.routes.append(Route("/b", page))
    assert names.name(call(app, "/b")[0]) == "/b"
    assert names.name(call(app, "/a")[0]) == "/a"
    app.router.routes[1].app.routes.append(Route("/deep/{id}", other))  # type: ignore[attr-defined]
    assert names.name(call(app, "/m/deep/1")[0]) == "/m/deep/{id}"


def test_walks_are_spaced_when_routers_are_made_for_each_request() -> None:
    now = [0.0]
    routes = StarletteRoutes(clock=lambda: now[0])
    named_routes = []
    for _ in range(3 * MAX_ROUTERS):
        scope, _ = call(Starlette(routes=[Mount("/m", routes=[Route("/x/{id}", page)])]), "/m/x/1")
        named_routes.append(routes.name(scope, scope["router"]))
    assert named_routes == ["/m/x/{id}"] * MAX_ROUTERS + [None] * 2 * MAX_ROUTERS
    now[0] = 1.0
    scope, _ = call(Starlette(routes=[Route("/y", page)]), "/y")
    assert routes.name(scope, scope["router"]) == "/y"


def test_application_mounted_in_itself_ends() -> None:
    app = Starlette(routes=[Route("/x", page)])
    app.router.routes.append(Mount("/again", app=app))
    assert named(app, "/again/again/x")[0] == "/again/again/x"


@pytest.mark.parametrize("router", [object(), 1, {"routes": 3}])
def test_foreign_router_in_the_scope_is_no_route(router: object) -> None:
    assert RouteNames().name({"type": "http", "router": router, "endpoint": page, "path": "/"}) is None


def test_plain_asgi_scope_has_no_route() -> None:
    assert named(plain, "/x") == (None, 200)
