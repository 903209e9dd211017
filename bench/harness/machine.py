# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""What a number means nothing without: date, machine, versions, command."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from spangard._java import find_java

PACKAGES = (
    "opentelemetry-instrumentation-asgi",
    "opentelemetry-sdk",
    "opentelemetry-exporter-otlp-proto-http",
    "uvicorn",
    "uvloop",
    "httptools",
    "starlette",
    "fastapi",
)


@dataclass(frozen=True)
class Facts:
    date: str
    machine: str
    load: float
    """Runnable processes before this run, mean of the last minute."""
    python: str
    java: str
    packages: str
    spangard: str
    command: str


def facts(command: str) -> Facts:
    return Facts(
        date=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        machine=f"{cpu()}, {os.cpu_count()} cores, {memory_gb()} GB, {platform.system()} {platform.release()}",
        load=round(os.getloadavg()[0], 2),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        java=first_line([find_java(), "-version"]),
        packages=", ".join(f"{name} {installed(name)}" for name in PACKAGES),
        spangard=first_line(["git", "log", "-1", "--format=%h of %cs"]),
        command=command,
    )


def cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def memory_gb() -> int:
    return round(os.sysconf("SC_PAGESIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(none)"


def first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent, timeout=20)
    except OSError:
        return "unknown"
    return (done.stdout or done.stderr).strip().partition("\n")[0] or "unknown"
