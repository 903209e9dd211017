# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""`spangard attach`: makes sure of an engine, sets the environment, and becomes CMD.

This process is replaced by CMD, so signals, exit code, input and output are CMD's own.
"""

from __future__ import annotations

import os
import sys

from .. import _engine
from .._configuration_file import ANSWER, ConfigurationFileError, declared, is_declared
from .._settings import split
from .flags import UsageError, parse
from .watch import watched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

HOOK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hook")
QUIET_S = 2.0
"""An engine starts in well under a second; after this long the user is told what is waited for."""
START_FAILED = 3
NOT_EXECUTABLE = 126
NOT_FOUND = 127


def attach(arguments: list[str]) -> NoReturn:
    """Does not return. Exits with 2 for a wrong flag, 3 for a configuration file that is none, 127 if there is no CMD,
    126 if it cannot be executed.
    """
    try:
        variables, command = parse(arguments)
        if not command:
            raise UsageError("a command is missing: spangard attach [FLAGS] -- CMD ARGS")
    except UsageError as error:
        _fail(str(error), 2)
    from shutil import which

    if which(command[0]) is None:
        if os.path.dirname(command[0]) and os.path.exists(command[0]):
            _fail(f"{command[0]}: cannot be executed", NOT_EXECUTABLE)
        _fail(f"{command[0]}: command not found", NOT_FOUND)
    os.environ.update(variables)
    try:
        answer = _configuration()
    except ConfigurationFileError as error:
        _fail(str(error), START_FAILED)
    environment = {**hooked({**os.environ, **answer}), **watched()}
    os.environ.update(environment)
    _ensure_engine()
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606
    except OSError as error:
        _fail(f"{command[0]}: {error.strerror}", NOT_EXECUTABLE)


def _configuration() -> dict[str, str]:
    """What CMD's recorders are to know of OTEL_CONFIG_FILE, so that not each of them starts a JVM to read it."""
    if not is_declared(os.environ) or os.environ.get(ANSWER):
        return {}
    import json

    said = declared(os.environ, _say)
    return {ANSWER: json.dumps({name: value for name, value in said.items() if name.startswith("OTEL_")})}


def hooked(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of CMD. Telling servers apart is left to `_instance`, since CMD may start several."""
    path = environment.get("PYTHONPATH")
    parts = path.split(os.pathsep) if path else []
    result = dict(environment)
    result["PYTHONPATH"] = os.pathsep.join([HOOK, *(part for part in parts if part != HOOK)])
    propagators = environment.get("OTEL_PROPAGATORS")
    if propagators and propagators.strip():
        # opentelemetry-api looks for a propagator of no name where an element is empty, and ends the application
        result["OTEL_PROPAGATORS"] = ",".join(split(propagators))
    socket = environment.get("SPANGARD_SOCKET")
    if socket:
        result["SPANGARD_SOCKET"] = os.path.abspath(socket)  # CMD may change its directory
    return result


def _ensure_engine() -> None:
    """Waits until an engine answers, or until it is clear that none will: CMD runs all the same."""
    if not _engine.is_start_allowed():
        return
    try:
        path = _engine.socket_path()
        if _engine.answers(path):
            return
    except OSError as error:
        _say(f"{error}; nothing is recorded")
        return
    from threading import Thread

    starter = Thread(target=_engine.start_engine, daemon=True)
    starter.start()
    starter.join(QUIET_S)
    if starter.is_alive():
        _say("waiting for the engine to start")
        starter.join()
    # Another process may be starting one.
    if not _engine.has_given_up() and not _engine.wait_until(lambda: _engine.answers(path), _engine.START_TIMEOUT_S):
        _say(f"no engine answers at {path} yet; requests are recorded when one does (its log: {path}.log)")


def _say(message: str) -> None:
    sys.stderr.write(f"spangard: {message}\n")
    sys.stderr.flush()


def _fail(message: str, code: int) -> NoReturn:
    _say(message)
    sys.exit(code)
