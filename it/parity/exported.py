# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""What one side made of one scenario."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from . import normal


@dataclass(frozen=True)
class Exported:
    """All that a scenario did and exported, normalised."""

    calls: list[dict[str, Any]]
    notes: list[str]
    spans: list[normal.Normal]
    metrics: dict[str, normal.Normal]

    @property
    def counts(self) -> Counter[str]:
        """How many spans of a middleware, and how many durations by metric."""
        counts = Counter({name: sum(series["count"] for series in self.metrics[name]["series"]) for name in normal.DURATIONS if name in self.metrics})
        pending = list(self.spans)
        while pending:
            span = pending.pop()
            counts["spans"] += span["scope"] != normal.APP
            pending += span["children"] + span["app"]
        return counts
