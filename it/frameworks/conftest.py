# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Runs against whichever framework is installed: the current one with the rest of it/, older ones as versions/ says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

if importlib.util.find_spec("spangard") is None:  # the older ones' environments have only the framework
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python" / "src"))
