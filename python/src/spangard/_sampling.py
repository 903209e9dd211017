# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Head sampling, decided where the request starts.

The arithmetic is that of OpenTelemetry's Java SDK (``TraceIdRatioBasedSampler``), so that a service
beside this one that samples with the same ratio keeps the same traces.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LOW_64 = (1 << 64) - 1
_LONG_MAX = (1 << 63) - 1
_LONG_MIN = -(1 << 63)

DEFAULT = "parentbased_always_on"


class Sampler:
    """``root`` decides for a new trace, from its 128-bit id; ``parent_based``: obey a parent's flag.

    ``root`` is None when every new trace is taken, so that the common case costs one comparison.
    """

    __slots__ = ("parent_based", "root")

    def __init__(self, root: Callable[[int], bool] | None, parent_based: bool) -> None:
        self.root = root
        self.parent_based = parent_based


def ratio_sampler(ratio: float) -> Callable[[int], bool]:
    """True for about ``ratio`` of all trace ids; always the same answer for the same id."""
    if not 0.0 <= ratio <= 1.0:
        raise ValueError(f"sampling ratio {ratio} is outside 0..1")
    # Java: (long) (ratio * Long.MAX_VALUE), in double arithmetic, saturating
    bound = min(int(ratio * float(_LONG_MAX)), _LONG_MAX) if ratio else _LONG_MIN

    # In unsigned bits Math.abs mirrors the upper half, the negative longs; but Long.MIN_VALUE is its own abs
    mirrored = (1 << 64) - bound
    least = None if bound == _LONG_MIN else _LONG_MAX + 1

    def sampled(trace_id: int) -> bool:
        low = trace_id & _LOW_64
        return low < bound or low > mirrored or low == least

    return sampled


def _never(trace_id: int) -> bool:
    return False


def sampler_from(environ: Mapping[str, str]) -> tuple[Sampler, str | None]:
    """The sampler that ``OTEL_TRACES_SAMPLER`` names, and a complaint if it can not be had."""
    name = environ.get("OTEL_TRACES_SAMPLER", "").strip().lower() or DEFAULT
    parent_based = name.startswith("parentbased_")
    base = name[len("parentbased_") :] if parent_based else name
    if base == "always_on":
        return Sampler(None, parent_based), None
    if base == "always_off":
        return Sampler(_never, parent_based), None
    if base == "traceidratio":
        argument = environ.get("OTEL_TRACES_SAMPLER_ARG", "").strip()
        try:
            ratio = float(argument) if argument else 1.0
            return Sampler(ratio_sampler(ratio), parent_based), None
        except ValueError:
            return Sampler(None, parent_based), (
                f"OTEL_TRACES_SAMPLER_ARG={argument!r} is not a ratio between 0 and 1; using 1.0"
            )
    return Sampler(None, True), (f"OTEL_TRACES_SAMPLER={name!r} is not known; using {DEFAULT}")
