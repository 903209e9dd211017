# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A Django project in one file, for the tests of Django and Channels."""

from __future__ import annotations

import threading
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import include, path, re_path
from django.views import View
from opentelemetry import trace

if not settings.configured:
    settings.configure(
        ROOT_URLCONF=__name__,
        SECRET_KEY="only a test",  # noqa: S106
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        LOGGING_CONFIG=None,
    )
    django.setup()

seen: list[tuple[str, bool]] = []
"""Of each look at the current span: its trace id, and whether the look was on another thread than the event loop's."""


def look() -> None:
    context = trace.get_current_span().get_span_context()
    seen.append((f"{context.trace_id:032x}", threading.current_thread() is not threading.main_thread()))


def item(request: Any, pk: int) -> HttpResponse:
    look()
    return HttpResponse(str(pk))


async def async_item(request: Any, pk: int) -> HttpResponse:
    look()
    return HttpResponse(str(pk))


def fail(request: Any) -> HttpResponse:
    raise RuntimeError("no")


async def stream(request: Any) -> StreamingHttpResponse:
    async def chunks() -> Any:
        yield b"a"
        yield b"b"

    return StreamingHttpResponse(chunks())


class Shop(View):
    def get(self, request: Any, name: str) -> JsonResponse:
        return JsonResponse({"name": name})


shop = [path("", Shop.as_view(), {"name": "all"}), path("<slug:name>/", Shop.as_view()), re_path(r"^old/(\d+)$", item)]
urlpatterns = [
    path("", Shop.as_view(), {"name": "home"}),
    path("items/<int:pk>/", item),
    path("async/<int:pk>/", async_item),
    path("fail", fail),
    path("stream", stream),
    path("shops/<int:city>/", include([path("find/<slug:name>", lambda request, **_: HttpResponse("ok"))])),
    path("shop/", include(shop)),
    re_path(r"^archive/(?P<pk>[0-9]{4})/$", item),
]
application = get_asgi_application()
