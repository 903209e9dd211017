# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""The command `spangard`, also as `python -m spangard`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

HELP = """\
usage: spangard attach [FLAGS] -- CMD ARGS   run CMD with its ASGI application recorded, no code changed
       spangard engine [ARGS]                run the engine alone, in the foreground
       spangard doctor [FLAGS]               say what is configured, what conflicts, whether the collector answers
       spangard [COMMAND] --help | --version

Flags of attach and doctor, each an environment variable in other words:
  --service-name NAME       OTEL_SERVICE_NAME
  --endpoint URL            OTEL_EXPORTER_OTLP_ENDPOINT
  --traces-exporter LIST    OTEL_TRACES_EXPORTER: otlp, console, compact, none
  --metrics-exporter LIST   OTEL_METRICS_EXPORTER: otlp, prometheus, console, none
  --traces-sampler NAME     OTEL_TRACES_SAMPLER
  --profile NAME            SPANGARD_PROFILE: stable, or upstream, as opentelemetry-instrumentation-asgi
  --socket PATH             SPANGARD_SOCKET: where the engine listens
and so for the other OTEL_ variables: --exporter-otlp-headers is OTEL_EXPORTER_OTLP_HEADERS.

The engine needs Java 25: JAVA_HOME, or java on PATH, or pip install 'spangard[jre]'.
"""


def main() -> NoReturn:
    """Runs the command of `sys.argv`; never returns."""
    arguments = sys.argv[1:]
    command = arguments.pop(0) if arguments else ""
    if command in ("-h", "--help", "help"):
        _answer("--help")
    if command == "--version" or (command == "engine" and "--version" in arguments):
        _answer("--version")
    from .attach.flags import AskedError, suggestion

    try:
        if command == "attach":
            from .attach.command import attach

            attach(arguments)
        if command == "doctor":
            from .doctor import doctor

            doctor(arguments)
    except AskedError as asked:
        _answer(str(asked))
    if command == "engine":
        _engine(arguments)
    if command:
        advice = suggestion(command, ("attach", "engine", "doctor", "--help", "--version"))
        sys.stderr.write(f"spangard: unknown command {command}{advice}\n\n")
    sys.stderr.write(HELP)
    sys.exit(2)


def _answer(question: str) -> NoReturn:
    """`--version`, or for help anything else."""
    if question == "--version":
        from ._version import __version__

        sys.stdout.write(f"spangard {__version__}\n")
    else:
        sys.stdout.write(HELP)
    sys.exit(0)


def _engine(arguments: list[str]) -> NoReturn:
    """Becomes the JVM. Where it listens by default is decided in one place, here, for recorders and engine alike."""
    from ._engine import socket_path
    from ._java import NAME, EngineUnavailableError, engine_command
    from ._variables import unknown

    for complaint in unknown(os.environ):
        sys.stderr.write(f"spangard: {complaint}\n")
    try:
        if not any(
            argument in ("--socket", "--help", "-h") or argument.startswith("--socket=") for argument in arguments
        ):
            arguments = ["--socket", socket_path(), *arguments]
        command = engine_command(arguments)
    except (EngineUnavailableError, OSError) as error:
        sys.stderr.write(f"spangard: {error}\n")
        if "--help" in arguments or "-h" in arguments:  # its flags are Java's to tell; what can be told without is
            _answer("--help")
        sys.exit(3)
    os.execv(command[0], [NAME, *command[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
