# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

import django
from asgiref.sync import sync_to_async
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from common import chunks, look
from django.conf import settings
from django.urls import path

settings.configure(SECRET_KEY="only a test", ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)
django.setup()


class Item(AsyncHttpConsumer):
    async def handle(self, body):
        await self.send_response(200, look().encode())


class Sync(AsyncHttpConsumer):
    async def handle(self, body):
        await self.send_response(200, (await sync_to_async(look)()).encode())


class Fail(AsyncHttpConsumer):
    async def handle(self, body):
        raise RuntimeError("no")


class Stream(AsyncHttpConsumer):
    async def handle(self, body):
        await self.send_headers(headers=[])
        async for chunk in chunks():
            await self.send_body(chunk, more_body=True)
        await self.send_body(b"")


class Room(AsyncWebsocketConsumer):
    async def receive(self, text_data=None, bytes_data=None):
        await self.send(text_data)
        await self.close()


app = ProtocolTypeRouter(
    {
        "http": URLRouter(
            [path("items/<int:item>", Item.as_asgi()), path("sync/<int:item>", Sync.as_asgi()), path("fail", Fail.as_asgi()), path("stream", Stream.as_asgi())]
        ),
        "websocket": URLRouter([path("rooms/<str:room>", Room.as_asgi())]),
    }
)
