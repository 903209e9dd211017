# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The headers in which a caller says what trace a request belongs to, and what goes with it.

https://www.w3.org/TR/trace-context-2 and https://www.w3.org/TR/baggage; ./dev test tracecontext. Nothing raises.
"""

from __future__ import annotations

from ._facts import pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

MAX_MEMBERS = 32
"""Of tracestate; with more, all of it is left out."""

MAX_TRACESTATE = 2048
"""Bytes of tracestate that are taken: what is beyond is left out by whole members."""

MAX_LINES = 32 * (256 + 1 + 256 + 1)
"""Bytes of tracestate that are looked at: as long as MAX_MEMBERS can be."""

LARGE_MEMBER = 128
"""Bytes; a larger one goes first. https://www.w3.org/TR/trace-context-2/#tracestate-limits"""

MAX_BAGGAGE_ENTRIES = 180
MAX_BAGGAGE_BYTES = 8192
"""Of baggage, as one header. https://www.w3.org/TR/baggage/#limits"""

_HEX_AND_DASH = b"0123456789abcdef-"
_NO_TRACE = b"0" * 32
_NO_SPAN = b"0" * 16
_BLANKS = b" \t"
_KEY_STARTS = b"abcdefghijklmnopqrstuvwxyz0123456789"
_KEY = _KEY_STARTS + b"_-*/@"
_VALUE = bytes(sorted(set(range(0x20, 0x7F)) - set(b",=")))


def traceparent(value: object) -> bytes | None:
    """``value`` in its version 00 form, or None if not valid. https://www.w3.org/TR/trace-context/#traceparent-header"""
    if type(value) is not bytes:
        return None
    if len(value) != 55 or value[:2] != b"00":
        value = value.strip(_BLANKS)
        if value[:2] != b"00":
            return _later_version(value)
        if len(value) != 55:
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
    if len(value) > 55 and value[55] == 45:
        value = value[:55]
    if len(value) != 55 or value[:2] == b"ff" or not _well_formed(value):
        return None
    return b"00" + value[2:53] + (b"01" if value[54] in b"13579bdf" else b"00")


def sole(headers: list[Any], given: Any) -> Any:
    """``given``, a traceparent, unless there are several: then none is the caller's."""
    return given if len(_lines(headers, b"traceparent")) < 2 else None


def whole(headers: list[Any], baggage: Any) -> Any:
    """All lines of baggage as one list (W3C Baggage, section 3); ``baggage`` is one of them."""
    lines = _lines(headers, b"baggage")
    return baggage if len(lines) < 2 else joined(lines)


def joined(lines: Iterable[bytes]) -> bytes | None:
    """Lists as one, within what the W3C allows for it: a member that does not fit is left out, not all of them."""
    kept: list[bytes] = []
    room = MAX_BAGGAGE_BYTES
    for line in lines:
        for member in line.split(b",") if type(line) is bytes and len(line) <= MAX_BAGGAGE_BYTES else ():
            member = member.strip(_BLANKS)
            if member and len(kept) < MAX_BAGGAGE_ENTRIES and len(member) < room:
                kept.append(member)
                room -= len(member) + 1
    return b",".join(kept) or None


def tracestate(headers: list[Any]) -> bytes:
    """All lines of the header as one list (RFC 9110, 5.3), each key once; nothing if one member is against its grammar,
    which says nothing against the trace.
    """
    lines = _lines(headers, b"tracestate")
    if sum(map(len, lines)) > MAX_LINES:
        return b""
    members: dict[bytes, bytes] = {}
    for line in lines:
        for member in line.split(b","):
            member = member.strip(_BLANKS)
            if member:
                key, _, value = member.partition(b"=")
                if not _is_member(key, value):
                    return b""
                members.setdefault(key, member)
    return _within_limit(list(members.values())) if len(members) <= MAX_MEMBERS else b""


def _is_member(key: bytes, value: bytes) -> bool:
    return (
        0 < len(key) <= 256
        and 0 < len(value) <= 256
        and key[0] in _KEY_STARTS
        and not key.translate(None, _KEY)
        and not value.translate(None, _VALUE)
    )


def _within_limit(members: list[bytes]) -> bytes:
    state = b",".join(members)
    if len(state) > MAX_TRACESTATE:
        members = [member for member in members if len(member) <= LARGE_MEMBER]
        while len(state := b",".join(members)) > MAX_TRACESTATE:
            members.pop()
    return state


def _lines(headers: list[Any], wanted: bytes) -> list[bytes]:
    return [value for name, value in pairs(headers) if name == wanted or name.lower() == wanted]
