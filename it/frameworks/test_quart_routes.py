# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from opentelemetry import trace
from quart import Blueprint, Quart, websocket
from recorded import TRACE_ID, TRACEPARENT, recorded

seen: list[str] = []


def look() -> None:
    seen.append(f"{trace.get_current_span().get_span_context().trace_id:032x}")


@cache
def application() -> Quart:
    app = Quart(__name__)
    users = Blueprint("users", __name__, url_prefix="/users")
    pets = Blueprint("pets", __name__, url_prefix="/<int:user_id>/pets")

    @app.get("/")
    async def index() -> str:
        return "index"

    @users.get("/<int:user_id>")
    async def user(user_id: int) -> str:
        look()
        return str(user_id)

    @users.get("/<int:user_id>/sync")
    def sync(user_id: int) -> str:
        look()
        return str(user_id)

    @pets.get("/<name>")
    async def pet(user_id: int, name: str) -> str:
        return name

    @app.get("/fail")
    async def fail() -> str:
        raise RuntimeError("no")

    @app.get("/stream")
    async def stream() -> Any:
        async def chunks() -> Any:
            yield b"a"
            yield b"b"

        return chunks()

    @users.websocket("/<int:user_id>/live")
    async def live(user_id: int) -> None:
        look()
        await websocket.accept()

    users.register_blueprint(pets)
    app.register_blueprint(users)
    app.register_blueprint(users, name="more", url_prefix="/more")
    return app


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/", "/", 200),
        ("/users/7", "/users/<int:user_id>", 200),
        ("/more/7", "/more/<int:user_id>", 200),
        ("/users/7/pets/rex", "/users/<int:user_id>/pets/<name>", 200),
        ("/fail", "/fail", 500),
        ("/stream", "/stream", 200),
        ("/static/none.css", "/static/<path:filename>", 404),
        ("/nowhere", None, 404),
        ("/users/seven", None, 404),
    ],
)
@pytest.mark.parametrize("root", ["", "/root"])
def test_template_is_the_rule_with_blueprint_and_root_path(path: str, template: str | None, status: int, root: str) -> None:
    expected = None if template is None else root + template
    assert recorded(application(), root + path, root_path=root) == (expected, status)


def test_method_without_a_rule_has_no_route() -> None:
    assert recorded(application(), "/users/7", method="DELETE") == (None, 405)


def test_websockets_have_routes() -> None:
    route = recorded(application(), "/users/7/live", websocket=True)
    assert route == ("/users/<int:user_id>/live", 101)


@pytest.mark.parametrize(("path", "is_websocket"), [("7", False), ("7/sync", False), ("7/live", True)])
def test_handlers_see_the_current_span(path: str, is_websocket: bool) -> None:
    del seen[:]
    recorded(application(), "/users/" + path, websocket=is_websocket, headers=(TRACEPARENT,))
    assert seen == [TRACE_ID]
