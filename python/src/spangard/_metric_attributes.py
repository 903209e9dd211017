# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Attributes of an application's own on the measurements of a request."""

from __future__ import annotations

from ._attributes import scalar
from ._notes import mark_of, note_of
from ._values import members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Union

    Value = Union[str, bool, int, float]

MAX_ATTRIBUTES = 16
"""Of one request; what comes after is left out."""

MAX_TEXT = 256
"""Characters of a name or a value; what is longer is cut."""

_STABLE = (5, 6, 7, 8)
"""Kinds of the OPEN records of the profile."""


def set_metric_attributes(scope: Mapping[str, Any], attributes: Mapping[str, Value]) -> None:
    """Adds ``attributes`` to the measurements of the request with this ``scope`` (``request.scope``), sampled or not.

    For few and bounded values, such as a tenant's plan: each set of values is a series. Attributes of the semantic
    conventions can not be replaced. May be called repeatedly while the request runs, on any thread; a later value wins.
    Of a scope that is not recorded, or not in the ``stable`` profile, nothing is kept. Values that are no ``str``,
    ``bool``, ``int`` or ``float`` are left out. Never raises.
    """
    from ._buffer import recorder

    try:
        live = recorder().live
        mark = mark_of(scope)
        running = None if mark is None else live.get(mark)
        if running is None or running[0] not in _STABLE:  # not recorded, over, or in the `upstream` profile
            return
        note = note_of(mark)
        if note is None:
            return
        kept = note.attributes
        for name, value in members(attributes):
            name = name[:MAX_TEXT]
            if name in kept or len(kept) < MAX_ATTRIBUTES:
                plain = _plain(value)
                if plain is not None:
                    kept[name] = plain
    except Exception:  # nothing of telemetry's into a request
        pass


def _plain(value: object) -> Value | None:
    kind = type(value)
    if issubclass(kind, (list, tuple, bytes, bytearray)):
        return None
    plain = scalar(value, MAX_TEXT)
    return None if type(plain) is str and issubclass(kind, int) else plain  # of more than 64 bits
