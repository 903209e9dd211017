# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Head sampling, decided where the request starts.

The arithmetic is that of OpenTelemetry's Java SDK (``TraceIdRatioBasedSampler``), so that a service
beside this one that samples with the same ratio keeps the same traces.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Edges = tuple[int, int, int | None]

LOW_64 = (1 << 64) - 1
_LONG_MAX = (1 << 63) - 1

DEFAULT = "parentbased_always_on"

_NEVER = (0, LOW_64, None)


class Sampler:
    """``edges`` decide for a new trace, see `keeps`; ``parent_based``: obey a parent's flag.

    ``edges`` is None when every new trace is taken, so that the common case costs one comparison.
    """

    __slots__ = ("edges", "parent_based")

    def __init__(self, edges: Edges | None, parent_based: bool) -> None:
        self.edges = edges
        self.parent_based = parent_based


def keeps(edges: Edges, trace_id: int) -> bool:
    """Always the same answer for the same 128-bit id.

    The middleware has this comparison in its main path, for ids of its own without ``least``.
    """
    below, above, least = edges
    low = trace_id & LOW_64
    return low < below or low > above or low == least


def ratio_edges(ratio: float) -> Edges:
    """Of a sampler that keeps about ``ratio`` of all trace ids."""
    if not 0.0 <= ratio <= 1.0:
        raise ValueError(f"sampling ratio {ratio} is outside 0..1")
    if not ratio:
        return _NEVER
    # Java: (long) (ratio * Long.MAX_VALUE), in double arithmetic, saturating; Math.abs(the id's lower half) < bound
    bound = min(int(ratio * float(_LONG_MAX)), _LONG_MAX)
    # In unsigned bits Math.abs mirrors the upper half, the negative longs; but Long.MIN_VALUE is its own abs
    return bound, (1 << 64) - bound, _LONG_MAX + 1


def sampler_from(environ: Mapping[str, str]) -> tuple[Sampler, str | None]:
    """The sampler that ``OTEL_TRACES_SAMPLER`` names, and a complaint if it can not be had."""
    name = environ.get("OTEL_TRACES_SAMPLER", "").strip().lower() or DEFAULT
    parent_based = name.startswith("parentbased_")
    base = name[len("parentbased_") :] if parent_based else name
    if base == "always_on":
        return Sampler(None, parent_based), None
    if base == "always_off":
        return Sampler(_NEVER, parent_based), None
    if base == "traceidratio":
        argument = environ.get("OTEL_TRACES_SAMPLER_ARG", "").strip()
        try:
            ratio = float(argument) if argument else 1.0
            return Sampler(ratio_edges(ratio), parent_based), None
        except ValueError:
            return Sampler(None, parent_based), (
                f"OTEL_TRACES_SAMPLER_ARG={argument!r} is not a ratio between 0 and 1; using 1.0"
            )
    return Sampler(None, True), (f"OTEL_TRACES_SAMPLER={name!r} is not known; using {DEFAULT}")
