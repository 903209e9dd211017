# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Flask below an ASGI application, by the adapters that bring it there."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from a2wsgi import WSGIMiddleware
from asgi_call import call
from asgiref.wsgi import WsgiToAsgi
from flask import Blueprint, Flask
from recorded import recorded
from starlette.applications import Starlette
from starlette.routing import Mount
from werkzeug.middleware.dispatcher import DispatcherMiddleware

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # each says that a2wsgi is to be preferred
    starlette_wsgi = importlib.import_module("starlette.middleware.wsgi")
    starlettes = starlette_wsgi.WSGIMiddleware
    uvicorns = importlib.import_module("uvicorn.middleware.wsgi")._WSGIMiddleware


class Responder(starlette_wsgi.WSGIResponder):
    """One of an application's own, with its own names for what it takes from Starlette."""

    build = staticmethod(starlette_wsgi.build_environ)

    async def __call__(self, receive: Any, send: Any) -> None:
        environ = self.build(self.scope, (await receive())["body"])
        async with anyio.create_task_group() as group:
            group.start_soon(self.sender, send)
            async with self.stream_send:
                await anyio.to_thread.run_sync(self.wsgi, environ, self.start_response)


def derived(app: Any) -> Any:
    async def serve(scope: Any, receive: Any, send: Any) -> None:
        await Responder(app, scope)(receive, send)

    return serve


ADAPTERS: list[Callable[[Any], Any]] = [WSGIMiddleware, WsgiToAsgi, starlettes, derived, uvicorns]
adapters = pytest.mark.parametrize("adapter", ADAPTERS, ids=["a2wsgi", "asgiref", "starlette", "derived", "uvicorn"])


def application() -> Flask:
    app = Flask(__name__)
    users = Blueprint("users", __name__, url_prefix="/users")

    @app.get("/")
    def index() -> str:
        return "index"

    @users.get("/<int:user_id>")
    def user(user_id: int) -> str:
        return str(user_id)

    @app.get("/fail")
    def fail() -> str:
        raise RuntimeError("no")

    app.register_blueprint(users)
    return app


@adapters
@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/", "/", 200),
        ("/users/7", "/users/<int:user_id>", 200),
        ("/fail", "/fail", 500),
        ("/static/none.css", "/static/<path:filename>", 404),
        ("/nowhere", None, 404),
        ("/users/seven", None, 404),
    ],
)
@pytest.mark.parametrize("root", ["", "/root"])
def test_template_is_the_rule_below_the_root_path(adapter: Callable[[Any], Any], path: str, template: str | None, status: int, root: str) -> None:
    expected = None if template is None else root + template
    assert recorded(adapter(application()), root + path, root_path=root) == (expected, status)


@adapters
@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/shop/acme/users/7", "/shop/{tenant}/users/<int:user_id>", 200),
        ("/shop/acme/nowhere", "/shop/{tenant}/{path}", 404),
        ("/users/7", "/users/<int:user_id>", 200),
        ("/nowhere", "/{path}", 404),
    ],
)
def test_rule_comes_after_the_mount(adapter: Callable[[Any], Any], path: str, template: str, status: int) -> None:
    app = Starlette(routes=[Mount("/shop/{tenant}", adapter(application())), Mount("/", adapter(application()))])
    assert recorded(app, path) == (template, status)
    assert recorded(app, "/root" + path, root_path="/root") == ("/root" + template, status)


@adapters
def test_flask_inside_a_dispatcher_of_werkzeug_is_told_with_its_prefix(adapter: Callable[[Any], Any]) -> None:
    wsgi = DispatcherMiddleware(application(), {"/admin": application()})
    app = Starlette(routes=[Mount("/shop/{tenant}", adapter(wsgi))])
    assert recorded(app, "/shop/acme/admin/users/7") == ("/shop/{tenant}/admin/users/<int:user_id>", 200)
    assert recorded(adapter(wsgi), "/admin/users/7") == ("/admin/users/<int:user_id>", 200)


@adapters
def test_unrecorded_request_is_answered_as_ever(adapter: Callable[[Any], Any]) -> None:
    app = adapter(application())
    assert recorded(app, "/users/7")[1] == 200  # the adapter is watched by now
    assert call(app, "/users/7")[1] == 200
