# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What differences are made of: each turns upstream's telemetry of some scenarios into what ours is to be."""

from __future__ import annotations

import bisect
import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from .exported import Exported
from .normal import SIZE_BOUNDS, Normal


@dataclass(frozen=True)
class Case:
    """A scenario in one mode; ``expected`` is upstream's and altered in place, ``upstream`` has that of every scenario, unaltered."""

    scenario: str
    expected: Exported
    upstream: Mapping[str, Exported]


Change = Callable[[Case], None]


def of(*scenarios: str) -> Callable[[Change], Change]:
    """Keeps a change to these."""

    def keep(change: Change) -> Change:
        return lambda case: change(case) if case.scenario in scenarios else None

    return keep


def same_as(other: str) -> Change:
    """Ours tells what upstream tells of another scenario, calls and notes included."""

    def change(case: Case) -> None:
        for field in fields(Exported):
            object.__setattr__(case.expected, field.name, copy.deepcopy(getattr(case.upstream[other], field.name)))

    return change


def value(key: str, *pairs: tuple[Any, Any]) -> Change:
    """An attribute of spans and series, where it is the first of a pair, is the second."""

    def change(case: Case) -> None:
        for attributes in _all_attributes(case.expected):
            for old, new in pairs:
                if key in attributes and attributes[key] == old:
                    attributes[key] = new
                    break

    return change


def without(key: str) -> Change:
    """An attribute is left out of spans and series."""

    def change(case: Case) -> None:
        for attributes in _all_attributes(case.expected):
            attributes.pop(key, None)

    return change


def unmeasured(metric: str) -> Change:
    """A metric has no measurement."""

    def change(case: Case) -> None:
        case.expected.metrics.pop(metric, None)

    return change


def adds(key: str, what: Any) -> Change:
    """A further attribute of the request's span."""
    return lambda case: case.expected.spans[0]["attributes"].update({key: what})


def span(key: str, what: Any) -> Change:
    """Another fact of the request's span."""
    return lambda case: case.expected.spans[0].update({key: what})


def adds_exception(kind: str, message: str) -> Change:
    """A further event of the request's span."""
    facts = {"exception.type": kind, "exception.message": message, "exception.escaped": "False"}
    event = {"name": "exception", "attributes": {**facts, "last line of exception.stacktrace": f"{kind}: {message}"}}
    return lambda case: case.expected.spans[0]["events"].append(event)


def message(pattern: str, replacement: str) -> Change:
    """The texts of the messages that reach the server."""

    def change(case: Case) -> None:
        for call in case.expected.calls:
            call["sent"] = [re.sub(pattern, replacement, text) for text in call["sent"]]

    return change


def both(*changes: Change) -> Change:
    """One after the other."""

    def change(case: Case) -> None:
        for one in changes:
            one(case)

    return change


def _all_attributes(exported: Exported) -> Iterator[dict[str, Any]]:
    pending = list(exported.spans)
    while pending:
        span = pending.pop()
        yield span["attributes"]
        pending += span["children"]
    for metric in exported.metrics.values():
        for series in metric["series"]:
            yield series["attributes"]


_SIZES = {
    "http.server.duration": ("http.server.request.size", "http.server.response.size"),
    "http.server.request.duration": ("http.server.request.body.size", "http.server.response.body.size"),
}
"""The two sizes that have the attributes of a duration."""


def counted_sizes(case: Case) -> None:
    """Each request that has a duration has both sizes: the bytes that the application received and sent."""
    for names in _SIZES.values():
        for name in names:
            case.expected.metrics.pop(name, None)
    calls = [call["bytes"] for call in case.expected.calls if call["bytes"] is not None]
    for duration, names in _SIZES.items():
        measured = case.expected.metrics.get(duration)
        if measured is None:
            continue
        requests = sum(series["count"] for series in measured["series"])
        if requests < len(calls):  # some were excluded
            assert calls.count(calls[0]) == len(calls), case.scenario
        for n, name in enumerate(names):
            case.expected.metrics[name] = _size(case.upstream["sizes_of_both"].metrics[name], measured, [call[n] for call in calls[:requests]])


def _size(like: Normal, duration: Normal, sizes: list[int]) -> Normal:
    buckets = [0] * (len(SIZE_BOUNDS) + 1)
    for size in sizes:
        buckets[bisect.bisect_left(SIZE_BOUNDS, size)] += 1
    series = [{**series, "bounds": SIZE_BOUNDS} for series in duration["series"]]
    return {**like, "series": series, "sum": sum(sizes), "buckets": buckets}
