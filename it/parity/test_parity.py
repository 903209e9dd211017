# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""One test for each scenario and mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pytest

from . import scenarios  # noqa: F401  registers them
from .differences import DIFFERENCES, expected
from .exported import Exported
from .normal import unequal
from .side import SCENARIOS

# the first test of a mode runs all of it
pytestmark = pytest.mark.timeout(600)

MODES = {"old": "", "http": "http", "dup": "http/dup"}
Runs = Callable[[str], tuple[dict[str, Exported], dict[str, Exported]]]


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("mode", MODES)
def test_exports_what_upstream_does(runs: Runs, mode: str, name: str) -> None:
    upstream, ours = runs(MODES[mode])
    wanted, _ = expected(name, upstream)
    lines = unequal(asdict(wanted), asdict(ours[name]))
    assert not lines, "\n".join(lines)


def test_every_allowed_difference_still_occurs(runs: Runs) -> None:
    unused = list(DIFFERENCES)
    for mode in MODES.values():
        upstream, _ = runs(mode)
        for name in upstream:
            for difference in expected(name, upstream)[1]:
                if difference in unused:
                    unused.remove(difference)
    assert not [(difference.defect, difference.reason) for difference in unused]


def test_upstream_is_what_it_is_compared_with(runs: Runs) -> None:
    """Keeps the tests above from passing because neither exports anything."""
    for mode in MODES.values():
        upstream, _ = runs(mode)
        assert sum(bool(exported.spans) for exported in upstream.values()) > 150
        assert sum(bool(exported.metrics) for exported in upstream.values()) > 120
