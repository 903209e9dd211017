# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""A request's parent and baggage where OTEL_PROPAGATORS names more than the W3C's formats.

Imported only then. Each format is read as its package for OpenTelemetry Python reads it (it/test_propagators.py
compares), but identifiers are hexadecimal digits only: Python's ``int`` would also take signs, blanks and underscores.
"""

from __future__ import annotations

import re
from urllib.parse import quote_plus, unquote

from ._facts import pairs
from ._tracecontext import MAX_BAGGAGE_BYTES, MAX_BAGGAGE_ENTRIES, joined, sole, traceparent, whole
from ._values import octets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MAX_HEADER = 1024
"""Bytes of a header that an identifier is looked for in."""


class Propagators:
    """Reads ``names`` in their order: as in OpenTelemetry's composite propagator the last that finds a parent wins.

    Called on the application's threads; keeps nothing.
    """

    __slots__ = ("_names",)

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(dict.fromkeys(names))

    def __call__(self, headers: list[Any], given: Any, baggage: Any) -> tuple[bytes | None, Any, bytes | None]:
        """The parent in traceparent's form; ``given``, the traceparent header, if the parent is from there, so that its
        tracestate counts; and what there is of baggage, as a baggage header.
        """
        values = _values(headers)
        given, baggage = sole(headers, given), whole(headers, baggage)
        trace = source = None
        entries: list[bytes] = []
        for name in self._names:
            if name == "tracecontext":
                parent = None if given is None else traceparent(given)
                if parent is not None:
                    trace, source = parent, given
            elif name == "baggage":
                if baggage is not None:
                    entries.append(octets(baggage, MAX_BAGGAGE_BYTES))
            else:
                parent = _parent(_FORMATS[name](values))
                if parent is not None:
                    trace, source = parent, None
                if name == "jaeger" and "uber-trace-id" in values:
                    entries += _entries(values, "uberctx-", decode=True)
                elif name == "ottrace" and parent is not None:
                    entries += _entries(values, "ot-baggage-", decode=False)
        return trace, source, joined(entries)


def _parent(found: tuple[str, str, bool] | None) -> bytes | None:
    """Of an identifier that is all zeros nothing is taken."""
    if found is None:
        return None
    trace, span = int(found[0], 16), int(found[1], 16)
    return b"00-%032x-%016x-%02x" % (trace, span, found[2]) if trace and span else None


def _values(headers: list[Any]) -> dict[str, list[str]]:
    """Lower-case name to its values, in order; what is not a pair of byte strings is left out."""
    values: dict[str, list[str]] = {}
    for name, value in pairs(headers):
        values.setdefault(name.decode("latin-1").lower(), []).append(_text(value))
    return values


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _first(values: dict[str, list[str]], name: str) -> str:
    found = values.get(name)
    return found[0][:MAX_HEADER] if found else ""


_B3_TRACE = re.compile(r"[0-9a-fA-F]{16}(?:[0-9a-fA-F]{16})?").fullmatch
_B3_SPAN = re.compile(r"[0-9a-fA-F]{16}").fullmatch
_B3_SAMPLED = frozenset(("1", "True", "true", "d"))


def _b3(values: dict[str, list[str]]) -> tuple[str, str, bool] | None:
    """https://github.com/openzipkin/b3-propagation: the single header, else the several; either name reads both."""
    single = _first(values, "b3")
    if single:
        fields = single.split("-")
        if not 2 <= len(fields) <= 4:
            return None
        trace, span = fields[:2]
        # Without a word the decision is ours; as the package does, the trace is taken.
        sampled = len(fields) == 2 or fields[2] in _B3_SAMPLED
    else:
        trace, span = _first(values, "x-b3-traceid"), _first(values, "x-b3-spanid")
        sampled = _first(values, "x-b3-sampled") in _B3_SAMPLED or _first(values, "x-b3-flags") == "1"
    return (trace, span, sampled) if _B3_TRACE(trace) and _B3_SPAN(span) else None


_JAEGER = re.compile(r"0*([0-9a-fA-F]{1,32}):0*([0-9a-fA-F]{1,16}):[^:]*:([0-9a-fA-F]+)").fullmatch


def _jaeger(values: dict[str, list[str]]) -> tuple[str, str, bool] | None:
    """https://www.jaegertracing.io/docs/1.76/architecture/sdk-environment-variables: trace:span:parent:flags."""
    match = _JAEGER(_first(values, "uber-trace-id"))
    return (match[1], match[2], bool(int(match[3], 16) & 1)) if match else None


_XRAY_ROOT = re.compile(r"1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})").fullmatch


def _xray(values: dict[str, list[str]]) -> tuple[str, str, bool] | None:
    """https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader."""
    lines = values.get("x-amzn-trace-id", ())
    if len(lines) != 1:
        return None
    trace = span = ""
    sampled = False
    for pair in lines[0][:MAX_HEADER].split(";"):
        key, _, value = pair.partition("=")
        key, value = key.strip(), value.strip()
        if pair.count("=") != 1:
            return None
        if key == "Root":
            root = _XRAY_ROOT(value)
            if root is None:
                return None
            trace = root[1] + root[2]
        elif key == "Parent":
            span = value
        elif key == "Sampled":
            if value not in ("0", "1"):
                return None
            sampled = value == "1"
    return (trace, span, sampled) if trace and _B3_SPAN(span) else None


_OT_TRACE = re.compile(r"[0-9a-f]{1,32}").fullmatch
_OT_SPAN = re.compile(r"[0-9a-f]{1,16}").fullmatch


def _ottrace(values: dict[str, list[str]]) -> tuple[str, str, bool] | None:
    """https://github.com/opentracing/basic-tracer-python, which is where the format is written down."""
    trace, span = _first(values, "ot-tracer-traceid"), _first(values, "ot-tracer-spanid")
    if not _OT_TRACE(trace) or not _OT_SPAN(span):
        return None
    return trace, span, _first(values, "ot-tracer-sampled") == "true"


def _entries(values: dict[str, list[str]], prefix: str, *, decode: bool) -> list[bytes]:
    """The headers below ``prefix`` as members of a baggage header."""
    entries: list[bytes] = []
    for name, lines in values.items():
        if name.startswith(prefix) and len(entries) < MAX_BAGGAGE_ENTRIES:
            value = unquote(lines[0]).strip() if decode else lines[0]
            entries.append(f"{quote_plus(name[len(prefix) :])}={quote_plus(value)}".encode())
    return entries


_FORMATS: dict[str, Callable[[dict[str, list[str]]], tuple[str, str, bool] | None]] = {
    "b3": _b3,
    "b3multi": _b3,
    "jaeger": _jaeger,
    "xray": _xray,
    "ottrace": _ottrace,
}
"""What reads trace id, span id and "sampled" from the headers."""
