# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""How long the imports take, in fresh interpreters, in turns."""

import os
import subprocess
import sys
import tempfile

from harness.measure import Spread

MODULES = ("spangard", "opentelemetry.instrumentation.asgi")


def measure(rounds: int) -> dict[str, Spread]:
    """Module → ms, everything it imports included; byte code cached, as after the first start."""
    took: dict[str, list[float]] = {module: [] for module in MODULES}
    with tempfile.TemporaryDirectory(prefix="spangard-bench-") as cache:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache
        for n in range(-1, rounds):
            for module in MODULES:
                each = milliseconds(module, environment)
                if n >= 0:
                    took[module].append(each)
    return {module: Spread.of(values) for module, values in took.items()}


def milliseconds(module: str, environment: dict[str, str]) -> float:
    """``import time: self [us] | cumulative | imported package``, outermost lines without indentation, packages one by one."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    lines = subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stderr.splitlines()
    wanted = {".".join(module.split(".")[: n + 1]) for n in range(module.count(".") + 1)}
    rows = [line.removeprefix("import time:").split("|") for line in lines if line.startswith("import time:")]
    return sum(int(row[1]) for row in rows if row[2][1:] in wanted) / 1000
