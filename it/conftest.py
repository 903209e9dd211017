# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Worlds for tests: one each, or one a module where tests only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.engine import Engine
from kit.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A world of this test's own."""
    world = World()
    try:
        yield world
    finally:
        world.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    """One world for the tests of a module."""
    world = World()
    try:
        yield world
    finally:
        world.close()


@pytest.fixture(scope="module")
def engine(shared: World) -> Engine:
    """The engine of the shared world. Where its telemetry goes is said by each application, so many sinks can be fed by one engine."""
    return shared.engine()
