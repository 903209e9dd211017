# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions that a framework answers itself: type, message and stack are told, once, if the answer is 500 or above."""

from __future__ import annotations

from typing import Any

import falcon
import falcon.asgi
import pytest
import test_blacksheep_routes
import test_falcon_routes
import test_flask_routes
import test_litestar_routes
import test_quart_routes
import test_sanic_routes
from a2wsgi import WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi
from blacksheep import Application as BlackSheep
from connexion import AsyncApp, FlaskApp
from django.core.handlers.wsgi import WSGIHandler
from django_site import application as django_application
from fastapi import FastAPI, HTTPException
from lilya.apps import Lilya
from lilya.responses import PlainText
from lilya.routing import Path
from litestar import Litestar, get, websocket
from quart import Quart
from recorded import record_of
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute

pytestmark = [*[test_litestar_routes.pytestmark], pytest.mark.filterwarnings("ignore::UserWarning")]

UNSAMPLED = {"headers": ((b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),)}


class Unavailable(Exception):
    """Of the application's own, with a handler that answers 503."""


async def fail(*_: Any) -> Any:
    raise RuntimeError("no")


async def unavailable(request: Any) -> Any:
    raise Unavailable("later")


def starlette() -> Any:
    async def answer(request: Any, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("later", 503)

    async def gone(request: Any, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("gone", 404)

    app = Starlette(routes=[Route("/fail", unavailable), Route("/gone", fail)], exception_handlers={Unavailable: answer, RuntimeError: gone})
    return app


def connexion(kind: Any) -> Any:
    from connexion.resolver import Resolver

    app = kind(__name__)
    paths = {"/fail": {"get": {"operationId": "fail", "responses": {"200": {"description": "ok"}}}}}
    specification = {"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    app.add_api(specification, resolver=Resolver(function_resolver=lambda name: fail))
    return app


APPLICATIONS: dict[str, Any] = {
    "blacksheep": test_blacksheep_routes.application,
    "connexion": lambda: connexion(AsyncApp),
    "connexion, Flask": lambda: connexion(FlaskApp),
    "django": lambda: django_application,
    "django, WSGI": lambda: WsgiToAsgi(WSGIHandler()),
    "django in a mount": lambda: Starlette(routes=[Mount("/dj", django_application)]),
    "flask": lambda: WSGIMiddleware(test_flask_routes.application()),
    "flask, asgiref": lambda: WsgiToAsgi(test_flask_routes.application()),
    "litestar": test_litestar_routes.application,
    "quart": test_quart_routes.application,
    "sanic": test_sanic_routes.application,
}
everywhere = pytest.mark.parametrize("name", APPLICATIONS)


def path_of(name: str) -> str:
    return "/dj/fail" if "mount" in name else "/fail"


@everywhere
def test_unhandled_exception_is_told_with_its_stack(name: str) -> None:
    record = record_of(APPLICATIONS[name](), path_of(name))
    assert record[20] == 500
    kind, message, stack, cancelled = record[25]
    assert (kind, message, cancelled) == ("RuntimeError", "no", False)
    assert stack.startswith("Traceback (most recent call last):\n")
    assert stack.endswith("RuntimeError: no\n")
    assert "in fail" in stack
    assert not record[26], "told once"


@everywhere
def test_measurements_of_an_unsampled_request_have_its_type(name: str) -> None:
    record = record_of(APPLICATIONS[name](), path_of(name), **UNSAMPLED)
    assert (record[0], record[7], record[12][0]) == (3, 500, "RuntimeError")


@everywhere
def test_the_upstream_profile_has_it_as_an_event(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANGARD_PROFILE", "upstream")
    record = record_of(APPLICATIONS[name](), path_of(name))
    assert (record[0], record[24], record[29]) == (12, 500, None), "the status of the span is upstream's"
    [(event, _, facts)] = record[30][2]
    assert event == "exception"
    assert (facts["exception.type"], facts["exception.message"]) == ("RuntimeError", "no")


def test_falcon_tells_it_too() -> None:
    record = record_of(test_falcon_routes.application(), "/items/7", method="DELETE")
    assert record[25][:2] == ("RuntimeError", "no")
    assert record_of(test_falcon_routes.application(), "/items/7", method="PUT")[25:27] == (None, None), "409"


def test_answer_of_a_handler_of_the_applications_is_of_the_exception_it_handles() -> None:
    record = record_of(starlette(), "/fail")
    assert record[20] == 503
    assert record[25][:2] == (f"{__name__}.Unavailable", "later")
    assert "in unavailable" in record[25][2]


def test_exception_that_became_a_404_is_not_told() -> None:
    record = record_of(starlette(), "/gone")
    assert (record[20], record[25], record[26]) == (404, None, None)
    assert record_of(test_sanic_routes.application(), "/gone/x")[25:27] == (None, None)


def test_answer_that_is_raised_is_an_event_and_its_kind_the_status() -> None:
    app = FastAPI()

    @app.get("/busy")
    async def busy() -> None:
        raise HTTPException(503, "busy")

    record = record_of(app, "/busy")
    assert (record[20], record[25]) == (503, None)
    [(event, _, facts)] = record[26][2]
    assert (event, facts["exception.type"]) == ("exception", "fastapi.exceptions.HTTPException")
    assert record_of(app, "/busy", **UNSAMPLED)[12] is None


class Busy:
    async def on_get(self, req: Any, resp: Any) -> None:
        raise falcon.HTTPServiceUnavailable


def test_falcons_answers_are_known_by_their_line() -> None:
    app = falcon.asgi.App()
    app.add_route("/busy", Busy())
    record = record_of(app, "/busy")
    assert (record[20], record[25]) == (503, None)
    assert record[26][2][0][2]["exception.type"] == "falcon.errors.HTTPServiceUnavailable"


def test_exception_that_is_passed_on_is_told_once() -> None:
    async def answer(request: Any, exc: Exception) -> Any:
        return PlainText("no", status_code=500)

    for app in (
        Starlette(routes=[Route("/fail", fail)], exception_handlers={500: lambda request, exc: PlainTextResponse("no", 500)}),
        FastAPI(routes=[Route("/fail", fail)]),
        Lilya(routes=[Path("/fail", fail)], exception_handlers={500: answer}),
    ):
        middleware_record = _raising(app, "/fail")
        assert middleware_record[25][:2] == ("RuntimeError", "no")
        assert not middleware_record[26]


def _raising(app: Any, path: str) -> tuple[Any, ...]:
    async def outer(scope: Any, receive: Any, send: Any) -> None:
        with pytest.raises(RuntimeError):
            await inner(scope, receive, send)

    from asgi_call import call

    from spangard import OpenTelemetryMiddleware

    inner = OpenTelemetryMiddleware(app)
    del inner.recorder.records[:]
    call(outer, path)
    [record] = inner.recorder.records
    return record


def test_recorded_by_the_handler_too_it_is_told_once() -> None:
    from opentelemetry import trace

    app = FastAPI()

    @app.exception_handler(HTTPException)
    async def answer(request: Any, exc: HTTPException) -> PlainTextResponse:
        trace.get_current_span().record_exception(exc)
        return PlainTextResponse("busy", exc.status_code)

    @app.get("/busy")
    async def busy() -> None:
        raise HTTPException(503, "busy")

    assert len(record_of(app, "/busy")[26][2]) == 1


def test_websocket_that_a_framework_closes_for_an_exception() -> None:
    @websocket("/live")
    async def live(socket: Any) -> None:
        await socket.accept()
        raise RuntimeError("no")

    assert record_of(Litestar([live]), "/live", websocket=True)[25][:2] == ("RuntimeError", "no")

    quart = Quart(__name__)

    @quart.websocket("/live")
    async def quart_live() -> None:
        raise RuntimeError("no")

    assert record_of(quart, "/live", websocket=True)[25][:2] == ("RuntimeError", "no")

    black = BlackSheep()

    @black.router.ws("/live")
    async def black_live(websocket: Any) -> None:
        await websocket.accept()
        raise RuntimeError("no")

    assert record_of(black, "/live", websocket=True)[25][:2] == ("RuntimeError", "no")


def test_close_of_a_websocket_inside_an_except_clause_is_no_failure() -> None:
    async def live(websocket: Any) -> None:
        await websocket.accept()
        try:
            raise RuntimeError("no")
        except RuntimeError:
            await websocket.close(1000)

    assert record_of(Starlette(routes=[WebSocketRoute("/live", live)]), "/live", websocket=True)[25] is None


def test_exception_that_a_caller_handles_is_not_the_applications() -> None:
    async def busy(request: Any) -> PlainTextResponse:
        return PlainTextResponse("busy", 503)

    from asgi_call import call

    from spangard import OpenTelemetryMiddleware

    inner = OpenTelemetryMiddleware(Starlette(routes=[Route("/busy", busy)]))

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        try:
            raise RuntimeError("not its")
        except RuntimeError:
            await inner(scope, receive, send)

    del inner.recorder.records[:]
    call(outer, "/busy")
    [record] = inner.recorder.records
    assert record[25:27] == (None, None)


def test_debug_page_of_litestar_is_an_answer_like_others() -> None:
    @get("/fail")
    async def failing() -> None:
        raise RuntimeError("no")

    assert record_of(Litestar([failing], debug=True), "/fail")[25][:2] == ("RuntimeError", "no")
