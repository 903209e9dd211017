# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Applications that do what none should, one a path. Served bare and recorded, with a witness on either side of the recorder."""

import asyncio

import odd_messages  # noqa: F401 - adds its own to ALL
from behaviour import ALL, Text, behaviour, body, start
from recording import recorded
from witness import Inside, Outside


class Odd(BaseException):
    """Not an ``Exception``."""


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no text for you")

    __repr__ = __str__


@behaviour
async def plain(scope, receive, send):
    await send(start())
    await send(body())


@behaviour
async def echo(scope, receive, send):
    data = b""
    while True:
        message = await receive()
        data += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send(start())
    await send(body(data))


@behaviour
async def raises_before(scope, receive, send):
    raise RuntimeError("before")


@behaviour
async def raises_during(scope, receive, send):
    await send(start())
    await send(body(b"half", more=True))
    raise RuntimeError("during")


@behaviour
async def raises_after(scope, receive, send):
    await send(start())
    await send(body())
    raise RuntimeError("after")


@behaviour
async def raises_base_exception(scope, receive, send):
    raise Odd("not an Exception")


@behaviour
async def raises_unprintable(scope, receive, send):
    raise Unprintable


@behaviour
async def raises_surrogates(scope, receive, send):
    raise RuntimeError("bad \udcff text \x00\x1b[31m")


@behaviour
async def raises_a_megabyte(scope, receive, send):
    raise RuntimeError("m" * 1_000_000)


@behaviour
async def raises_from_the_deep(scope, receive, send):
    def deeper(n):
        return deeper(n - 1) if n else 1 / 0

    try:
        deeper(800)
    except ZeroDivisionError as e:
        raise RuntimeError("deep") from e


@behaviour
async def no_response(scope, receive, send):
    return


@behaviour
async def returns_a_value(scope, receive, send):
    await send(start())
    await send(body())
    return 42


@behaviour
async def only_starts(scope, receive, send):
    await send(start())


@behaviour
async def leaves_more_to_come(scope, receive, send):
    await send(start())
    await send(body(b"half", more=True))


@behaviour
async def is_cancelled(scope, receive, send):
    asyncio.current_task().cancel()
    await asyncio.sleep(30)


@behaviour
async def is_cancelled_during(scope, receive, send):
    await send(start())
    await send(body(b"half", more=True))
    asyncio.current_task().cancel()
    await asyncio.sleep(30)


@behaviour
async def sends_after_the_end(scope, receive, send):
    await send(start())
    await send(body())
    await send(body(b"too late"))


@behaviour
async def starts_after_the_end(scope, receive, send):
    await send(start())
    await send(body())
    await send(start(500))


@behaviour
async def starts_twice(scope, receive, send):
    await send(start())
    await send(start(201))
    await send(body())


@behaviour
async def body_before_start(scope, receive, send):
    await send(body())


@behaviour
async def works_on_after_the_end(scope, receive, send):
    await send(start())
    await send(body())
    await asyncio.sleep(0.05)


@behaviour
async def changes_its_scope(scope, receive, send):
    scope["path"] = Text("/else\udcff")
    scope["method"] = None
    scope["route"] = object()
    scope["headers"] = None
    await send(start())
    await send(body())


@behaviour
async def empties_its_scope(scope, receive, send):
    scope.clear()
    await send(start())
    await send(body())


@behaviour
async def sends_from_a_task(scope, receive, send):
    async def later():
        await send(start())
        await send(body())

    await asyncio.create_task(later())


@behaviour
async def asks_once_more(scope, receive, send):
    await receive()
    await send(start())
    await send(body())
    await receive()


class Dispatcher:
    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return None
        return await ALL.get(scope["path"], plain)(scope, receive, send)


app = Outside(recorded(Inside(Dispatcher())))
