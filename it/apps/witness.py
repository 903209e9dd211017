# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Writes down what an application saw from inside and what a server saw from outside, one JSON line a request.

The recorder, if any, sits between ``Inside`` and ``Outside``. What it may not change must be equal with and without it.
"""

import json
import os
import re

# what the recorder is allowed to add to a scope
ADDED = re.compile(r"^(fastapi\.telemetry|spangard)$")


def plain(value):
    """A stable text of anything; addresses of objects are no difference. Nor are the ports of this connection."""
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
    return re.sub(r"\('127\.0\.0\.1', \d+\)", "('127.0.0.1', PORT)", text)


def what_of(error):
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    try:
        return [name, str(error)[:500]]
    except Exception as e:
        return [name, f"str: {e!r}"]


class Outside:
    """Stands where the server is: messages, result and exception that come out."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        notes = {"path": plain(scope.get("path"))[:200], "asked": 0, "messages": [], "raised": None, "returned": None}

        async def noting_receive():
            notes["asked"] += 1
            return await receive()

        async def noting_send(message):
            if isinstance(message, dict):
                notes["messages"].append({k: plain(v)[:2000] if k != "headers" else type(v).__name__ for k, v in message.items()})
            else:
                notes["messages"].append(plain(message))
            return await send(message)

        try:
            result = await self.app(scope, noting_receive, noting_send)
            notes["returned"] = plain(result)
            return result
        except BaseException as e:
            notes["raised"] = what_of(e)
            raise
        finally:
            write("outside", notes)


class Inside:
    """Stands where the application is: its scope, what it received, what ``send`` did to it."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        notes = {"received": [], "sent": [], "raised": None}
        notes["scope"] = {k: plain(v) for k, v in sorted(scope.items()) if not ADDED.match(k) and k != "headers"}
        headers = scope.get("headers")
        # a one-shot iterator was read by the recorder, so the application gets the list of what it gave
        notes["headers"] = "list" if hasattr(headers, "__next__") else type(headers).__name__

        async def noting_receive():
            message = await receive()
            notes["received"].append(plain(message))
            return message

        async def noting_send(message):
            try:
                result = await send(message)
            except BaseException as e:
                notes["sent"].append(what_of(e))
                raise
            notes["sent"].append(plain(result))
            return result

        try:
            return await self.app(scope, noting_receive, noting_send)
        except BaseException as e:
            notes["raised"] = what_of(e)
            raise
        finally:
            write("inside", notes)


def write(side, notes):
    line = json.dumps({"side": side, **notes}, sort_keys=True) + "\n"
    with open(os.environ["WITNESS"], "a") as file:
        file.write(line)
