# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from asgi_call import call
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path
from django_site import application as django_application
from django_site import look, seen
from recorded import TRACE_ID, TRACEPARENT, noted, recorded

from spangard import OpenTelemetryMiddleware

pytestmark = pytest.mark.filterwarnings("error:async_to_sync was passed")


class Page(AsyncHttpConsumer):
    async def handle(self, body: bytes) -> None:
        look()
        await self.send_response(200, b"ok")


class Chat(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        look()
        await self.accept()


class SyncChat(WebsocketConsumer):
    """Channels runs its methods in a thread pool."""

    def connect(self) -> None:
        look()
        self.accept()


def application() -> Any:
    inner = URLRouter([path("", Page.as_asgi()), path("<int:page>/", Page.as_asgi())])
    return ProtocolTypeRouter(
        {
            "http": URLRouter(
                [
                    path("pages/<slug:book>/", inner),
                    re_path(r"^old/(?P<page>\d+)$", Page.as_asgi()),
                    re_path(r"^plain", inner),
                    re_path(r"", django_application),
                ]
            ),
            "websocket": URLRouter([path("ws/<str:room>/", Chat.as_asgi()), re_path(r"^sync/(?P<room>\w+)/$", SyncChat.as_asgi())]),
        }
    )


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/pages/b/", "/pages/<slug:book>/", 200),
        ("/pages/b/3/", "/pages/<slug:book>/<int:page>/", 200),
        ("/old/3", r"/old/(?P<page>\d+)$", 200),
        ("/plain/3/", "/plain/<int:page>/", 200),
        ("/items/7/", "/items/<int:pk>/", 200),
        ("/nowhere", None, 404),
        ("/items/7", None, 301),
    ],
)
def test_template_of_nested_routers_and_of_django_below(path: str, template: str | None, status: int) -> None:
    assert recorded(application(), path) == (template, status)


@pytest.mark.parametrize(
    ("path", "template", "in_thread"),
    [("/ws/lobby/", "/ws/<str:room>/", False), ("/sync/lobby/", r"/sync/(?P<room>\w+)/$", True)],
)
def test_websocket_consumers_have_routes_and_see_the_current_span(path: str, template: str, in_thread: bool) -> None:
    del seen[:]
    assert recorded(application(), path, websocket=True, headers=(TRACEPARENT,)) == (template, 101)
    assert seen == [(TRACE_ID, in_thread)]


@pytest.mark.parametrize("excluded", [(), ("receive", "send")])
def test_a_synchronous_consumer_whose_messages_are_only_counted_is_not_warned_of_send(excluded: tuple[str, ...]) -> None:
    unsampled = (TRACEPARENT[0], TRACEPARENT[1][:-1] + b"0")
    for header in (TRACEPARENT, unsampled):
        middleware = OpenTelemetryMiddleware(application(), exclude_spans=excluded)
        assert call(middleware, "/sync/lobby/", websocket=True, headers=(header,))[1] == 101


def test_http_consumer_sees_the_current_span() -> None:
    del seen[:]
    recorded(application(), "/old/3", headers=(TRACEPARENT,))
    assert seen == [(TRACE_ID, False)]


def test_path_that_no_router_knows_passes_its_exception_on() -> None:
    with pytest.raises(Exception, match="No route found"):
        recorded(application(), "/ws/a/b/c", websocket=True)
    assert not noted._notes


def test_router_that_finds_nothing_inside_gives_way_to_the_next_route() -> None:
    inner = URLRouter([path("<int:page>/", Page.as_asgi())])
    app = URLRouter([path("pages/", inner), path("pages/<slug:name>/", Page.as_asgi())])
    assert recorded(app, "/pages/3/") == ("/pages/<int:page>/", 200)
    assert recorded(app, "/pages/three/") == ("/pages/<slug:name>/", 200)
