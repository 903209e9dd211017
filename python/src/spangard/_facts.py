# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts of a request that need a closer look than the middleware's main path takes: hostile, odd or rare ones."""

from __future__ import annotations

import sys

from ._endings import CANCELLED, FAILED, said_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping
    from typing import Any

    Scope = MutableMapping[str, Any]
    Failure = tuple[str, str, str, int]

MAX_REQUEST_TEXT = 8192
"""Bytes of text that one record takes from the client: path, query, host, user agent, method and such together."""

MAX_FIELD_TEXT = 2048
"""What each of these is cut to when together they are longer."""

MAX_CLOSE_REASON = 123
"""Characters; RFC 6455 allows as many bytes."""

MAX_STACKTRACE = 16384
MAX_MESSAGE = 4096


def headers_of(scope: Scope) -> list[Any]:
    """The request's headers as a list, for a scope that does not have them as one.

    The ASGI specification allows any iterable. A one-shot iterator is read here and the list put in its place, so that
    the application can still read it.
    """
    headers = scope.get("headers")
    if headers is None:
        return []
    if not isinstance(headers, (list, tuple)):
        try:
            headers = list(headers)
        except Exception:  # nothing that can be read: the application's to find out
            return []
        scope["headers"] = headers
    return list(headers)


def lookup(headers: Iterable[Any]) -> dict[bytes, bytes]:
    """Header name to value, skipping whatever is not a pair of byte strings."""
    found: dict[bytes, bytes] = {}
    for header in headers:
        try:
            name, value = header
        except (TypeError, ValueError):
            continue
        if isinstance(name, bytes) and isinstance(value, bytes):
            found[name] = value
    return found


def cut(method: Any, path: Any, root_path: Any, *texts: Any) -> tuple[Any, ...]:
    """The client's texts, each at most MAX_FIELD_TEXT long: three as str, the others as bytes."""
    return (
        None if method is None else (text_of(method) or "")[:MAX_FIELD_TEXT],
        (text_of(path) or "")[:MAX_FIELD_TEXT],
        (text_of(root_path) or "")[:MAX_FIELD_TEXT],
        *(bytes_of(text)[:MAX_FIELD_TEXT] for text in texts),
    )


def text_of(value: object) -> str | None:
    if value is None or type(value) is str:
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def bytes_of(value: object) -> bytes:
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else b""


def size_of(body: Any) -> int:
    """Length in bytes of a body or a text message."""
    if isinstance(body, str):
        return len(body) if body.isascii() else len(body.encode("utf-8", "surrogatepass"))
    if isinstance(body, memoryview):
        return body.nbytes
    return len(body)


def close_of(message: Any, default: int) -> int | tuple[int, str]:
    """The code a WebSocket was closed with; with its reason, if one was given."""
    code = int(message.get("code") or default)
    reason = message.get("reason")
    return (code, reason[:MAX_CLOSE_REASON]) if reason and type(reason) is str else code


def failure(error: BaseException, traceback: Any = None) -> Failure:
    """``(type, message, stack trace, what it says)``, as in `_endings`. Never raises; formats only what fits.

    ``traceback`` is what the exception had when it was seen, if that is longer ago.
    """
    try:
        name = type_of(error)
        said = said_by(error)
        try:
            message = str(error)[:MAX_MESSAGE]
        except Exception:
            message = ""
        return (name, message, "" if said == CANCELLED else _stacktrace(error, traceback), said)
    except Exception:
        return ("BaseException", "", "", FAILED)


def leave(error: BaseException) -> None:
    """Takes the caller's frame, which says nothing to a user, out of the traceback of what it caught and raises on by
    `raise` alone. Until Python 3.10 that statement puts it back.
    """
    traceback = error.__traceback__
    if traceback is not None and traceback.tb_next is not None and traceback.tb_frame is sys._getframe(1):
        error.__traceback__ = traceback.tb_next


def type_of(error: BaseException) -> str:
    """The qualified name of its class, of a builtin one without the module."""
    kind = type(error)
    module = kind.__module__
    return (kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}")[:256]


def _stacktrace(error: BaseException, seen: Any) -> str:
    import traceback

    try:
        text = "".join(traceback.format_exception(type(error), error, seen or error.__traceback__, limit=-64))
    except Exception:  # a __str__ or source line that can not be had
        return ""
    if len(text) > MAX_STACKTRACE:  # the end names the error: keep more of it
        head = MAX_STACKTRACE // 4
        text = text[:head] + "\n  …\n" + text[head + 5 - MAX_STACKTRACE :]
    return text


def clean(value: object, depth: int = 0) -> object:
    """``value`` as marshal version 2 can write it: exact builtin types, bounded. For records that failed to encode."""
    kind = type(value)
    if value is None or kind is bool or kind is float:
        return value
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return int(value) if -(1 << 127) < value < 1 << 128 else 0
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str.__str__(value)[:MAX_STACKTRACE]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)[:MAX_REQUEST_TEXT]
    if depth < 8:  # an attribute of an event that a hook added to a message's span
        if isinstance(value, (tuple, list)):
            items = [clean(item, depth + 1) for item in value[:4096]]
            return tuple(items) if isinstance(value, tuple) else items
        if isinstance(value, dict):
            return {clean(k, depth + 1): clean(v, depth + 1) for k, v in list(value.items())[:256]}
    try:
        return str(value)[:MAX_FIELD_TEXT]
    except Exception:
        return None
