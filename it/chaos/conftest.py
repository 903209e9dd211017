# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0

"""Prints the table of faults after the tests."""

from __future__ import annotations

from typing import Any

from chaos import case


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Also when a row does not hold."""
    if case.TABLE:
        terminalreporter.section("faults")
        terminalreporter.write_line(case.table())
