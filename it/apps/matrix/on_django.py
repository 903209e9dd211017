# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

import django
from common import chunks, look
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="only a test", ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)
django.setup()


async def item(request, item):
    return HttpResponse(look())


def sync(request, item):
    return HttpResponse(look())


async def fail(request):
    raise RuntimeError("no")


async def stream(request):
    return StreamingHttpResponse(chunks())


urlpatterns = [path("items/<int:item>", item), path("sync/<int:item>", sync), path("fail", fail), path("stream", stream)]
app = get_asgi_application()
