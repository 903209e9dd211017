# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The headers in which a caller says what trace a request belongs to. https://www.w3.org/TR/trace-context"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_HEX_AND_DASH = b"0123456789abcdef-"
_NO_TRACE = b"0" * 32
_NO_SPAN = b"0" * 16


def traceparent(value: object) -> bytes | None:
    """``value`` in its version 00 form, or None if not valid. https://www.w3.org/TR/trace-context/#traceparent-header"""
    if not isinstance(value, bytes):
        return None
    if len(value) == 55:
        if value[:2] != b"00":
            return _later_version(value)
    elif len(value) > 55 and value[55] == 45 and value[:2] != b"00":
        return _later_version(value[:55])
    else:
        return None
    return value if _well_formed(value) else None


def _well_formed(value: bytes) -> bool:
    return (
        value[2] == value[35] == value[52] == 45
        and value.count(b"-") == 3
        and not value.translate(None, _HEX_AND_DASH)
        and value[3:35] != _NO_TRACE
        and value[36:52] != _NO_SPAN
    )


def _later_version(value: bytes) -> bytes | None:
    """A version above 00 is read as 00; of its flags only "sampled" is known to keep its meaning."""
    if value[:2] == b"ff" or not _well_formed(value):
        return None
    return b"00" + value[2:53] + (b"01" if value[54] in b"13579bdf" else b"00")


def tracestate(headers: Iterable[Any], last: Any) -> Any:
    """All lines of the header as one, where it came as several (RFC 9110, 5.3); ``last`` is the last of them."""
    try:
        lines = [value for name, value in headers if name == b"tracestate"]
        return b",".join(lines) if len(lines) > 1 else last
    except Exception:  # something in it is not a pair, or not bytes
        return last
