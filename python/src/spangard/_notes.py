# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Notes about running requests, by their mark: what frameworks and applications tell beside the scope."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sized
    from typing import Any, Protocol

    class Live(Container[int], Sized, Protocol):
        """Marks of the requests that run."""


SLACK = 1024
"""Notes beyond the running requests, at most: some come when their request is just over."""


def keep_bounded(notes: dict[int, Any], live: Live) -> None:
    """Forgets notes of requests that are over, when there are more of them than SLACK."""
    if len(notes) > len(live) + SLACK:
        for old in [old for old in list(notes) if old not in live]:
            notes.pop(old, None)
