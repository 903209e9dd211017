# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What an application says of a span, made ours as `_values` makes all: times, other spans' contexts, a status.

Imported only when ``opentelemetry-api`` is installed. Nothing raises; any thread.
"""

from __future__ import annotations

import sys
from time import time_ns

from opentelemetry import trace as trace_api

from ._parents import state_of
from ._values import items, truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LATEST_NS = 1 << 63
_SECONDS = (1e8, 1e11)
_NANOSECONDS = (1e17, float(_LATEST_NS))
"""Floats that are seconds or nanoseconds since 1970, of years from 1973 on: the two do not meet."""

_STATUS = {trace_api.StatusCode.OK: 1, trace_api.StatusCode.ERROR: 2}


def status_code(status: Any, description: Any) -> tuple[int, Any]:
    """OK is 1, ERROR is 2, anything else 0; with the description, that of a Status where it is one."""
    if type(status) is trace_api.Status:
        status, description = status.status_code, status.description
    return _STATUS.get(status, 0) if type(status) is trace_api.StatusCode else 0, description


def nanos(timestamp: Any) -> int:
    """Nanoseconds since 1970. Seconds are understood, too, and a datetime; what is no time after 1970 is now."""
    kind = type(timestamp)
    if kind is int and 0 < timestamp < _LATEST_NS:
        return timestamp  # type: ignore[no-any-return]
    if timestamp is None:
        return time_ns()
    if issubclass(kind, int):
        given = int.__int__(timestamp) if kind is not bool and int.bit_length(timestamp) < 64 else 0
        return given if given > 0 else time_ns()
    seconds = 0.0
    if issubclass(kind, float):
        seconds = float.__float__(timestamp)
        if _NANOSECONDS[0] <= seconds < _NANOSECONDS[1]:
            return int(seconds)
    else:
        moment: Any = getattr(sys.modules.get("datetime"), "datetime", None)
        zone: Any = getattr(sys.modules.get("datetime"), "timezone", None)
        if kind is moment and (timestamp.tzinfo is None or type(timestamp.tzinfo) is zone):
            seconds = timestamp.timestamp()
    return int(seconds * 1e9) if _SECONDS[0] <= seconds < _SECONDS[1] else time_ns()


def link_of(context: Any) -> tuple[int, int, int, bytes] | None:
    """As `context_ids`, with 0x100 among the flags where it is another process's span, and its trace state."""
    ids = context_ids(context)
    if ids is None:
        return None
    trace, span, flags = ids
    return trace, span, flags | 0x100 * truth(context.is_remote), state_of(context)


def context_ids(context: Any) -> tuple[int, int, int] | None:
    """Trace id, span id and flags of a span context; None for what is none, or not valid."""
    if not issubclass(type(context), trace_api.SpanContext):
        return None
    found = items(context, 4) or []
    if len(found) < 4 or not all(issubclass(type(part), int) for part in found):
        return None
    trace, span, _, flags = [int.__int__(part) if int.bit_length(part) <= 128 else 0 for part in found]
    return (trace, span, flags & 0xFF) if 0 < trace < 1 << 128 and 0 < span < 1 << 64 else None
