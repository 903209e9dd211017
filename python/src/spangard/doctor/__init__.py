# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""`spangard doctor`: what is configured and from where, what conflicts, and whether the collector takes an export.

Looks at the environment it is run in, as `spangard attach` with the same flags would have it. Exits with 1 if anything
is wrong that loses telemetry, else with 0; 2 for a wrong flag.
"""

from __future__ import annotations

import os
import sys

from .._configuration_file import ConfigurationFileError, declared, is_declared
from .._version import __version__
from ..attach.flags import UsageError, parse
from .attached import attached
from .engine import java, socket
from .python import conflicts, propagators, servers
from .report import Report
from .settings import settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

COLLECTOR_TIMEOUT_S = 30.0
"""Of the engine's part, whose own limits are shorter."""


def doctor(arguments: list[str]) -> NoReturn:
    """Does not return."""
    try:
        flags, rest = parse(arguments)
        if rest:
            raise UsageError(f"doctor takes flags alone, not {rest[0]}")
    except UsageError as error:
        sys.stderr.write(f"spangard: {error}\n")
        sys.exit(2)
    os.environ.update(flags)
    report = Report(sys.stdout)
    report.title(f"spangard {__version__}, Python {sys.version.split()[0]} at {sys.executable}")
    runtime = java(report)
    socket(report)
    servers(report)
    attached(report)
    conflicts(report, os.environ)
    environ = dict(os.environ)
    origins = dict.fromkeys(flags, "flag")
    if runtime:
        if is_declared(environ):
            try:
                environ = declared(environ, report.warn)
                origins = {name: "file" for name in environ if name.startswith("OTEL_")}
            except ConfigurationFileError as error:
                report.fail(str(error), "nothing starts with it")
        _configuration(report, environ, origins)
    settings(report, environ)
    propagators(report, environ)
    sys.stdout.flush()
    sys.exit(0 if report.healthy else 1)


def _configuration(report: Report, environ: dict[str, str], origins: dict[str, str]) -> None:
    """The engine's part: what the variables come to, by the code that will read them."""
    import subprocess

    from .._java import java_command

    command = java_command("doctor", [f"{name}={origin}" for name, origin in origins.items()])
    try:
        done = subprocess.run(  # noqa: S603
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COLLECTOR_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        report.fail(f"the engine does not run: {error}", "")
        return
    lines = [line.split("\t") for line in done.stdout.decode(errors="replace").splitlines()]
    if done.returncode not in (0, 1) or not lines:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        report.fail(f"the engine does not run: {said[-1] if said else f'exit code {done.returncode}'}", "")
        return
    for kind, *fields in lines:
        if kind == "set":
            report.value(*fields)
    for kind, *fields in lines:
        if kind != "set":
            report.line(kind, *fields)
