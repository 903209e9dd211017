# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What conftest.py promises of every test: none hangs without a name, none leaves a process behind."""

from __future__ import annotations

from pathlib import Path

import child

HANGS = """
import asyncio, threading
import conftest
conftest.TEST_TIMEOUT_S = 0.2

def test_waits_for_ever():
    threading.Event().wait()

def test_survives_every_exception():
    while True:
        try:
            asyncio.run(asyncio.sleep(3600))
        except Exception:
            pass

def test_is_swift():
    pass
"""

STUCK = """
import conftest
conftest.TEST_TIMEOUT_S = 0.2

def test_loops_in_c():
    import itertools
    sum(itertools.repeat(0))
"""

LEAVES = """
import os

def test_leaves_a_child():
    os.fork() or os._exit(0)

def test_is_tidy():
    pass
"""


def suite(tests: str, directory: Path) -> tuple[int, str]:
    """Runs these tests under our conftest.py: pytest's exit code, and all it says."""
    file = directory / "test_it.py"
    file.write_text(tests)
    path = {"PYTHONPATH": f"{child.SOURCES}:{Path(__file__).parent}"}
    arguments = ("-m", "pytest", "-q", "-rA", "--tb=no", "-p", "conftest", "-p", "no:cacheprovider")
    done = child.run(*arguments, file, env=path, cwd=directory)
    return done.returncode, done.stdout + done.stderr


def test_a_test_that_hangs_fails_and_the_others_run(tmp_path: Path) -> None:
    code, said = suite(HANGS, tmp_path)
    assert code == 1
    assert "FAILED test_it.py::test_waits_for_ever - Failed: hangs: not done after 0.2 s" in said
    assert "FAILED test_it.py::test_survives_every_exception" in said
    assert "PASSED test_it.py::test_is_swift" in said


def test_a_test_that_no_signal_interrupts_ends_the_run_with_its_name(tmp_path: Path) -> None:
    code, said = suite(STUCK, tmp_path)
    assert code == 1
    assert " in test_loops_in_c" in said


def test_a_test_that_leaves_a_child_fails_and_not_the_next(tmp_path: Path) -> None:
    code, said = suite(LEAVES, tmp_path)
    assert code == 1
    assert "PASSED test_it.py::test_is_tidy" in said
    assert "ERROR test_it.py::test_leaves_a_child" in said
