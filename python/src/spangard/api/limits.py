# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""How much one span may hold: the ``OTEL_*`` variables, as the Python SDK reads them, within bounds of ours."""

from __future__ import annotations

from .._values import MAX_VALUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_COUNT = 128
MAX_COUNT = 1024
"""Attributes, events or links of one span, whatever a variable says: a record has to fit into a frame."""
MAX_TEXT_OF_A_SPAN = 65536
"""Characters of all texts of one span that are longer than `SHORT`, or are not among its own attributes."""
SHORT = 256
"""Texts no longer than this are taken as they are."""


class SpanLimits:
    """Of the spans of one provider. Read once."""

    __slots__ = ("attributes", "event_attributes", "events", "link_attributes", "links", "short", "value")

    def __init__(self, environ: Mapping[str, str]) -> None:
        common = _limit(environ, "OTEL_ATTRIBUTE_COUNT_LIMIT", DEFAULT_COUNT, MAX_COUNT)
        self.attributes = _limit(environ, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", common, MAX_COUNT)
        self.event_attributes = _limit(environ, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", common, MAX_COUNT)
        self.link_attributes = _limit(environ, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", common, MAX_COUNT)
        self.events = _limit(environ, "OTEL_SPAN_EVENT_COUNT_LIMIT", DEFAULT_COUNT, MAX_COUNT)
        self.links = _limit(environ, "OTEL_SPAN_LINK_COUNT_LIMIT", DEFAULT_COUNT, MAX_COUNT)
        length = _limit(environ, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", MAX_VALUE, MAX_TEXT_OF_A_SPAN)
        self.value = _limit(environ, "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", length, MAX_TEXT_OF_A_SPAN)
        self.short = min(SHORT, self.value)


def _limit(environ: Mapping[str, str], variable: str, default: int, most: int) -> int:
    """What is no number that can be is a warning, and the default."""
    given = environ.get(variable, "").strip()
    if not given:
        return default
    if given.isdecimal() and len(given) < 16:
        return min(int(given), most)
    from .._log import warn

    warn(f"{variable}={given[:80]!r} is no number from 0 on; {default} is used")
    return default
