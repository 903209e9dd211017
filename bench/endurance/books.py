# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What became of every request, as the engine's books have it. They go on over restarts and kills of the engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from kit.engine import Engine, samples


@dataclass(frozen=True)
class Books:
    """Of all services, at one instant."""

    exported: int
    measured: int
    queued: int
    dropped: dict[str, int]
    """By reason, those that are not 0."""

    @property
    def lost(self) -> int:
        return sum(self.dropped.values())

    @property
    def whole(self) -> int:
        """All that was seen, by what became of it."""
        return self.exported + self.measured + self.queued + self.lost

    @staticmethod
    def of(engine: Engine) -> Books:
        found = samples(engine.scrape())

        def total(name: str) -> int:
            return round(sum(found.get(f"spangard_requests_{name}", {}).values()))

        dropped: Counter[str] = Counter()
        for labels, n in found.get("spangard_requests_dropped_total", {}).items():
            dropped[dict(labels)["reason"]] += round(n)
        return Books(total("exported_total"), total("measured_total"), total("queued"), dict(sorted((+dropped).items())))
