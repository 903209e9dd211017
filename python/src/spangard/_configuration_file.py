# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""OTEL_CONFIG_FILE: the declarative configuration of this process, which Java reads, since Python has no YAML.

`spangard attach` asks once and hands the answer on in SPANGARD_CONFIGURATION; without it a recorder asks when it is
made, once a process.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = "OTEL_CONFIG_FILE"
ANSWER = "SPANGARD_CONFIGURATION"
"""What the file says, as JSON of variables: for processes below `spangard attach`."""
TIMEOUT_S = 20.0

_read: tuple[str, dict[str, str]] | None = None
"""Of this process: the file's name and what it says."""


class ConfigurationFileError(Exception):
    """The file cannot be used; the message is one sentence."""


def is_declared(environ: Mapping[str, str]) -> bool:
    return bool(environ.get(FILE, "").strip() or environ.get(ANSWER))


def declared(environ: Mapping[str, str], warn: Callable[[str], None]) -> dict[str, str]:
    """``environ`` with its file's variables for all of its own ``OTEL_`` ones, as the specification has it. Raises
    ConfigurationFileError.
    """
    result = {name: value for name, value in environ.items() if name != ANSWER and not name.startswith("OTEL_")}
    result.update(_variables(environ, warn))
    return result


def ignore(environ: Mapping[str, str]) -> None:
    """The file cannot be used, which is not to be found out again: from now on ``environ`` is what it says."""
    global _read
    _read = (_file(environ), {name: value for name, value in environ.items() if name.startswith("OTEL_")})


def _file(environ: Mapping[str, str]) -> str:
    return os.path.abspath(environ.get(FILE, "").strip())


def _variables(environ: Mapping[str, str], warn: Callable[[str], None]) -> dict[str, str]:
    global _read
    import json

    answer = environ.get(ANSWER)
    if answer:
        try:
            return {str(name): str(value) for name, value in json.loads(answer).items()}
        except (ValueError, AttributeError):
            raise ConfigurationFileError(f"{ANSWER} is not what spangard attach has set") from None
    file = _file(environ)
    if _read is None or _read[0] != file:
        said = _ask(file, environ)
        for line in said["warnings"]:
            warn(line)
        _read = (file, said["variables"])
    return dict(_read[1])


def _ask(file: str, environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    import json
    import subprocess

    from ._java import EngineUnavailableError, java_command

    try:
        done = subprocess.run(  # noqa: S603
            java_command("configuration", []),
            env={**environ, FILE: file},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (EngineUnavailableError, OSError, subprocess.SubprocessError) as error:
        raise ConfigurationFileError(f"{FILE} cannot be read without the engine: {error}") from None
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"{FILE}={file} cannot be read"]
        raise ConfigurationFileError(lines[-1].replace("spangard: ", "", 1))
    said: dict[str, dict[str, str]] = json.loads(done.stdout)
    return said
