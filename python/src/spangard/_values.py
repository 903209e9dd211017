# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Values of an application, a hook, a server or a client, made ours: exact built-in types, bounded, or left out.

No code of a value's own runs here, so nothing raises and nothing waits: a value is told by its type, which it cannot
hide (``isinstance`` would ask its ``__class__``), and a subclass of a built-in type is read by that type's own methods.
Any thread. RATIONALE.md: How can a value that an application hands over be harmless?
"""

from __future__ import annotations

import builtins
import sys
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_MEMBERS = 1024
"""Of a dict of attributes that are looked at."""
MAX_TYPES_SAID = 64
"""Types of values that are said to be left out, each once."""
MAX_VALUE = 4096
"""Characters of a name or a text."""
MAX_TYPE_NAME = 256

_said: set[str] = set()
_module_of: Any = type.__dict__["__module__"].__get__  # a metaclass may have its own
_name_of: Any = type.__dict__["__qualname__"].__get__


def items(value: Any, limit: int) -> list[Any] | None:
    """The first of a list, a tuple, a deque or a range, of subclasses too; None for anything else."""
    kind = type(value)
    if issubclass(kind, list):
        return list.__getitem__(value, slice(limit))
    if issubclass(kind, tuple):
        return list(tuple.__getitem__(value, slice(limit)))
    if kind is range:
        return list(value[:limit])
    from collections import deque

    if issubclass(kind, deque):
        try:
            return list(islice(deque.__iter__(value), limit))
        except RuntimeError:  # another thread adds to it
            return []
    return None


def pair_of(value: Any) -> tuple[Any, Any]:
    """What a hook returned as two. Raises TypeError for anything else."""
    found = items(value, 3)
    if found is None or len(found) != 2:
        raise TypeError("not a tuple of name and attributes")
    return found[0], found[1]


def members(mapping: Any) -> list[tuple[str, Any]]:
    """Of a dict, or a known cover of one, the first MAX_MEMBERS members whose keys are text.

    Nothing of another mapping: to read it is to run its code, for as long as that likes.
    """
    found: list[tuple[str, Any]] = []
    if type(mapping) is not dict:
        if mapping is None:
            return found
        inner = dict_in(mapping)
        if inner is None:
            left_out(type(mapping), "give a dict for attributes")
            return found
        mapping = inner
    try:
        for key, value in islice(dict.items(mapping), MAX_MEMBERS):
            if type(key) is str:
                found.append((key, value))
            elif issubclass(type(key), str):
                found.append((str.__getitem__(key, slice(MAX_VALUE)), value))
    except RuntimeError:  # another thread changes it
        pass
    return found


def dict_in(mapping: Any) -> Any:
    """The dict in which its members are; None for what is no dict, nor a known cover of one."""
    kind = type(mapping)
    if issubclass(kind, dict):
        return mapping
    try:
        from types import MappingProxyType

        if kind is MappingProxyType:
            from gc import get_referents

            (inner,) = get_referents(mapping)
        else:
            for module, name, field in _COVERS:
                cover: Any = getattr(sys.modules.get(module), name, None)
                if type(cover) is type(kind) and issubclass(kind, cover):
                    inner = fields_as(mapping, cover).get(field)
                    break
            else:
                return None
    except Exception:  # made by other means than its class's
        return None
    return inner if issubclass(type(inner), dict) else None


_COVERS = (
    ("opentelemetry.attributes", "BoundedAttributes", "_dict"),  # attributes of the SDK's spans
    ("collections", "UserDict", "data"),
)
"""Classes whose instances keep their members in a dict: module, name, where."""


def fields_as(value: Any, base: type) -> dict[str, Any]:
    """The instance's own fields, as ``base`` keeps them."""
    return base.__dict__["__dict__"].__get__(value)  # type: ignore[no-any-return]


own_fields: Any = BaseException.__dict__["__dict__"].__get__
"""Of an exception."""

_Group: Any = getattr(builtins, "BaseExceptionGroup", None)  # 3.11


def members_of(group: BaseException) -> Any:
    """The exceptions in a group, one of Python's or of the package exceptiongroup; None for any other exception."""
    if _Group is not None and issubclass(type(group), _Group):
        return _Group.__dict__["exceptions"].__get__(group)
    fields = own_fields(group)
    return fields.get("_exceptions", fields.get("exceptions"))


def left_out(kind: type, instead: str) -> None:
    """Says once that values of this type are."""
    name = type_name(kind)
    if name not in _said and len(_said) < MAX_TYPES_SAID:
        _said.add(name)
        from ._log import warn

        warn(f"values of type {name} are left out of telemetry: {instead}")


def type_name(kind: type) -> str:
    """Qualified, that of a builtin not. Never raises."""
    try:
        name = text(_name_of(kind), MAX_TYPE_NAME) or ""
        module = text(_module_of(kind), MAX_TYPE_NAME) or ""
    except Exception:  # a class without a module
        return ""
    return (name if module in ("builtins", "") else f"{module}.{name}")[:MAX_TYPE_NAME]


def text(value: Any, limit: int) -> str | None:
    """A text, at most ``limit`` characters; bytes as UTF-8; None for anything else."""
    kind = type(value)
    if issubclass(kind, str):
        return str.__getitem__(value, slice(limit))
    return octets(value, 4 * limit).decode("utf-8", "replace")[:limit] if _has_octets(kind) else None


def octets(value: Any, limit: int) -> bytes:
    """Bytes, at most ``limit`` of them, a text as UTF-8; none of anything else."""
    kind = type(value)
    if issubclass(kind, bytes):
        return bytes.__getitem__(value, slice(limit))
    if issubclass(kind, str):
        return str.__getitem__(value, slice(limit)).encode("utf-8", "surrogatepass")[:limit]
    if issubclass(kind, bytearray):
        return bytes(bytearray.__getitem__(value, slice(limit)))
    if kind is memoryview:
        try:
            return bytes(value.cast("B")[:limit])
        except (TypeError, ValueError):  # not contiguous, or released
            pass
    return b""


def _has_octets(kind: type) -> bool:
    return kind is memoryview or issubclass(kind, (bytes, bytearray))


def integer(value: Any) -> int | None:
    """A whole number of at most 64 bits: an int, a float that is one, or its digits."""
    kind = type(value)
    if kind is not bool and issubclass(kind, int):
        return int.__int__(value) if int.bit_length(value) < 64 else None
    try:
        if issubclass(kind, float):
            number = float.__float__(value)
            return int(number) if -(2.0**63) < number < 2.0**63 else None
        digits = text(value, 20)
        return integer(int(digits)) if digits else None
    except ValueError:
        return None


def truth(value: Any) -> bool:
    """Whether a flag in a message is set, as Python would say; what is of no built-in type is."""
    kind = type(value)
    if value is None or kind is bool:
        return value is True
    for base in (int, float, str, bytes, list, tuple, dict):
        if issubclass(kind, base):
            return base.__ne__(value, base()) is True
    return True
