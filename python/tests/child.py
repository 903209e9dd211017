# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Python processes of their own, for what is about processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import spangard

SOURCES = Path(spangard.__file__).resolve().parents[1]
TIMEOUT_S = 120


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs `python ARGUMENTS` with this checkout importable and `env` added to our environment; keeps its output."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCES), **options.pop("env", {})}
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run(
        [sys.executable, *map(str, arguments)], env=environment, text=True, timeout=TIMEOUT_S, check=False, **options
    )
