# SPDX-FileCopyrightText: The spangard authors
# SPDX-License-Identifier: Apache-2.0
"""How a process under `spangard attach` tells that something is recorded: by a letter in a file of that attach."""

from __future__ import annotations

import os

ATTACHED = "_SPANGARD_ATTACHED"
"""The file's path, in the environment of CMD. Its name has it not among the settings that the engine is told."""
SERVER = b"s"
"""A server is loaded whose ASGI application is going to be recorded."""
RECORDS = b"r"
"""A recorder is made."""


def mark(letter: bytes) -> None:
    """Without effect where there is no attach, or nobody watches any more."""
    path = os.environ.get(ATTACHED)
    if not path:
        return
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        try:
            if os.fstat(file).st_size < 64:
                os.write(file, letter)
        finally:
            os.close(file)
    except Exception:  # also a test's tool that forbids writing in an event loop
        pass


def marks(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(64)
    except OSError:
        return b""
