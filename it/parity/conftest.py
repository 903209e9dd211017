# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Each mode is run once, when the first test of it asks."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from .exported import Exported
from .run import run


@pytest.fixture(scope="session")
def runs() -> Callable[[str], tuple[dict[str, Exported], dict[str, Exported]]]:
    """What upstream and ours exported in a mode, by scenario."""
    return functools.cache(run)
