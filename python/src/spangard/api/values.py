# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Values of attributes as the API has them since 1.45: besides scalars and lists of one type of them None, bytes, and
lists and dicts of any of these. Made ours as `_values` makes all. Any thread.
"""

from __future__ import annotations

from .._attributes import scalar
from .._values import dict_in, items, members, octets, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_NESTING = 6
"""Lists and dicts in one another, in the value of one attribute: what the engine reads."""
MAX_ITEMS = 1024
"""Of a list, or members of a dict: an embedding has as many."""
INT_64 = 1 << 63

LEFT_OUT: Any = object()
"""In place of a value that is no attribute's."""


class Room:
    """How many characters one span may still take; each item of a list or dict is one more."""

    __slots__ = ("left", "most")

    def __init__(self, left: int, most: int) -> None:
        self.left = left
        self.most = most
        """Of one text."""

    def text(self, value: Any) -> str | None:
        """A name or a text, cut; None for what is none."""
        kept = text(value, min(self.most, self.left))
        self.left -= len(kept or "")
        return kept

    def value(self, value: Any, nesting: int = MAX_NESTING) -> Any:
        """As an attribute can be, cut; LEFT_OUT for what can not be one."""
        kind = type(value)
        if kind is str:
            return self.text(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int and -INT_64 <= value < INT_64:
            return value
        if issubclass(kind, (bytes, bytearray)) or kind is memoryview:
            kept = octets(value, min(self.most, self.left))
            self.left -= len(kept)
            return kept
        found = items(value, min(MAX_ITEMS, self.left))
        if found is not None:
            return self._list(found, nesting)
        mapping = dict_in(value)
        if mapping is not None:
            return self._dict(mapping, nesting)
        told = scalar(value, min(self.most, self.left))
        if told is None:
            return LEFT_OUT
        if type(told) is str:
            self.left -= len(told)
        return told

    def _list(self, found: list[Any], nesting: int) -> Any:
        if nesting == 0:
            return LEFT_OUT
        self.left -= len(found)
        kept = [self.value(item, nesting - 1) for item in found]
        return [None if item is LEFT_OUT else item for item in kept]

    def _dict(self, mapping: Any, nesting: int) -> Any:
        if nesting == 0:
            return LEFT_OUT
        kept = {}
        for key, value in members(mapping)[:MAX_ITEMS]:
            if self.left <= 0:
                break
            self.left -= 1
            name = self.text(key)
            told = self.value(value, nesting - 1)
            if name and told is not LEFT_OUT:
                kept[name] = told
        return kept

    def attributes(self, given: Any, most: int) -> tuple[dict[str, Any], int]:
        """Of a dict the attributes that can be told, the newest ``most``, and how many were left out."""
        kept: dict[str, Any] = {}
        found = members(given)
        for key, value in found[max(0, len(found) - most) :] if most else ():
            name = self.text(key)
            told = LEFT_OUT if not name else self.value(value)
            if name and told is not LEFT_OUT:
                kept[name] = told
        return kept, len(found) - len(kept)
