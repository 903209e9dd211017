# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
from typing import Any

import django

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.contrib import admin  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import Http404, HttpResponse, StreamingHttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


def item(request: Any, pk: int = 0) -> HttpResponse:
    return HttpResponse(str(pk))


async def async_item(request: Any, pk: int) -> HttpResponse:
    return HttpResponse(str(pk))


def fail(request: Any) -> HttpResponse:
    raise RuntimeError("no")


async def async_fail(request: Any) -> HttpResponse:
    raise RuntimeError("no")


def gone(request: Any) -> HttpResponse:
    raise Http404("gone")


async def stream(request: Any) -> StreamingHttpResponse:
    async def chunks() -> Any:
        for n in range(5):
            yield f"{n}\n".encode()

    return StreamingHttpResponse(chunks())


class Chat(AsyncWebsocketConsumer):
    async def receive(self, text_data: str = "", bytes_data: bytes = b"") -> None:
        await self.send(f"{self.scope['url_route']['kwargs']['room']}: {text_data}")


urlpatterns = [
    path("", item),
    path("items/<int:pk>/", item),
    path("async/<int:pk>/", async_item),
    path("fail/", fail),
    path("async-fail/", async_fail),
    path("gone/", gone),
    path("stream/", stream),
    path("admin/", admin.site.urls),
]
application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter([path("ws/<str:room>/", Chat.as_asgi())])})
