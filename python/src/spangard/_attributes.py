# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Values of attributes, made ours as `_values` makes all: scalars of four types, and lists of one of them.

No code of a value's own runs here; of types that are not built in, some of the standard library and numpy's scalars are
told. Any thread.
"""

from __future__ import annotations

import sys

from ._values import MAX_VALUE, fields_as, items, left_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    Scalar = Union[str, bool, int, float]

MAX_BITS = 4096
"""Of a whole number; Python refuses to write much larger ones."""
MAX_ITEMS = 128
"""Of a list in an attribute's value."""


def scalar(value: Any, room: int) -> Scalar | None:
    """``value`` as an attribute can be, texts cut to ``room`` characters; None for what is left out.

    Members of an Enum are their values. Of other types numpy's scalars are told, and dates, times, Decimal and UUID.
    """
    kind = type(value)
    if kind is str:
        return value[:room]  # type: ignore[no-any-return]
    if kind is bool or kind is float:
        return value  # type: ignore[no-any-return]
    plain = _plain(value, kind, room)
    if plain is None and value is not None and not issubclass(kind, int):
        plain = _told(value, kind, room)
    return plain


def _plain(value: Any, kind: type, room: int) -> Scalar | None:
    """Of a built-in type or a subclass of one."""
    if issubclass(kind, str):
        return str.__getitem__(value, slice(room))
    if kind is bool:
        return value  # type: ignore[no-any-return]
    if issubclass(kind, int):
        bits = int.bit_length(value)
        if bits > MAX_BITS:
            return None
        number = int.__int__(value)
        return number if bits < 64 else _digits(number)[:room] or None
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, (bytes, bytearray)):
        base = bytes if issubclass(kind, bytes) else bytearray
        return base.__getitem__(value, slice(4 * room)).decode("utf-8", "replace")[:room]
    return None


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError:  # the application allows fewer digits: sys.set_int_max_str_digits
        return ""


def _told(value: Any, kind: type, room: int) -> Scalar | None:
    try:
        from enum import Enum

        if issubclass(kind, Enum):
            inner = fields_as(value, Enum).get("_value_")
            return _plain(inner, type(inner), room)
        numpy: Any = getattr(sys.modules.get("numpy"), "generic", None)
        if issubclass(type(numpy), type) and issubclass(kind, numpy):
            inner = numpy.__dict__["item"](value)
            return _plain(inner, type(inner), room)
        if _is_of_the_standard_library(value, kind):
            return str(value)[:room]
    except Exception:  # made by other means than its class's
        pass
    left_out(kind, "give str, bool, int, float or a list of one of these")
    return None


def _is_of_the_standard_library(value: Any, kind: type) -> bool:
    """Exactly a date or time, a decimal number or a UUID, of a size that is written in no time."""
    for module, name in (("datetime", "datetime"), ("datetime", "time")):
        if kind is getattr(sys.modules.get(module), name, None):
            zoneinfo: Any = getattr(sys.modules.get("zoneinfo"), "ZoneInfo", None)
            timezone: Any = getattr(sys.modules.get(module), "timezone", None)
            return value.tzinfo is None or type(value.tzinfo) in (timezone, zoneinfo)
    for module, name in (("datetime", "date"), ("datetime", "timedelta")):
        if kind is getattr(sys.modules.get(module), name, None):
            return True
    if kind is getattr(sys.modules.get("decimal"), "Decimal", None):
        return bool(value.__sizeof__() < MAX_BITS)
    return kind is getattr(sys.modules.get("uuid"), "UUID", None) and type(value.int) is int


def attribute(value: Any, room: int) -> tuple[Scalar | list[Any] | None, int]:
    """As an attribute can be: a scalar, or a list of scalars of one type, None for any other; and how much of ``room``
    it takes: characters, and one for each of a list's items.
    """
    kind = type(value)
    found = None if kind is str else items(value, min(MAX_ITEMS, room))
    if found is None:
        told = scalar(value, min(MAX_VALUE, room))
        return told, len(told) if type(told) is str else 0
    left = room - len(found)
    kept: list[Any] = []
    for item in found:
        if item is not None:
            told = scalar(item, min(MAX_VALUE, max(0, left)))
            if told is None or (kept and type(told) is not type(kept[0])):
                return None, 0
            kept.append(told)
            left -= len(told) if type(told) is str else 0
    return kept, room - left
