# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Facts of a request that need a closer look than the middleware's main path takes: hostile, odd or rare ones."""

from __future__ import annotations

import sys
from itertools import chain, islice

from ._endings import CANCELLED, FAILED, said_by
from ._values import integer, items, members, octets, text, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._asgi import Scope

    Failure = tuple[str, str, str, int]

MAX_REQUEST_TEXT = 8192
"""Bytes of text that one record takes from the client: path, query, host, user agent, method and such together."""

MAX_FIELD_TEXT = 2048
"""What each of these is cut to when together they are longer."""

USUAL = True
"""Written in place of the scheme and the version that most requests have: a text takes marshal five times as long."""

MAX_CLOSE_REASON = 123
"""Characters; RFC 6455 allows as many bytes."""

NO_REASON = ""
"""CPython has one of it."""

MAX_STACKTRACE = 16384
MAX_MESSAGE = 4096
MAX_SAID = 65536
"""Characters of what an exception says that are looked at."""

MAX_DEPTH = 8
"""Containers in containers, of a record's field: more than ours have, and less than the engine reads."""
MAX_CLEAN_ITEMS = 1024
"""Of a list in a record: ours have fewer."""

MAX_HEADERS = 1024
"""Of a message that are looked at, where they are not in a list."""

_WHOLE = slice(None)
traceback_of: Any = BaseException.__dict__["__traceback__"].__get__  # an exception's class may have its own


def headers_of(scope: Scope) -> list[Any]:
    """The request's headers as a list, for a scope that does not have them as one."""
    headers = scope.get("headers")
    if headers is None:
        return []
    found, instead = listed(headers)
    if instead is not headers:
        try:
            scope["headers"] = instead
        except Exception:  # a scope that takes none: its own is read as far as it was
            pass
    return found


def listed(headers: Any) -> tuple[list[Any], Any]:
    """The first MAX_HEADERS of ``headers``, and what is to be put in their place.

    The ASGI specification allows any iterable. Of another than a list or a tuple what is read here is put in front of
    the rest, so that whoever reads it next has all of it.
    """
    found = items(headers, MAX_HEADERS)
    if found is not None:
        return found, headers
    found = []
    try:
        rest = iter(headers)
    except BaseException as raised:  # nothing that can be read: for others to find out
        if type(raised) is KeyboardInterrupt:
            raise
        return found, headers
    try:
        for header in islice(rest, MAX_HEADERS):
            found.append(header)
        return found[:], found if len(found) < MAX_HEADERS else chain(found, rest)
    except BaseException as raised:
        if type(raised) is KeyboardInterrupt:
            raise
        return found[:], chain(found, rest)


def pairs(headers: list[Any]) -> list[tuple[bytes, bytes]]:
    """Those of ``headers`` that are pairs of byte strings."""
    found: list[tuple[bytes, bytes]] = []
    for header in headers:
        pair = items(header, 3)
        if (
            pair is not None
            and len(pair) == 2
            and issubclass(type(pair[0]), bytes)
            and issubclass(type(pair[1]), bytes)
        ):
            found.append((bytes.__getitem__(pair[0], _WHOLE), bytes.__getitem__(pair[1], _WHOLE)))
    return found


def lookup(headers: list[Any]) -> dict[bytes, bytes]:
    """Header name to value, skipping whatever is not a pair of byte strings."""
    return dict(pairs(headers))


def address(value: Any) -> tuple[Any, ...] | None:
    """``scope["client"]`` or ``["server"]`` as a record has it: a host and a port, what is none of these None."""
    found = items(value, 2)
    if not found:
        return None
    return tuple([text(part, MAX_FIELD_TEXT) if _has_text(part) else integer(part) for part in found])


def _has_text(value: Any) -> bool:
    return issubclass(type(value), (str, bytes))


def cut(method: Any, path: Any, scheme: Any, version: Any, *values: Any) -> tuple[Any, ...]:
    """A request's texts, each at most MAX_FIELD_TEXT long: four as str, the others as bytes.

    Scheme and version may be USUAL.
    """
    return (
        text(method, MAX_FIELD_TEXT),
        text(path, MAX_FIELD_TEXT) or "",
        scheme if scheme is USUAL else text(scheme, MAX_FIELD_TEXT),
        version if version is USUAL else text(version, MAX_FIELD_TEXT),
        *[octets(value, MAX_FIELD_TEXT) for value in values],
    )


def size_of(body: Any) -> int:
    """Length in bytes of a body or a text message; 0 of what is neither."""
    kind = type(body)
    if issubclass(kind, str):
        if str.isascii(body):
            return str.__len__(body)
        return len(str.encode(body, "utf-8", "surrogatepass"))
    if issubclass(kind, bytes):
        return bytes.__len__(body)
    if kind is memoryview:
        try:
            return body.nbytes  # type: ignore[no-any-return]
        except ValueError:  # released
            return 0
    return bytearray.__len__(body) if issubclass(kind, bytearray) else 0


def close_of(message: Any, default: int) -> int | tuple[int, str]:
    """The code a WebSocket was closed with; with its reason, if one was given."""
    code = message.get("code")
    if type(code) is not int or code >> 32:
        code = integer(code)
    reason = message.get("reason")
    if reason is not None and reason is not NO_REASON and issubclass(type(reason), str):
        reason = text(reason, MAX_CLOSE_REASON)
        if reason:
            return code or default, reason
    return code or default


def failure(error: Any, traceback: Any = None) -> Failure:
    """``(type, message, stack trace, what it says)``, as in `_endings`. Never raises; formats only what fits.

    ``traceback`` is what the exception had when it was seen, if that is longer ago. The exception's ``__str__`` is the
    one piece of a value's own code that telemetry calls, as whoever logs it does.
    """
    try:
        kind = type(error)
        if not issubclass(kind, BaseException):  # an application calls record_exception with anything
            return (type_name(kind), text(error, MAX_MESSAGE) or "", "", FAILED)
        said = said_by(error)
        message = _message(error)
        stacktrace = "" if said == CANCELLED else _stacktrace(error, message, traceback)
        return (type_name(kind), message[:MAX_MESSAGE], stacktrace, said)
    except Exception:
        return ("BaseException", "", "", FAILED)


def leave(error: BaseException) -> None:
    """Takes the caller's frame, which says nothing to a user, out of the traceback of what it caught and raises on by
    `raise` alone. Until Python 3.10 that statement puts it back.
    """
    traceback = traceback_of(error)
    if traceback is not None and traceback.tb_next is not None and traceback.tb_frame is sys._getframe(1):
        BaseException.with_traceback(error, traceback.tb_next)


def _message(error: BaseException) -> str:
    try:
        return text(str(error), MAX_SAID) or ""
    except BaseException as raised:
        if type(raised) is KeyboardInterrupt:  # somebody's Ctrl-C
            raise
        return ""


def _stacktrace(error: BaseException, said: str, seen: Any) -> str:
    from ._stack import StackTrace

    told = StackTrace(lambda other: said if other is error else _message(other)).of(error, seen)
    if len(told) > MAX_STACKTRACE:  # the end names the error: keep more of it
        head = MAX_STACKTRACE // 4
        told = told[:head] + "\n  …\n" + told[head + 5 - MAX_STACKTRACE :]
    return told


def clean(record: tuple[Any, ...], most: int) -> tuple[Any, ...]:
    """``record`` as marshal version 2 can write it and the engine read it, in at most ``most`` bytes. Never raises.

    What can not be written is None, or left out of a dict. For records that failed to encode.
    """
    left = most
    fields = []
    for value in record:
        room = [min(left, most // 4)]  # no field takes it all
        before = room[0]
        fields.append(_clean(value, room, 0))
        left -= before - room[0]
    return tuple(fields)


def _clean(value: Any, room: list[int], depth: int) -> Any:
    """``room`` holds how many bytes are left."""
    kind = type(value)
    room[0] -= 16
    if value is None or kind is bool or kind is float:
        return value
    if issubclass(kind, int):
        return int.__int__(value) if int.bit_length(value) <= 128 else None
    if room[0] <= 0:
        return None
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, str):
        kept = str.__getitem__(value, slice(min(MAX_STACKTRACE, room[0] // 4)))
        room[0] -= 4 * len(kept)
        return kept
    if issubclass(kind, bytes) or kind in (bytearray, memoryview):
        data = octets(value, min(MAX_REQUEST_TEXT, room[0]))
        room[0] -= len(data)
        return data
    if depth >= MAX_DEPTH:
        return None
    if issubclass(kind, dict):
        return {_clean(k, room, depth): _clean(v, room, depth + 1) for k, v in members(value) if room[0] > 0}
    found = items(value, min(MAX_CLEAN_ITEMS, max(0, room[0] // 16)))
    if found is None:
        return None
    kept_items = [_clean(item, room, depth + 1) for item in found]
    return tuple(kept_items) if issubclass(kind, tuple) else kept_items
